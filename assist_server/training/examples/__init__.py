"""From documents to rows of token ids."""
