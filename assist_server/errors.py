"""Errors that the user can fix.

AssistError                 base class; the message says what to do
├── InputError              a file, position or argument that cannot be used
└── ModelError              a model that cannot be found, loaded or run
    ├── ModelLoadingError   the model is not loaded yet
    └── ModelServerError    the server that runs the model cannot be used now
"""


def printable(text: str) -> str:
    """Return a text on one line, with control and invisible characters escaped."""
    return "".join(
        character if character.isprintable() else ascii(character)[1:-1] for character in text
    )


class AssistError(Exception):
    """Error with a message of one sentence: the problem and the remedy."""

    def __str__(self) -> str:
        return printable(super().__str__())


class InputError(AssistError):
    """A file, position or argument is invalid."""


class ModelError(AssistError):
    """A model cannot be found, loaded or run."""


class ModelLoadingError(ModelError):
    """The model was not loaded within the time that the caller waited."""


class ModelServerError(ModelError):
    """The server that runs the model cannot be used now; it is tried again."""
