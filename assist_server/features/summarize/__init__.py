"""Summaries of selected text."""
