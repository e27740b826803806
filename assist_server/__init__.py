"""A language server that hosts a code model in its own process."""

__version__ = "0.1.0"
