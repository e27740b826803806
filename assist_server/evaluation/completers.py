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
from assist_server.evaluation.figures import Insertion
from assist_server.evaluation.tasks import Kind, Place
from assist_server.features.inline_completion import complete
from assist_server.settings import Settings

Completer = Callable[[Place], Insertion]
"""Completes at a place."""

_TOKEN = re.compile(r"\w+|\n[ \t]*|[ \t]+|[^\w\s]")
_NGRAM = 5
_MOST_TOKENS = 64
_CACHE_WEIGHT = 4
"""What was seen in the file itself counts for more than what was seen elsewhere."""


def model_completer(backend: Backend, settings: Settings) -> Completer:
    """The model as the product asks it, rules and filters included."""

    def write(place: Place) -> Insertion:
        snapshot = Snapshot(f"file:///{place.path}", place.path, place.prefix + place.suffix)
        multi_line: Literal["always", "never"] = "always" if place.kind is Kind.BLOCK else "never"
        context = CursorContext(snapshot, place.start, multi_line, "", "")
        answer = complete(context, backend, settings)
        return Insertion(answer.text or "", answer.end - answer.start if answer.text else 0)

    return write


def copy_completer(place: Place) -> Insertion:
    """Copies what followed the last time that the longest end of the prefix stood in the file."""
    before, text = place.prefix, place.prefix + "\0" + place.suffix
    end = _end_of_longest_copy(text, before)
    if end is None:
        return Insertion("")
    return Insertion(_cut(text[end:].partition("\0")[0], place))


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


def ngram_completer(texts: Sequence[str]) -> Completer:
    """The likeliest next token by the last four, backing off to fewer; files of their own count."""
    known = _Counts()
    for text in texts:
        known.read(_TOKEN.findall(text))
    cache = _Cache()

    def write(place: Place) -> Insertion:
        tokens = cache.read(place)
        written: list[str] = []
        while len(written) < _MOST_TOKENS and not _is_over("".join(written), place.kind):
            token = _likeliest([*tokens, *written], known, cache.counts)
            if token is None:
                break
            written.append(token)
        return Insertion(_cut("".join(written), place))

    return write


class _Counts:
    """How often each token followed each few others."""

    def __init__(self) -> None:
        self.following: dict[tuple[str, ...], Counter[str]] = defaultdict(Counter)

    def read(self, tokens: Sequence[str], start: int = 0) -> None:
        """Count the tokens of a text from a place on."""
        for end in range(max(1, start), len(tokens)):
            for size in range(1, min(_NGRAM, end + 1)):
                self.following[tuple(tokens[end - size : end])][tokens[end]] += 1


class _Cache:
    """Counts of the file around a place, but for the line that is being written.

    Where text is typed, a file is asked about at each key: only what is new is counted.
    """

    def __init__(self) -> None:
        self.counts = _Counts()
        self._path, self._behind = "", ""
        self._counted: list[str] = []

    def read(self, place: Place) -> list[str]:
        """Count what is new around a place; the tokens before it."""
        lines = _TOKEN.findall(place.prefix[: place.prefix.rfind("\n") + 1].rstrip("\n"))
        is_same = (place.path, place.suffix) == (self._path, self._behind)
        if not is_same or lines[: len(self._counted)] != self._counted:
            self.counts, self._counted = _Counts(), []
            self._path, self._behind = place.path, place.suffix
            self.counts.read(_TOKEN.findall(place.suffix))
        self.counts.read(lines, len(self._counted))
        self._counted = lines
        return _TOKEN.findall(place.prefix)


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
    line, following = text.partition("\n")[0], place.suffix.partition("\n")[0]
    return line.partition(following)[0] if following else line
