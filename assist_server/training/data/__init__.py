"""The training corpus: sources, licences, cleaning, split."""
