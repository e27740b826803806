"""Text to token ids, in the format that each family of models was trained on."""
