"""The state of a document at a request, and the parts of it that a model may see."""
