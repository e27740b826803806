"""Decoding a prompt: prefix cache, token healing, drafts, sampling."""
