"""What is counted of completions, and how sure the figures are."""

import ast
import random
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rapidfuzz.distance import Levenshtein

from assist_server.evaluation.tasks import Place
from assist_server.syntax.languages import language_for
from assist_server.syntax.parser import SyntaxTree

_RESAMPLES = 1000
_INTERVAL = (0.025, 0.975)

_CHRF_LONGEST = 6
_CHRF_BETA = 2
"""What is missing counts twice as much as what is too much."""

_WORD = re.compile(r"[a-z0-9]+")


@dataclass(frozen=True)
class Insertion:
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
    """Whether the file can be parsed afterwards."""
    is_shown: bool
    """Whether there was a completion at all."""
    stopped_right: bool | None
    """Whether it ended where it should; None if it was wrong before."""


def score(place: Place, written: Insertion) -> Score:
    """Compare a completion with what was missing."""
    result = place.prefix + written.text + place.suffix[written.replaced_chars :]
    # What was replaced and written again counts as if it had been left alone.
    kept = place.suffix[: written.replaced_chars]
    text = written.text.removesuffix(kept) if kept else written.text
    wanted, text = place.missing.rstrip(), text.rstrip()
    agreed = _shared_chars(wanted, text)
    return Score(
        is_exact=text == wanted,
        similarity=Levenshtein.normalized_similarity(text, wanted),
        right_chars=agreed / len(wanted),
        parses=_parses(place.path, result),
        is_shown=bool(text),
        stopped_right=text == wanted if agreed == len(wanted) else None,
    )


def _shared_chars(one: str, other: str) -> int:
    """Length of the beginning that two texts share."""
    pairs = zip(one, other, strict=False)
    return next((i for i, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))


def _parses(path: str, text: str) -> bool:
    language = language_for(path=path)
    if language.grammar and language.id != "python":
        return not SyntaxTree(text, language).root.has_error
    try:
        ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return False
    return True


@dataclass(frozen=True)
class Estimate:
    """A mean, the interval that holds it with 95 %, and the number of things it is a mean of.

    Intervals are by the bootstrap (Efron, 1979): as often as not, others would have been chosen.
    """

    mean: float
    low: float
    high: float
    count: int

    @classmethod
    def of(cls, values: Sequence[float], seed: int = 0) -> "Estimate | None":
        """The mean of values; None where there are none."""
        return cls.ratio([(value, 1.0) for value in values], seed)

    @classmethod
    def ratio(cls, parts: Sequence[tuple[float, float]], seed: int = 0) -> "Estimate | None":
        """The sum of the first numbers by that of the second; a pair is drawn as a whole."""
        if not sum(whole for _, whole in parts):
            return None
        draw = random.Random(seed)  # noqa: S311 - repeatable, not secret
        resamples = (draw.choices(parts, k=len(parts)) for _ in range(_RESAMPLES))
        ratios = sorted(map(_ratio, resamples))
        low, high = (ratios[round(share * (_RESAMPLES - 1))] for share in _INTERVAL)
        return cls(_ratio(parts), low, high, len(parts))


def _ratio(parts: Sequence[tuple[float, float]]) -> float:
    whole = sum(whole for _, whole in parts)
    return sum(part for part, _ in parts) / whole if whole else 0.0


FIGURES: dict[str, Callable[[Score], float | None]] = {
    "exact": lambda score: score.is_exact,
    "similarity": lambda score: score.similarity,
    "right characters": lambda score: score.right_chars,
    "parses": lambda score: score.parses,
    "shown": lambda score: score.is_shown,
    "stopped right": lambda score: score.stopped_right,
}
"""Each figure, and what a place contributes to it; None where it says nothing of it."""


Figures = dict[str, Estimate | None]
"""What was found of one writer, by name."""


def figures(scores: Sequence[Score]) -> Figures:
    """All figures of some places."""
    values = {
        name: [float(value) for score in scores if (value := find(score)) is not None]
        for name, find in FIGURES.items()
    }
    return {name: Estimate.of(found) for name, found in values.items()}


def chrf(written: str, wanted: str) -> float:
    """F-score of runs of one to six characters, blanks left out."""
    one, other = "".join(written.split()), "".join(wanted.split())
    precisions, recalls = [], []
    for size in range(1, _CHRF_LONGEST + 1):
        found, expected = _runs(one, size), _runs(other, size)
        if found and expected:
            shared = (found & expected).total()
            precisions.append(shared / found.total())
            recalls.append(shared / expected.total())
    if not precisions:
        return 0.0
    count = len(precisions)
    return _f_score(sum(precisions) / count, sum(recalls) / count, _CHRF_BETA)


def rouge_n(written: str, wanted: str, size: int) -> float:
    """F-score of runs of `size` words."""
    found, expected = _runs(_words(written), size), _runs(_words(wanted), size)
    if not found or not expected:
        return 0.0
    shared = (found & expected).total()
    return _f_score(shared / found.total(), shared / expected.total(), 1)


def rouge_l(written: str, wanted: str) -> float:
    """F-score of the longest sequence of words that stands in both in the same order."""
    found, expected = _words(written), _words(wanted)
    if not found or not expected:
        return 0.0
    lengths = [0] * (len(expected) + 1)
    for word in found:
        diagonal = 0
        for place, other in enumerate(expected, start=1):
            above = lengths[place]
            lengths[place] = diagonal + 1 if word == other else max(above, lengths[place - 1])
            diagonal = above
    return _f_score(lengths[-1] / len(found), lengths[-1] / len(expected), 1)


def _words(text: str) -> list[str]:
    return _WORD.findall(text.lower())


def _runs(items: Sequence[str], size: int) -> Counter[tuple[str, ...]]:
    return Counter(tuple(items[n : n + size]) for n in range(len(items) - size + 1))


def _f_score(precision: float, recall: float, beta: float) -> float:
    if not precision and not recall:
        return 0.0
    return (1 + beta**2) * precision * recall / (beta**2 * precision + recall)
