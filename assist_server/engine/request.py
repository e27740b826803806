"""What goes into the engine and what comes out of it: token ids in, chunks out."""

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import StrEnum

StopRule = Callable[[str], int | None]
"""Given the text generated so far: the length to keep if generation should end here, else None."""


class FinishReason(StrEnum):
    """Why a generation ended."""

    END_OF_TEXT = "end_of_text"  # the model's own end token
    STOP_RULE = "stop_rule"
    MAX_NEW_TOKENS = "max_new_tokens"
    CANCELLED = "cancelled"


class CancelToken:
    """A flag that another thread may raise; looked at between decoding steps."""

    __slots__ = ("_event", "_parent")

    def __init__(self, parent: "CancelToken | None" = None) -> None:
        """A new flag, down; it also counts as raised when its `parent` is."""
        self._event = threading.Event()
        self._parent = parent

    def cancel(self) -> None:
        """Ask for the end; safe from any thread, any number of times."""
        self._event.set()

    @property
    def is_cancelled(self) -> bool:
        """Whether the end was asked for."""
        return self._event.is_set() or (self._parent is not None and self._parent.is_cancelled)


@dataclass(frozen=True)
class Sampling:
    """How the next token is chosen: the likeliest at temperature 0, else drawn."""

    temperature: float = 0.0
    top_p: float = 1.0
    seed: int | None = None


@dataclass(frozen=True)
class GenerationRequest:
    """A prompt and the conditions under which to continue it."""

    prompt_ids: tuple[int, ...]
    max_new_tokens: int
    end_ids: frozenset[int] = frozenset()
    """Token ids that end the text; they are not part of it."""
    stop_rules: tuple[StopRule, ...] = ()
    sampling: Sampling = Sampling()
    cancel: CancelToken = field(default_factory=CancelToken)


@dataclass(frozen=True)
class Chunk:
    """A piece of generated text; the last one of a generation carries its finish reason.

    `text` is whole characters, possibly none. `kept_chars` on the last chunk is the length of the
    generation's text after its stop rule, None where no rule cut it.
    """

    text: str
    token_ids: tuple[int, ...] = ()
    log_probs: tuple[float, ...] = ()
    """Natural logarithm of each token's probability under the model, before sampling."""
    finish_reason: FinishReason | None = None
    kept_chars: int | None = None


@dataclass(frozen=True)
class Generation:
    """A finished generation."""

    text: str
    token_ids: tuple[int, ...]
    log_probs: tuple[float, ...]
    finish_reason: FinishReason

    @property
    def mean_log_prob(self) -> float | None:
        """Mean natural log-probability per token; None without tokens."""
        return sum(self.log_probs) / len(self.log_probs) if self.log_probs else None


def collect(chunks: Iterable[Chunk]) -> Generation:
    """Read chunks to the end and join them."""
    text = ""
    token_ids: list[int] = []
    log_probs: list[float] = []
    reason, kept_chars = FinishReason.CANCELLED, None
    for chunk in chunks:
        text += chunk.text
        token_ids += chunk.token_ids
        log_probs += chunk.log_probs
        if chunk.finish_reason is not None:
            reason, kept_chars = chunk.finish_reason, chunk.kept_chars
    return Generation(text[:kept_chars], tuple(token_ids), tuple(log_probs), reason)
