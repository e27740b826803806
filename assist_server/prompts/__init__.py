"""Prompts in the format of each model family, and instructions for chat models."""
