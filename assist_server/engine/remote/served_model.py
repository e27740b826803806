"""The differences between interfaces: encoding of text, requests, and reading of answers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from assist_server.engine.backend import ModelInfo
from assist_server.engine.request import FinishReason, GenerationRequest

_MIN_LOG_PROB = -100.0
"""One infinite value would make the mean infinite."""


@dataclass(frozen=True)
class Call:
    """A streamed request to a server."""

    path: str
    body: dict[str, Any]
    leading_text: str = ""
    """The end of the user's text that was not sent. Where the answer begins with it, it is not part
    of the generated text."""


@dataclass(frozen=True)
class Piece:
    """A piece of a streamed answer."""

    text: str = ""
    token_ids: tuple[int, ...] = ()
    log_probs: tuple[float, ...] = ()
    """Of each token; empty if the server does not say."""
    finish_reason: FinishReason | None = None


def log_prob_of(value: float | None) -> float:
    """Return a token's log-probability; a server's nothing or lowest number is an unlikely one."""
    return _MIN_LOG_PROB if value is None else min(0.0, max(_MIN_LOG_PROB, float(value)))


def literal(text: str) -> str:
    r"""Return a text as a literal of GBNF, which servers take: ASCII, or `\U` and 8 digits."""
    escaped = (
        character if character.isalnum() and character.isascii() else f"\\U{ord(character):08X}"
        for character in text
    )
    return f'"{"".join(escaped)}"'


class ServedModel(Protocol):
    """A model on a server, by its interface; every method may be called from any thread."""

    @property
    def info(self) -> ModelInfo:
        """Return the facts about the model."""
        ...

    def is_still_served(self) -> bool:
        """Ask the server whether it has this model; a server may be started with another one.

        Raises:
            ModelError: the server does not answer as it should.
        """
        ...

    def encode(self, text: str, client: str) -> list[int]:
        """Return the ids of a text, with the cache of a client."""
        ...

    def encode_chat(self, messages: Sequence[Mapping[str, str]], client: str) -> list[int]:
        """Return the ids of a conversation up to the answer."""
        ...

    def decode_prompt(self, ids: Sequence[int]) -> str:
        """Return a prompt as readable text, without asking the server."""
        ...

    def call(self, request: GenerationRequest) -> Call:
        """Return what to send for a request."""
        ...

    def read(self, event: Mapping[str, Any]) -> Piece:
        """Return the piece in an event of the stream.

        Raises:
            ValueError, TypeError, LookupError, AttributeError, ArithmeticError: the event has
                another form.
        """
        ...
