"""From what a model wrote to what may be shown: one small filter a file."""
