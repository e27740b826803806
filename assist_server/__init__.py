"""A language server that hosts a code model in its own process."""

__version__ = "0.2.0"
