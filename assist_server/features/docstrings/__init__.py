"""Docstrings and documentation comments as text: conventions, layout, phrases and checks."""
