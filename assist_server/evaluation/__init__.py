"""How good a model is at the work of this server: places to complete, figures, and baselines."""
