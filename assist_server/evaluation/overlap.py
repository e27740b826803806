"""How much two texts share: chrF for phrases, ROUGE for summaries.

Sources: Popović, "chrF: character n-gram F-score for automatic MT evaluation" (2015); Lin, "ROUGE:
A Package for Automatic Evaluation of Summaries" (2004). Both from 0 to 1.
"""

import re
from collections import Counter
from collections.abc import Sequence

_CHRF_LONGEST = 6
_CHRF_BETA = 2
"""What is missing counts twice as much as what is too much."""

_WORD = re.compile(r"[a-z0-9]+")


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
