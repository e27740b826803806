"""From the name of a model to an open backend: find, download, read, and keep."""
