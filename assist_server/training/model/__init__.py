"""The network, its tokenizer, its initial weights, and the export."""
