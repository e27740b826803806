"""The ways in which a text becomes shorter."""
