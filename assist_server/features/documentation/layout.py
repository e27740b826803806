"""Lines of a documentation, some with a place for a phrase, and their wrapping."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from assist_server.features.documentation.phrases import PhraseRequest


@dataclass(frozen=True)
class Slot:
    """A line that a phrase goes into."""

    request: PhraseRequest
    lead: str
    """What stands before the phrase, indentation included."""
    hang: str
    """What the lines begin with on which the phrase goes on."""
    tail: str = ""
    """What closes the documentation behind the phrase."""


Line = str | Slot


@dataclass(frozen=True)
class Insertion:
    """Lines that take the place of the characters from `start` up to `end`."""

    start: int
    end: int
    lines: tuple[Line, ...] = ()
    before: str = ""
    after: str = ""


@dataclass(frozen=True)
class Plan:
    """What is to be inserted, and the names of described parameters that do not exist."""

    insertions: tuple[Insertion, ...]
    gone: tuple[str, ...] = ()


def has_words(written: str) -> bool:
    """Return whether documentation says anything; if not, it is a place to fill."""
    return re.search(r"[^\W_]", written) is not None


def without_indent(line: Line, indent: str) -> Line:
    """Return a first line as it is where its indentation is there already."""
    if isinstance(line, Slot):
        return replace(line, lead=line.lead.removeprefix(indent))
    return line.removeprefix(indent)


def with_prefix(line: Line, prefix: str) -> Line:
    """Return a line with something before it."""
    if isinstance(line, Slot):
        return replace(line, lead=prefix + line.lead)
    return prefix + line


def wrap(slot: Slot, phrase: str, width: int) -> list[str]:
    """The lines that a filled slot makes, none wider than `width` columns where words allow it."""
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


def blank_out(lines: Iterable[Line]) -> list[str]:
    """The lines with every slot still empty."""
    return [line.lead + line.tail if isinstance(line, Slot) else line for line in lines]


def _columns(line: str) -> int:
    return len(line.expandtabs(8))
