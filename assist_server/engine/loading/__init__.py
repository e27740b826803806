"""Loading of models: locate, download, read, and share between clients."""
