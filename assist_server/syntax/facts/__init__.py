"""Facts about a function from its source: errors, results, uses of parameters."""
