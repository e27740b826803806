"""Steps, optimisers, schedule, checkpoints, reports."""
