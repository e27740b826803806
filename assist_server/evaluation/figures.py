"""What is counted of completions, and how sure the figures are."""

import ast
import random
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rapidfuzz.distance import Levenshtein

from assist_server.evaluation.places import Place

_RESAMPLES = 1000
_INTERVAL = (0.025, 0.975)


@dataclass(frozen=True)
class Written:
    """What was written at a place: the text, and how many characters behind the cursor it took."""

    text: str
    replaced_chars: int = 0


@dataclass(frozen=True)
class Score:
    """One completion against what was missing."""

    is_exact: bool
    """The file is as it was."""
    similarity: float
    """1 less the edit distance, by the length of the longer text."""
    right_chars: float
    """Share of what was missing that was right before the first wrong character."""
    parses: bool
    """Whether the file is Python afterwards."""
    is_shown: bool
    """Whether there was a completion at all."""
    stopped_right: bool | None
    """Whether it ended where it should; None if it was wrong before."""


def score(place: Place, written: Written) -> Score:
    """Compare a completion with what was missing."""
    result = place.before + written.text + place.behind[written.replaced_chars :]
    # What was replaced and written again counts as if it had been left alone.
    kept = place.behind[: written.replaced_chars]
    text = written.text.removesuffix(kept) if kept else written.text
    wanted, text = place.missing.rstrip(), text.rstrip()
    agreed = _shared_chars(wanted, text)
    return Score(
        is_exact=text == wanted,
        similarity=Levenshtein.normalized_similarity(text, wanted),
        right_chars=agreed / len(wanted),
        parses=_parses(result),
        is_shown=bool(text),
        stopped_right=text == wanted if agreed == len(wanted) else None,
    )


def _shared_chars(one: str, other: str) -> int:
    """Length of the beginning that two texts share."""
    pairs = zip(one, other, strict=False)
    return next((i for i, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))


def _parses(text: str) -> bool:
    try:
        ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return False
    return True


@dataclass(frozen=True)
class Share:
    """A mean of values between 0 and 1, and the interval that holds it with 95 %."""

    mean: float
    low: float
    high: float
    count: int

    @classmethod
    def of(cls, values: Sequence[float], seed: int = 0) -> "Share | None":
        """By the bootstrap (Efron, 1979): as often as not, other places would have been chosen."""
        if not values:
            return None
        draw = random.Random(seed)  # noqa: S311 - repeatable, not secret
        count = len(values)
        means = sorted(sum(draw.choices(values, k=count)) / count for _ in range(_RESAMPLES))
        low, high = (means[round(share * (_RESAMPLES - 1))] for share in _INTERVAL)
        return cls(statistics.fmean(values), low, high, count)


FIGURES: dict[str, Callable[[Score], float | None]] = {
    "exact": lambda score: score.is_exact,
    "similarity": lambda score: score.similarity,
    "right characters": lambda score: score.right_chars,
    "parses": lambda score: score.parses,
    "shown": lambda score: score.is_shown,
    "stopped right": lambda score: score.stopped_right,
}
"""Each figure, and what a place contributes to it; None where it says nothing of it."""


def figures(scores: Sequence[Score]) -> dict[str, Share | None]:
    """All figures of some places."""
    values = {
        name: [float(value) for score in scores if (value := find(score)) is not None]
        for name, find in FIGURES.items()
    }
    return {name: Share.of(found) for name, found in values.items()}
