"""Whoever completes: a model as the product asks it, and two baselines that know nothing.

A baseline says what a figure is worth: what can be had by copying alone is no merit of a model.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from typing import Literal

from assist_server.context.cursor import CursorContext
from assist_server.context.snapshot import Snapshot
from assist_server.engine.backend import Backend
from assist_server.evaluation.figures import Written
from assist_server.evaluation.places import Kind, Place
from assist_server.features.inline_completion import complete
from assist_server.settings import Settings

Writer = Callable[[Place], Written]
"""Completes at a place."""

_TOKEN = re.compile(r"\w+|\n[ \t]*|[ \t]+|[^\w\s]")
_NGRAM = 5
_MOST_TOKENS = 64
_CACHE_WEIGHT = 4
"""What was seen in the file itself counts for more than what was seen elsewhere."""


def model_writer(backend: Backend, settings: Settings) -> Writer:
    """The model as the product asks it, rules and filters included."""

    def write(place: Place) -> Written:
        snapshot = Snapshot(f"file:///{place.path}", place.path, place.before + place.behind)
        multi_line: Literal["always", "never"] = "always" if place.kind is Kind.BLOCK else "never"
        context = CursorContext(snapshot, place.start, multi_line, "", "")
        answer = complete(context, backend, settings)
        return Written(answer.text or "", answer.end - answer.start if answer.text else 0)

    return write


def copy_writer(place: Place) -> Written:
    """Copies what followed the last time that the longest end of the prefix stood in the file."""
    before, text = place.before, place.before + "\0" + place.behind
    end = _end_of_longest_copy(text, before)
    if end is None:
        return Written("")
    return Written(_cut(text[end:].partition("\0")[0], place))


def _end_of_longest_copy(text: str, before: str) -> int | None:
    """Offset behind the newest other place of the longest end of `before` that has one."""
    low, high, found = 1, len(before), None
    while low <= high:  # whatever occurs elsewhere, its own ends do too
        middle = (low + high) // 2
        place = _newest_other(text, before[-middle:], len(before))
        if place is None:
            high = middle - 1
        else:
            low, found = middle + 1, place + middle
    return found


def _newest_other(text: str, wanted: str, cursor: int) -> int | None:
    place = text.rfind(wanted, 0, cursor - 1)
    if place < 0:
        place = text.find(wanted, cursor)
    return place if place >= 0 else None


def ngram_writer(texts: Sequence[str]) -> Writer:
    """The likeliest next token by the last four, backing off to fewer; files of their own count."""
    known = _Counts()
    for text in texts:
        known.read(text)

    def write(place: Place) -> Written:
        cache = _Counts()
        cache.read(place.before)
        cache.read(place.behind)
        tokens = _TOKEN.findall(place.before)
        written: list[str] = []
        while len(written) < _MOST_TOKENS and not _is_over("".join(written), place.kind):
            token = _likeliest([*tokens, *written], known, cache)
            if token is None:
                break
            written.append(token)
        return Written(_cut("".join(written), place))

    return write


class _Counts:
    """How often each token followed each few others."""

    def __init__(self) -> None:
        self.following: dict[tuple[str, ...], Counter[str]] = defaultdict(Counter)

    def read(self, text: str) -> None:
        """Count a text."""
        tokens = _TOKEN.findall(text)
        for end in range(1, len(tokens)):
            for size in range(1, min(_NGRAM, end + 1)):
                self.following[tuple(tokens[end - size : end])][tokens[end]] += 1


def _likeliest(tokens: Sequence[str], known: _Counts, cache: _Counts) -> str | None:
    for size in range(_NGRAM - 1, 0, -1):
        context = tuple(tokens[-size:])
        counts = Counter(known.following.get(context, {}))
        for token, count in cache.following.get(context, {}).items():
            counts[token] += _CACHE_WEIGHT * count
        if counts:
            return counts.most_common(1)[0][0]
    return None


def _is_over(text: str, kind: Kind) -> bool:
    return kind is not Kind.BLOCK and "\n" in text


def _cut(text: str, place: Place) -> str:
    """One line up to what stands behind the cursor, or for a block those up to the first blank."""
    if place.kind is Kind.BLOCK:
        return text.partition("\n\n")[0]
    line, following = text.partition("\n")[0], place.behind.partition("\n")[0]
    return line.partition(following)[0] if following else line
