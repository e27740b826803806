"""Token ids in, chunks out: back ends, decoding, and the thread that owns the model."""
