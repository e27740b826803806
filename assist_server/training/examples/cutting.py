"""Cutting documents into examples: a prefix, a middle that fills a hole, and a suffix.

A document is divided into pieces of about a context's length, and most pieces get a hole. Pieces
and holes are drawn again in every epoch, so no example is repeated; they depend on the seed, the
epoch and the document only. Sources: Bavarian et al., "Efficient Training of Language Models to
Fill in the Middle" (2022); Gong et al., "Structure-Aware Fill-in-the-Middle" (2025).
"""

import json
import math
import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from functools import cached_property
from types import MappingProxyType

from assist_server.syntax.definition import Span
from assist_server.syntax.documentation import documented, module_documentation
from assist_server.syntax.languages import language_for
from assist_server.syntax.parser import SyntaxTree
from assist_server.syntax.tree_walk import ancestors
from assist_server.text.identifiers import healing_start
from assist_server.training.data.documents import Document

_LONGEST_MIDDLE_CHARS = 768
_MAX_LINES = 6
_ONE_LINE = 0.4
"""Share of holes of whole lines that are one line, the most frequent request."""
_OF_MODULE = 0.3
"""Share of documentation holes that are the file's documentation, if the piece contains it."""
_NOT_INDENTED = 0.15
_TRIES = 4


class Layout(Enum):
    """The order of the parts of an example."""

    SUFFIX_FIRST = auto()
    """As in the template `assist`: the middle follows the prefix directly."""
    PREFIX_FIRST = auto()
    LEFT_TO_RIGHT = auto()
    """Without a hole."""
    CHAT = auto()
    """The prefix is a request, the middle its answer."""


class Hole(Enum):
    """The ways to choose the place and the length of a hole."""

    REST_OF_LINE = auto()
    NODE = auto()
    LINES = auto()
    CHARACTERS = auto()
    IDENTIFIER = auto()
    """From inside a name to the end of its line."""
    DOCSTRING = auto()
    """The first line or all of the documentation of a definition or a file: a docstring, or a
    comment in other languages."""
    NEW_LINE = auto()
    """Whole lines from column 0, with their indentation."""


@dataclass(frozen=True)
class Mixture:
    """The probabilities of the kinds of examples."""

    infilling: float = 0.85
    """Share of pieces with a hole."""
    prefix_first: float = 0.0
    """Share of holes with the prefix first."""
    without_suffix: float = 0.12
    """Share of holes with an empty suffix, as at the end of a file in progress."""
    token_boundary: float = 0.15
    """Share of holes with a token boundary between prefix and middle."""
    whole_pieces: float = 0.5
    """Share of pieces as long as the context; the others are shorter."""
    holes: Mapping[Hole, float] = field(
        default_factory=lambda: MappingProxyType({
            Hole.REST_OF_LINE: 0.27,
            Hole.NODE: 0.24,
            Hole.LINES: 0.13,
            Hole.CHARACTERS: 0.08,
            Hole.IDENTIFIER: 0.12,
            Hole.DOCSTRING: 0.1,
            Hole.NEW_LINE: 0.06,
        })
    )  # fmt: skip


@dataclass(frozen=True)
class Example:
    """A piece of a document, divided into parts."""

    path: str
    prefix: str
    middle: str
    suffix: str
    layout: Layout
    is_end: bool
    """Whether an end token follows: that of the hole, or of the document."""
    has_token_boundary: bool = False
    """Whether prefix and middle are tokenized separately, though they are adjacent.

    Usually the text across the cursor is tokenized as one, as with token healing; sometimes it is
    not, as a cursor may be anywhere.
    """
    learns_all: bool = True
    """Whether the surroundings are learned, too, or only the middle."""

    @property
    def text(self) -> str:
        """Return the text of the piece."""
        return self.prefix + self.middle + self.suffix


def cut(
    document: Document, seed: int, epoch: int, piece_chars: int, mixture: Mixture
) -> Iterator[Example]:
    """Yield the examples of a document in an epoch; their texts join to the document's text."""
    rng = random.Random(f"{seed}:{epoch}:{document.origin.sha256}")  # noqa: S311 - no secret
    if document.origin.kind == "pair":
        yield _pair(document)
    elif document.origin.kind == "answer":
        yield _answer(document)
    else:
        yield from _Cutter(document, rng, piece_chars, mixture).examples()


def _pair(document: Document) -> Example:
    """Return a pair as an example: the short text fills the hole before the long one."""
    short, line_end, long = document.text.partition("\n")
    return Example(
        document.origin.path,
        "",
        short,
        line_end + long,
        Layout.SUFFIX_FIRST,
        is_end=True,
        has_token_boundary=True,
        learns_all=False,
    )


def _answer(document: Document) -> Example:
    """Return a request and its answer, which are the values of a JSON object, as an example."""
    content = json.loads(document.text)
    return Example(
        document.origin.path,
        content["request"],
        content["answer"],
        "",
        Layout.CHAT,
        is_end=True,
        has_token_boundary=True,
        learns_all=False,
    )


class _Cutter:
    """The cutting of one document in one epoch."""

    def __init__(
        self, document: Document, rng: random.Random, piece_chars: int, mixture: Mixture
    ) -> None:
        self._path, self._text = document.origin.path, document.text
        self._rng, self._piece_chars, self._mixture = rng, piece_chars, mixture
        self._choosers: Mapping[Hole, Callable[[int, int], Span | None]] = {
            Hole.REST_OF_LINE: self._rest_of_line,
            Hole.NODE: self._node,
            Hole.LINES: self._lines,
            Hole.CHARACTERS: self._characters,
            Hole.IDENTIFIER: self._identifier,
            Hole.DOCSTRING: self._docstring,
            Hole.NEW_LINE: self._new_line,
        }

    def examples(self) -> Iterator[Example]:
        start, end_of_text = 0, len(self._text)
        is_first = True
        while start < end_of_text:
            end = self._piece_end(start, is_first=is_first)
            example = self._example(start, end)
            yield example
            start += len(example.text)
            is_first = False

    def _piece_end(self, start: int, *, is_first: bool) -> int:
        chars = self._piece_chars
        if self._rng.random() >= self._mixture.whole_pieces:
            chars = self._log_uniform(chars // 16 + 1, chars)
        elif is_first and len(self._text) > chars:
            # Otherwise pieces would end in the same places in every epoch.
            chars = self._rng.randint(chars // 4 + 1, chars)
        end = start + chars
        if end >= len(self._text):
            return len(self._text)
        return self._text.rfind("\n", start + chars // 2, end) + 1 or end

    def _example(self, start: int, end: int) -> Example:
        text, rng, mixture = self._text, self._rng, self._mixture
        hole = self._hole(start, end) if rng.random() < mixture.infilling else None
        if hole is None:
            is_end = end == len(text)
            return Example(self._path, text[start:end], "", "", Layout.LEFT_TO_RIGHT, is_end)
        if rng.random() < mixture.without_suffix:
            end = hole.end
        is_prefix_first = rng.random() < mixture.prefix_first
        return Example(
            self._path,
            text[start : hole.start],
            text[hole.start : hole.end],
            text[hole.end : end],
            Layout.PREFIX_FIRST if is_prefix_first else Layout.SUFFIX_FIRST,
            is_end=True,
            has_token_boundary=rng.random() < mixture.token_boundary,
        )

    def _hole(self, start: int, end: int) -> Span | None:
        kinds, weights = zip(*self._mixture.holes.items(), strict=True)
        for _ in range(_TRIES):
            (kind,) = self._rng.choices(kinds, weights)
            span = self._choosers[kind](start, end)
            if span is not None and start <= span.start < span.end <= end:
                return span
        return None

    # The kinds of holes; each returns None if it finds no place

    def _rest_of_line(self, start: int, end: int) -> Span | None:
        place = self._visible_place(start, end)
        return None if place is None else Span(place, self._line_end(place, end))

    def _node(self, start: int, end: int) -> Span | None:
        place = self._visible_place(start, end)
        if place is None or self._tree is None:
            return None
        limit = self._log_uniform(4, _LONGEST_MIDDLE_CHARS)
        best = None
        for node in ancestors(self._tree.node_at(place, place + 1)):
            span = Span(self._tree.start(node), self._tree.end(node))
            if span.end - span.start > limit or span.start < start or span.end > end:
                break
            best = span
        return best

    def _lines(self, start: int, end: int) -> Span | None:
        place = self._visible_place(start, end)
        if place is None:
            return None
        first = max(start, self._text.rfind("\n", start, place) + 1)
        if self._rng.random() < 0.5:
            first += len(self._text[first:place]) - len(self._text[first:place].lstrip())
        return Span(first, self._lines_end(place, first, end))

    def _characters(self, start: int, end: int) -> Span | None:
        first = self._rng.randint(start, end - 1)
        return Span(first, min(end, first + self._log_uniform(1, _LONGEST_MIDDLE_CHARS)))

    def _identifier(self, start: int, end: int) -> Span | None:
        for _ in range(_TRIES):
            place = self._visible_place(start, end)
            if place is not None and healing_start(self._text[max(start, place - 64) : place]):
                return Span(place, self._line_end(place, end))
        return None

    def _docstring(self, start: int, end: int) -> Span | None:
        inside = [span for span in self._docstrings if start <= span.start and span.end <= end]
        if not inside:
            return None
        module = self._module_documentation
        is_of_module = module in inside and self._rng.random() < _OF_MODULE
        span = module if module is not None and is_of_module else self._rng.choice(inside)
        if self._rng.random() < 0.5:
            return span
        return Span(span.start, self._line_end(span.start, span.end))

    def _new_line(self, start: int, end: int) -> Span | None:
        for _ in range(_TRIES):
            place = self._visible_place(start, end)
            if place is None:
                return None
            first = self._text.rfind("\n", start, place) + 1
            is_indented = self._text[first : first + 1].isspace()
            # Mostly indented lines, from which indentation is learned, and some others.
            if first > start and (is_indented or self._rng.random() < _NOT_INDENTED):
                return Span(first, self._lines_end(place, first, end))
        return None

    # Parts of the above

    @cached_property
    def _tree(self) -> SyntaxTree | None:
        language = language_for(path=self._path)
        return SyntaxTree(self._text, language) if language.grammar else None

    @cached_property
    def _docstrings(self) -> list[Span]:
        """Return the spans of documentation, without quotes or comment marks."""
        if self._tree is None:
            return []
        module = self._module_documentation
        found = {*documented(self._tree), *([module] if module else [])}
        short = (span for span in found if span.end - span.start <= _LONGEST_MIDDLE_CHARS)
        return sorted(short, key=lambda span: span.start)

    @cached_property
    def _module_documentation(self) -> Span | None:
        return None if self._tree is None else module_documentation(self._tree)

    def _visible_place(self, start: int, end: int) -> int | None:
        """Return a random place before a visible character; None if none is found."""
        for _ in range(_TRIES):
            place = self._rng.randint(start, end - 1)
            if not self._text[place].isspace():
                return place
        return None

    def _lines_end(self, place: int, first: int, end: int) -> int:
        """Return the end of the line of a place, or of one of the next lines."""
        last = place
        is_one = self._rng.random() < _ONE_LINE
        for _ in range(0 if is_one else self._rng.randint(1, _MAX_LINES - 1)):
            following = self._line_end(last, end) + 1
            if following >= end or following - first > _LONGEST_MIDDLE_CHARS:
                break
            last = following
        return self._line_end(last, end)

    def _line_end(self, place: int, end: int) -> int:
        found = self._text.find("\n", place, end)
        return end if found < 0 else found

    def _log_uniform(self, least: int, most: int) -> int:
        return round(math.exp(self._rng.uniform(math.log(least), math.log(max(least, most)))))
