"""Training of a model from scratch, and fine-tuning on a repository (extra `train`)."""
