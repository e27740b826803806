"""Tasks for a chat model: explain, rewrite, translate, implement and those that users add."""
