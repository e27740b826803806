"""Insertion of a text as a comment: its place, its form, and the proof that it is one."""
