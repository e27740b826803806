"""Docstrings in Python."""
