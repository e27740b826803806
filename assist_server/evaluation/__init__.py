"""Evaluation of models at this server's tasks: places to complete, figures, and baselines."""
