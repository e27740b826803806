"""The network, its tokenizer, where its weights come from, and how it is exported."""
