"""Filters between the model's text and the text that is shown: one small filter a file."""
