"""Lines of documentation with slots for phrases, which are filled one after the other.

The writer of a phrase gets the document as it will be around it.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from assist_server.features.documentation.name_phrases import name_phrase
from assist_server.features.documentation.phrases import PhraseRequest, Surroundings, clean
from assist_server.text.edits import TextEdit, apply_edits


@dataclass(frozen=True)
class Slot:
    """A line with a place for a phrase."""

    request: PhraseRequest
    lead: str
    """Text before the phrase, with the indentation."""
    hang: str
    """Start of the lines on which the phrase continues."""
    tail: str = ""
    """Text that closes the documentation after the phrase."""


Line = str | Slot


@dataclass(frozen=True)
class Insertion:
    """Lines that replace the characters from `start` up to `end`."""

    start: int
    end: int
    lines: tuple[Line, ...] = ()
    before: str = ""
    after: str = ""


@dataclass(frozen=True)
class Plan:
    """The insertions, and the names of described parameters that do not exist."""

    insertions: tuple[Insertion, ...]
    gone: tuple[str, ...] = ()


def has_words(written: str) -> bool:
    """Return whether documentation contains words; otherwise it is to be filled."""
    return re.search(r"[^\W_]", written) is not None


def without_indent(line: Line, indent: str) -> Line:
    """Return a first line without its indentation, which is already in the text."""
    if isinstance(line, Slot):
        return replace(line, lead=line.lead.removeprefix(indent))
    return line.removeprefix(indent)


def with_prefix(line: Line, prefix: str) -> Line:
    """Return a line with a prefix."""
    if isinstance(line, Slot):
        return replace(line, lead=prefix + line.lead)
    return prefix + line


def wrap(slot: Slot, phrase: str, width: int) -> list[str]:
    """Return the lines of a filled slot, no wider than `width` columns where words permit."""
    lines, current, is_first = [], slot.lead, True
    for word in phrase.split():
        extended = current + word if is_first else f"{current} {word}"
        if not is_first and _columns(extended) > width:
            lines.append(current)
            extended = slot.hang + word
        current, is_first = extended, False
    lines.append(current)
    if not slot.tail:
        return lines
    if len(lines) == 1 and _columns(current + slot.tail) <= width:
        return [current + slot.tail]
    return [*lines, slot.hang + slot.tail.lstrip()]


def _blank_out(lines: Iterable[Line]) -> list[str]:
    """Return the lines with empty slots."""
    return [line.lead + line.tail if isinstance(line, Slot) else line for line in lines]


def _columns(line: str) -> int:
    return len(line.expandtabs(8))


PhraseWriter = Callable[[str, str, PhraseRequest], str | None]
"""Called with the document before and after a phrase and the request; returns a text, or None.

Only the first line of an answer is used, and an unusable one is replaced.
"""


@dataclass
class Filling:
    """State of one piece of documentation while its phrases are written."""

    text: str
    write_phrase: PhraseWriter
    width: int
    path: str = ""
    model_phrases: int = 0
    fallback_phrases: int = 0
    _used: set[str] = field(default_factory=set)

    def fill(self, insertions: Sequence[Insertion]) -> tuple[TextEdit, ...]:
        """Return the edits of the insertions, in the order of the document."""
        edits: list[TextEdit] = []
        ordered = sorted(insertions, key=lambda one: (one.start, one.end))
        for index, insertion in enumerate(ordered):
            head = apply_edits(self.text[: insertion.start], edits)
            later = [self._skeleton(one) for one in ordered[index + 1 :]]
            tail = _apply_after(self.text, insertion.end, later)
            edits.append(self._fill_one(insertion, head, tail))
        return tuple(edits)

    @cached_property
    def _surroundings(self) -> Surroundings:
        return Surroundings(self.text, self.path)

    def _skeleton(self, insertion: Insertion) -> TextEdit:
        lines = "\n".join(_blank_out(insertion.lines))
        new_text = f"{insertion.before}{lines}{insertion.after}"
        return TextEdit(insertion.start, insertion.end, new_text)

    def _fill_one(self, insertion: Insertion, head: str, tail: str) -> TextEdit:
        done: list[str] = []
        for index, line in enumerate(insertion.lines):
            if not isinstance(line, Slot):
                done.append(line)
                continue
            prefix = head + insertion.before + "\n".join([*done, line.lead])
            below = [line.tail, *_blank_out(insertion.lines[index + 1 :])]
            suffix = "\n".join(below) + insertion.after + tail
            done += wrap(line, self._phrase(prefix, suffix, line.request), self.width)
        new_text = insertion.before + "\n".join(done) + insertion.after
        return TextEdit(insertion.start, insertion.end, new_text)

    def _phrase(self, prefix: str, suffix: str, request: PhraseRequest) -> str:
        phrase = clean(self.write_phrase(prefix, suffix, request), request, self._used)
        if phrase is None or self._surroundings.is_borrowed(phrase, request):
            self.fallback_phrases += 1
            phrase = name_phrase(request)
            self._used.add(phrase)
            return phrase
        self.model_phrases += 1
        self._used.add(phrase)
        return phrase


def _apply_after(text: str, start: int, edits: Sequence[TextEdit]) -> str:
    """Return the text from `start` on after edits that are all there."""
    moved = [TextEdit(one.start - start, one.end - start, one.new_text) for one in edits]
    return apply_edits(text[start:], moved)
