"""Scores of completions and of texts against references, and estimates with intervals.

Sources: Popović, "chrF: character n-gram F-score for automatic MT evaluation" (2015); Lin, "ROUGE:
A Package for Automatic Evaluation of Summaries" (2004). Both from 0 to 1.
"""

import ast
import random
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from assist_server.errors import InputError
from assist_server.evaluation.tasks import Place
from assist_server.syntax.languages import language_for
from assist_server.syntax.parser import SyntaxTree

try:
    from rapidfuzz.distance import Levenshtein
except ImportError as error:
    raise InputError(
        "evaluation and calibration need rapidfuzz; run pip install '.[eval]' in the repository"
    ) from error

_RESAMPLES = 1000
_INTERVAL = (0.025, 0.975)

_CHRF_LONGEST = 6
_CHRF_BETA = 2
"""Recall counts twice as much as precision."""

_WORD = re.compile(r"[a-z0-9]+")


@dataclass(frozen=True)
class Insertion:
    """A completion: the text, and the number of characters after the cursor that it replaces."""

    text: str
    replaced_chars: int = 0


@dataclass(frozen=True)
class Score:
    """The scores of one completion against the missing text."""

    is_exact: bool
    """The file equals the original."""
    similarity: float
    """1 minus the edit distance, relative to the longer text."""
    right_chars: float
    """Share of the missing text before the first wrong character."""
    parses: bool
    """True if the file parses with the completion."""
    is_shown: bool
    """True if there was a completion."""
    stopped_right: bool | None
    """True if it ended in the right place; None if it was wrong before that."""


def score(place: Place, written: Insertion) -> Score:
    """Compare a completion with the missing text."""
    result = place.prefix + written.text + place.suffix[written.replaced_chars :]
    # Text that was replaced by itself counts as not replaced.
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
    """Return the length of the common prefix of two texts."""
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
    """A mean, its 95 % interval by the bootstrap (Efron, 1979), and the number of values."""

    mean: float
    low: float
    high: float
    count: int

    @classmethod
    def of(cls, values: Sequence[float], seed: int = 0) -> "Estimate | None":
        """Return the mean of values; None without values."""
        return cls.ratio([(value, 1.0) for value in values], seed)

    @classmethod
    def ratio(cls, parts: Sequence[tuple[float, float]], seed: int = 0) -> "Estimate | None":
        """Return the ratio of the sums of a list of pairs; pairs are resampled as a whole."""
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


_FIGURES: dict[str, Callable[[Score], float | None]] = {
    "exact": lambda score: score.is_exact,
    "similarity": lambda score: score.similarity,
    "right characters": lambda score: score.right_chars,
    "parses": lambda score: score.parses,
    "shown": lambda score: score.is_shown,
    "stopped right": lambda score: score.stopped_right,
}
"""The figures and each one's value for a score; None if the score has no value."""


Figures = dict[str, Estimate | None]
"""The figures of one completer, by name."""


def figures(scores: Sequence[Score]) -> Figures:
    """Return all figures of some scores."""
    values = {
        name: [float(value) for score in scores if (value := find(score)) is not None]
        for name, find in _FIGURES.items()
    }
    return {name: Estimate.of(found) for name, found in values.items()}


def chrf(written: str, wanted: str) -> float:
    """Return chrF: the F-score of character n-grams up to six, without blanks."""
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
    """Return ROUGE-N: the F-score of n-grams of `size` words."""
    found, expected = _runs(_words(written), size), _runs(_words(wanted), size)
    if not found or not expected:
        return 0.0
    shared = (found & expected).total()
    return _f_score(shared / found.total(), shared / expected.total(), 1)


def rouge_l(written: str, wanted: str) -> float:
    """Return ROUGE-L: the F-score of the longest common subsequence of words."""
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
