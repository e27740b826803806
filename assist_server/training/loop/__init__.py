"""The training loop: steps, optimisers, schedule, checkpoints, reports."""
