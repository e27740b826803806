"""Completers: the model as the product uses it, and two baselines without a model.

A baseline puts a figure into perspective: what copying alone achieves is no merit of a model.
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
"""Returns a completion for a place."""

_TOKEN = re.compile(r"\w+|\n[ \t]*|[ \t]+|[^\w\s]")
_NGRAM = 5
_MAX_TOKENS = 64
_CACHE_WEIGHT = 4
"""Weight of counts from the file itself, relative to counts from other files."""


def model_completer(backend: Backend, settings: Settings) -> Completer:
    """Return a completer that uses the model as the product does, rules and filters included."""

    def write(place: Place) -> Insertion:
        snapshot = Snapshot(f"file:///{place.path}", place.path, place.prefix + place.suffix)
        multi_line: Literal["always", "never"] = "always" if place.kind is Kind.BLOCK else "never"
        context = CursorContext(snapshot, place.start, multi_line, "", "")
        answer = complete(context, backend, settings)
        return Insertion(answer.text or "", answer.end - answer.start if answer.text else 0)

    return write


def copy_completer(place: Place) -> Insertion:
    """Copy the text after the last other occurrence of the longest end of the prefix."""
    prefix, text = place.prefix, place.prefix + "\0" + place.suffix
    end = _end_of_longest_copy(text, prefix)
    if end is None:
        return Insertion("")
    return Insertion(_cut(text[end:].partition("\0")[0], place))


def _end_of_longest_copy(text: str, prefix: str) -> int | None:
    """Return the end of another occurrence of the longest possible end of `prefix`."""
    low, high, found = 1, len(prefix), None
    while low <= high:  # if a text occurs elsewhere, its ends do too
        middle = (low + high) // 2
        place = _newest_other(text, prefix[-middle:], len(prefix))
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
    """Return a 5-gram completer with back-off, trained on `texts` and the file of the place."""
    known = _Counts()
    for text in texts:
        known.count(_TOKEN.findall(text))
    cache = _Cache()

    def write(place: Place) -> Insertion:
        tokens = cache.update(place)
        tokens_out: list[str] = []
        while len(tokens_out) < _MAX_TOKENS and not _is_over("".join(tokens_out), place.kind):
            token = _likeliest([*tokens, *tokens_out], known, cache.counts)
            if token is None:
                break
            tokens_out.append(token)
        return Insertion(_cut("".join(tokens_out), place))

    return write


class _Counts:
    """Counts of the tokens that follow each n-gram."""

    def __init__(self) -> None:
        self.following: dict[tuple[str, ...], Counter[str]] = defaultdict(Counter)

    def count(self, tokens: Sequence[str], start: int = 0) -> None:
        """Count the tokens of a text from index `start` on."""
        for end in range(max(1, start), len(tokens)):
            for size in range(1, min(_NGRAM, end + 1)):
                self.following[tuple(tokens[end - size : end])][tokens[end]] += 1


class _Cache:
    """Counts of the file around a place, without the line of the cursor.

    During a replay, each keystroke is a new place in the same file: only new lines are counted.
    """

    def __init__(self) -> None:
        self.counts = _Counts()
        self._path, self._suffix = "", ""
        self._counted: list[str] = []

    def update(self, place: Place) -> list[str]:
        """Count the new tokens around a place; return the tokens before it."""
        lines = _TOKEN.findall(place.prefix[: place.prefix.rfind("\n") + 1].rstrip("\n"))
        is_same = (place.path, place.suffix) == (self._path, self._suffix)
        if not is_same or lines[: len(self._counted)] != self._counted:
            self.counts, self._counted = _Counts(), []
            self._path, self._suffix = place.path, place.suffix
            self.counts.count(_TOKEN.findall(place.suffix))
        self.counts.count(lines, len(self._counted))
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
    """Cut a text to one line without the line's suffix, or a block to the first blank line."""
    if place.kind is Kind.BLOCK:
        return text.partition("\n\n")[0]
    line, following = text.partition("\n")[0], place.suffix.partition("\n")[0]
    return line.partition(following)[0] if following else line
