"""Training a model from nothing, and further training on one's own code (extra `train`)."""
