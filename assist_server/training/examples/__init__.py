"""Conversion of documents to training windows of token ids."""
