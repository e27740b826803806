"""The corpus: sources, licences, cleaning, split."""
