"""The forward passes, and the selection of one for a model and a machine."""
