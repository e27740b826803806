"""Positions, edits, line ends and indentation of plain text; standard library only."""
