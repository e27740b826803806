"""Summaries against those that people wrote, beside two ways that need no model."""

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from assist_server.context.snapshot import Snapshot
from assist_server.engine.backend import Backend
from assist_server.errors import InputError
from assist_server.evaluation.figures import Estimate, Figures, rouge_l, rouge_n
from assist_server.features.summaries.work import Selection
from assist_server.features.summarize import summarize
from assist_server.settings import Settings

_DAMPING, _ROUNDS = 0.85, 50
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?=\S)|\n\s*\n")
_WORD = re.compile(r"\w+")

Summarizer = Callable[[str], str]
"""Makes a short text of a long one."""


@dataclass(frozen=True)
class Pair:
    """A long text, and the short one that people wrote about it."""

    long: str
    short: str


def product_summarizer(backend: Backend, settings: Settings) -> Summarizer:
    """What the product says of a text."""

    def write(text: str) -> str:
        selection = Selection(Snapshot("file:///text.txt", "text.txt", text), 0, len(text))
        try:
            return summarize(selection, backend, settings).markdown
        except InputError:
            return ""  # nothing shorter is to be had

    return write


def lead(text: str) -> str:
    """The first sentence ("Lead-1"): hard to beat where people begin with what matters."""
    return _sentences(text)[0]


def text_rank(text: str) -> str:
    """The sentence that shares most with the others.

    Source: Mihalcea and Tarau, "TextRank: Bringing Order into Texts" (2004).
    """
    sentences = _sentences(text)
    words = [set(_WORD.findall(sentence.lower())) for sentence in sentences]
    ties = [[_tie(one, other) * (one is not other) for other in words] for one in words]
    totals = [sum(row) or 1.0 for row in ties]
    ranks = [1.0] * len(sentences)
    for _ in range(_ROUNDS):
        ranks = [
            1 - _DAMPING + _DAMPING * sum(
                tie * rank / total for tie, rank, total in zip(row, ranks, totals, strict=True)
            )
            for row in ties
        ]  # fmt: skip
    return sentences[max(range(len(ranks)), key=ranks.__getitem__)]


def rate_summaries(write: Summarizer, pairs: Sequence[Pair]) -> Figures:
    """ROUGE of summaries."""
    written = [(write(pair.long), pair.short) for pair in pairs]
    return {
        "ROUGE-1": Estimate.of([rouge_n(text, short, 1) for text, short in written]),
        "ROUGE-2": Estimate.of([rouge_n(text, short, 2) for text, short in written]),
        "ROUGE-L": Estimate.of([rouge_l(text, short) for text, short in written]),
    }


def _sentences(text: str) -> list[str]:
    return [" ".join(part.split()) for part in _SENTENCE_END.split(text) if part.strip()] or [""]


def _tie(one: set[str], other: set[str]) -> float:
    if len(one) < 2 or len(other) < 2:
        return 0.0
    return len(one & other) / (math.log(len(one)) + math.log(len(other)))
