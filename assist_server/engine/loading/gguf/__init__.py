"""Models in GGUF files: header, architectures, tokenizer and weights."""
