"""Positions, edits and indentation of plain text; standard library only."""
