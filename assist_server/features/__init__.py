"""Completion, documentation and summaries, in plain values without the protocol."""
