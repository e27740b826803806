"""One forward pass a file, and which one a machine uses."""
