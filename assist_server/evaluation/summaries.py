"""Summaries compared with human ones, by the product and by two baselines without a model."""

import math
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from assist_server.context.selection import Selection
from assist_server.context.snapshot import Snapshot
from assist_server.engine.backend import Backend
from assist_server.errors import InputError
from assist_server.evaluation.documentation import SECONDS
from assist_server.evaluation.figures import Estimate, Figures, rouge_l, rouge_n
from assist_server.evaluation.word_checks import has_loop, is_echo, unsupported
from assist_server.features.summarize.summarize import summarize
from assist_server.settings import Settings

_DAMPING, _ROUNDS = 0.85, 50
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?=\S)|\n\s*\n")
_WORD = re.compile(r"\w+")

Summarizer = Callable[[str], str]
"""Returns a short text for a long one."""


@dataclass(frozen=True)
class Pair:
    """A long text and its human summary."""

    long: str
    short: str


def product_summarizer(backend: Backend, settings: Settings) -> Summarizer:
    """Return a summarizer that uses the product."""

    def write(text: str) -> str:
        selection = Selection(Snapshot("file:///text.txt", "text.txt", text), 0, len(text))
        try:
            return summarize(selection, backend, settings).markdown
        except InputError:
            return ""  # no shorter text was found

    return write


def lead(text: str) -> str:
    """Return the first sentence ("Lead-1"), a strong baseline."""
    return _sentences(text)[0]


def text_rank(text: str) -> str:
    """Return the sentence that is most similar to the others.

    Source: Mihalcea and Tarau, "TextRank: Bringing Order into Texts" (2004).
    """
    sentences = _sentences(text)
    words = [set(_WORD.findall(sentence.lower())) for sentence in sentences]
    similarities = [
        [_similarity(one, other) * (one is not other) for other in words] for one in words
    ]
    totals = [sum(row) or 1.0 for row in similarities]
    ranks = [1.0] * len(sentences)
    for _ in range(_ROUNDS):
        ranks = [
            1 - _DAMPING + _DAMPING * sum(
                value * rank / total for value, rank, total in zip(row, ranks, totals, strict=True)
            )
            for row in similarities
        ]  # fmt: skip
    return sentences[max(range(len(ranks)), key=ranks.__getitem__)]


def rate_summaries(write: Summarizer, pairs: Sequence[Pair]) -> Figures:
    """Return the ROUGE figures of summaries, and the shares of those that are not to be trusted."""
    start = time.monotonic()
    written = [(write(pair.long), pair.short) for pair in pairs]
    seconds = (time.monotonic() - start) / max(1, len(pairs))
    texts = [(text, pair.long) for (text, _), pair in zip(written, pairs, strict=True)]
    return {
        "ROUGE-1": Estimate.of([rouge_n(text, short, 1) for text, short in written]),
        "ROUGE-2": Estimate.of([rouge_n(text, short, 2) for text, short in written]),
        "ROUGE-L": Estimate.of([rouge_l(text, short) for text, short in written]),
        "refused": Estimate.of([float(not text) for text, _ in written]),
        "unsupported": Estimate.of([float(bool(unsupported(*one))) for one in texts]),
        "loops": Estimate.of([float(has_loop(text)) for text, _ in texts]),
        "echo": Estimate.of([float(is_echo(*one)) for one in texts]),
        SECONDS: Estimate.of([seconds]),
    }


def _sentences(text: str) -> list[str]:
    return [" ".join(part.split()) for part in _SENTENCE_END.split(text) if part.strip()] or [""]


def _similarity(one: set[str], other: set[str]) -> float:
    if len(one) < 2 or len(other) < 2:
        return 0.0
    return len(one & other) / (math.log(len(one)) + math.log(len(other)))
