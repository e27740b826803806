"""Text generation: backends, decoding, and the thread that owns the model."""
