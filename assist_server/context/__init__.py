"""What the model may see of a document, taken once per request and frozen."""
