"""Lines of documentation with slots for phrases, which are filled one after the other.

The writer of a phrase gets the document as it will be around it.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from assist_server.features.documentation.phrases import (
    PhraseKind,
    PhraseRequest,
    Surroundings,
    clean,
    finish,
    placeholder,
)
from assist_server.features.documentation.plausibility import is_plausible
from assist_server.features.documentation.signature_diff import Change
from assist_server.syntax.facts.fact import Value
from assist_server.text.edits import TextEdit, apply_edits


@dataclass(frozen=True)
class Slot:
    """A line with a place for a phrase."""

    request: PhraseRequest
    lead: str
    """Text before the phrase, with the indentation; the last of its lines is continued."""
    hang: str
    """Start of the lines on which the phrase continues."""
    tail: str = ""
    """Text that closes the documentation after the phrase."""
    below: tuple[str, ...] = ()
    """Lines that belong to the same entry."""
    is_one_line: bool = False
    """True if a phrase has to fit on one line, as the summary of a docstring does."""


@dataclass(frozen=True)
class Title:
    """A line above entries, which is left out if there are none."""

    text: str


Line = str | Slot | Title


@dataclass(frozen=True)
class Insertion:
    """Lines that replace the characters from `start` up to `end`."""

    start: int
    end: int
    lines: tuple[Line, ...] = ()
    before: str = ""
    after: str = ""
    makes_room: bool = False
    """Whether it only prepares the place of another insertion."""


@dataclass(frozen=True)
class Plan:
    """The insertions, and how existing documentation differs from the signature."""

    insertions: tuple[Insertion, ...]
    change: Change | None = None
    """None for new documentation, and where the convention describes no parameters."""

    @property
    def gone(self) -> tuple[str, ...]:
        """Return the names of described parameters that do not exist."""
        return self.change.gone if self.change else ()


@dataclass(frozen=True)
class Telling:
    """The parts of a new comment outside its entries."""

    notes: tuple[str, ...] = ()
    """Sentences below the summary, in conventions without tags for what they say."""
    tells_result: bool = False
    """True if the result needs no entry: the summary states it, or the function never returns."""
    values: tuple[Value, ...] = ()
    """The values that a function of Lua returns; each has an entry."""


def has_words(written: str) -> bool:
    """Return whether documentation contains words; otherwise it is to be filled."""
    return re.search(r"[^\W_]", written) is not None


def without_indent(line: Line, indent: str) -> Line:
    """Return a first line without its indentation, which is already in the text."""
    if isinstance(line, Slot):
        return replace(line, lead=line.lead.removeprefix(indent))
    return line if isinstance(line, Title) else line.removeprefix(indent)


def with_prefix(line: Line, prefix: str) -> Line:
    """Return a line with a prefix."""
    if isinstance(line, Slot):
        return replace(line, lead=prefix + line.lead)
    return line if isinstance(line, Title) else prefix + line


# Code is not divided, and begins no line, where it could look like an entry.
_WORDS = re.compile(
    r"(?:`[^`]*`|\{@code [^}]*\}|C\{[^}]*\}|\S)+(?: (?=`|\{@code|C\{)(?:`[^`]*`|\{[^}]*\}|\S)+)*"
)


def wrap(slot: Slot, phrase: str, width: int) -> list[str]:
    """Return the lines of a filled slot, no wider than `width` columns where words permit."""
    *above, current = slot.lead.split("\n")
    lines, is_first = [], True
    for word in _WORDS.findall(phrase):
        extended = current + word if is_first else f"{current} {word}"
        if not is_first and _columns(extended) > width:
            lines.append(current)
            extended = slot.hang + word
        current, is_first = extended, False
    lines.append(current)
    if slot.tail and len(lines) == 1 and _columns(current + slot.tail) <= width:
        lines = [current + slot.tail]
    elif slot.tail:
        lines.append(slot.hang + slot.tail.lstrip())
    return [*above, *lines, *slot.below]


def _blank_out(lines: Iterable[Line]) -> list[str]:
    """Return the lines with empty slots."""
    texts: list[str] = []
    for line in lines:
        if isinstance(line, Slot):
            texts += [line.lead + line.tail, *line.below]
        else:
            texts.append(line.text if isinstance(line, Title) else line)
    return texts


def _columns(line: str) -> int:
    return len(line.expandtabs(8))


PhraseWriter = Callable[[str, str, PhraseRequest], str | None]
"""Called with the document before and after a phrase and the request; returns a text, or None.

Only the first line of an answer is used, and an unusable one is replaced.
"""


Knowledge = Callable[[PhraseRequest], str | None]
"""Called with a request; returns what is known from the source, with code between backticks."""


@dataclass
class Filling:
    """State of one piece of documentation while its phrases are written."""

    text: str
    write_phrase: PhraseWriter
    width: int
    path: str = ""
    know: Knowledge = lambda _: None
    know_little: Knowledge = lambda _: None
    """Asked where the model has nothing to say, either."""
    body: str = ""
    """The function, whose words a model's phrase has to use."""
    code_marks: tuple[str, str] = ("`", "`")
    keeps_unknown: bool = True
    """Whether what nobody knows gets a placeholder; else its entry is left out."""
    model_phrases: int = 0
    fact_phrases: int = 0
    placeholders: int = 0
    _used: set[str] = field(default_factory=set)

    def fill(self, insertions: Sequence[Insertion]) -> tuple[TextEdit, ...]:
        """Return the edits of the insertions, in the order of the document."""
        edits: list[TextEdit] = []
        room: list[TextEdit] = []
        ordered = sorted(insertions, key=lambda one: (one.start, one.end))
        for index, insertion in enumerate(ordered):
            head = apply_edits(self.text[: insertion.start], [*edits, *room])
            later = [self._skeleton(one) for one in ordered[index + 1 :]]
            tail = _apply_after(self.text, insertion.end, later)
            edit = self._fill_one(insertion, head, tail)
            if insertion.makes_room and edit is not None:
                room.append(edit)
            elif edit is not None:
                edits += [*room, edit]
                room = []
        return tuple(edits)

    @cached_property
    def _surroundings(self) -> Surroundings:
        return Surroundings(self.text, self.path)

    def _skeleton(self, insertion: Insertion) -> TextEdit:
        lines = "\n".join(_blank_out(insertion.lines))
        new_text = f"{insertion.before}{lines}{insertion.after}"
        return TextEdit(insertion.start, insertion.end, new_text)

    def _fill_one(self, insertion: Insertion, head: str, tail: str) -> TextEdit | None:
        """Return the edit of an insertion; None if nothing is left of its entries."""
        done, shown = _Lines(self.width), _Lines(self.width)  # what the model is shown has no gaps
        entries = 0
        for index, line in enumerate(insertion.lines):
            if not isinstance(line, Slot):
                done.add(line)
                shown.add(line)
                continue
            prefix = head + insertion.before + "\n".join([*shown.texts, *shown.titles, line.lead])
            below = [line.tail, *line.below, *_blank_out(insertion.lines[index + 1 :])]
            suffix = "\n".join(below) + insertion.after + tail
            phrase = self._phrase(prefix, suffix, line)
            shown.fill(line, phrase)
            filled = phrase or self._placeholder(line.request)
            done.fill(line, filled)
            entries += filled is not None
        if not entries and any(isinstance(line, Slot) for line in insertion.lines):
            return None
        new_text = insertion.before + "\n".join(done.texts) + insertion.after
        return TextEdit(insertion.start, insertion.end, new_text)

    def _phrase(self, prefix: str, suffix: str, slot: Slot) -> str | None:
        """Return what is known or what the model writes; None if neither can be used."""
        request = slot.request
        phrase = self._known(slot, self.know)
        if phrase is None and (written := self._written(prefix, suffix, request)):
            phrase = written if self._fits(slot, written) else None
            self.model_phrases += phrase is not None
        phrase = phrase or self._known(slot, self.know_little)
        if phrase is not None:
            self._used.add(phrase)
        return phrase

    def _known(self, slot: Slot, know: Knowledge) -> str | None:
        """Return what the source tells, if it fits."""
        known = know(slot.request)
        phrase = self._marked(finish(known, slot.request.form)) if known is not None else None
        if phrase is None or not self._fits(slot, phrase):
            return None
        self.fact_phrases += 1
        return phrase

    def _fits(self, slot: Slot, phrase: str) -> bool:
        open_slot = replace(slot, tail="", below=())
        lines = wrap(open_slot, phrase, self.width) if slot.is_one_line else []
        return len(lines) <= 1 + slot.lead.count("\n")

    def _placeholder(self, request: PhraseRequest) -> str | None:
        """Return the text for what nobody knows; None to leave the entry out."""
        self.placeholders += 1
        is_shown = self.keeps_unknown or request.kind is PhraseKind.SUMMARY
        return finish(placeholder(request.kind), request.form) if is_shown else None

    def _written(self, prefix: str, suffix: str, request: PhraseRequest) -> str | None:
        """Return the model's phrase, if it can be used."""
        phrase = clean(self.write_phrase(prefix, suffix, request), request, self._used)
        if phrase is None or self._surroundings.is_borrowed(phrase, request):
            return None
        return phrase if is_plausible(phrase, request, self.body) else None

    def _marked(self, phrase: str) -> str:
        """Return a phrase with the convention's marks around code."""
        opening, closing = self.code_marks
        return re.sub(r"`([^`]*)`", lambda found: f"{opening}{found[1]}{closing}", phrase)


class _Lines:
    """The lines of an insertion as they are filled, without titles that have no entries."""

    def __init__(self, width: int) -> None:
        self.texts: list[str] = []
        self.titles: list[str] = []
        """Titles whose first entry has not come yet."""
        self._width = width
        self._is_after_title = False

    def add(self, line: str | Title) -> None:
        """Add a line; a title replaces one above it that has no entries."""
        if isinstance(line, str):
            self.texts.append(line)
        else:
            self.titles = [*self.titles, line.text] if self._is_after_title else [line.text]
        self._is_after_title = isinstance(line, Title)

    def fill(self, slot: Slot, phrase: str | None) -> None:
        """Add an entry with its title; without a phrase, only what a summary begins with."""
        self._is_after_title = False
        if phrase is not None:
            self.texts += [*self.titles, *wrap(slot, phrase, self._width)]
            self.titles = []
        elif slot.request.kind is PhraseKind.SUMMARY:
            self.texts.append(slot.lead.rstrip())


def _apply_after(text: str, start: int, edits: Sequence[TextEdit]) -> str:
    """Return the text from `start` on after edits that are all there."""
    moved = [TextEdit(one.start - start, one.end - start, one.new_text) for one in edits]
    return apply_edits(text[start:], moved)
