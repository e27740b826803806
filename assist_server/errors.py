"""Errors that a person can act on.

AssistError                 anything below; its message says what to do
├── InputError              a file, position or argument that cannot be used
└── ModelError              a model that cannot be found, read or run
    └── ModelLoadingError   the model is still on its way
"""


class AssistError(Exception):
    """One sentence for a person: what is wrong and what to do about it."""


class InputError(AssistError):
    """A file, position or argument cannot be used."""


class ModelError(AssistError):
    """A model cannot be found, read or run."""


class ModelLoadingError(ModelError):
    """The model was not ready within the time that the caller wanted to wait."""
