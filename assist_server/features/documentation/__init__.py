"""Documentation of functions and classes: conventions, phrases, edits and their checks."""
