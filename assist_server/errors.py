"""Errors that a person can act on.

AssistError                 anything below; its message says what to do
├── InputError              a file, position or argument that cannot be used
└── ModelError              a model that cannot be found, read or run
    └── ModelLoadingError   the model is still on its way
"""


def printable(text: str) -> str:
    """Return a text on one line, with all that a terminal would obey or not show spelled out."""
    return "".join(
        character if character.isprintable() else ascii(character)[1:-1] for character in text
    )


class AssistError(Exception):
    """One sentence for a person: what is wrong and what to do about it."""

    def __str__(self) -> str:
        return printable(super().__str__())


class InputError(AssistError):
    """A file, position or argument cannot be used."""


class ModelError(AssistError):
    """A model cannot be found, read or run."""


class ModelLoadingError(ModelError):
    """The model was not ready within the time that the caller wanted to wait."""
