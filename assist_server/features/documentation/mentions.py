"""Entries about parameters that follow no convention, and new entries in the same form.

People write `- x: ...`, `` `x` - ... ``, `x (int) -- ...` or a name above an indented line, without
the title or tag of a convention. Parameters described like that are not missing.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from assist_server.features.documentation.layout import Line, Slot
from assist_server.features.documentation.phrases import PhraseKind, PhraseRequest
from assist_server.syntax.definition import Definition, Parameter

_HEAD = re.compile(
    r"(?P<margin>[\s/*!#;]*(?:--+\s*)?)(?P<bullet>(?:[-*+•]|\d+[.)])\s+)?"
    r"(?P<open>``?|\*\*(?=\w+\*\*)|__?(?=[a-zA-Z]\w*_:))?(?P<name>(?:\\?\*){0,2}\w+)"
    r"(?P<close>``?|\*\*|__?)?(?P<after>.*)"
)
_TAG = re.compile(r"[\s/*!#-]*[:@\\](?:t?param\w*|arg(?:ument)?|key(?:word)?|kwarg)\b(?P<rest>.*)")
_SEPARATOR = re.compile(
    r"\s*(?:\(.*?\)|\[.*?\]|\{.*?\})?(?P<mark>\s*(?::(?!:)|--?(?=\s)|[\u2013\u2014]|=>))"
)
_OPEN_TYPE = re.compile(r"\s+[(\[{][^)\]}]*$")
_WORD = re.compile(r"[\w$]+")


@dataclass(frozen=True)
class Mention:
    """The first line of a parameter's description."""

    name: str
    line: int
    head: re.Match[str] | None
    """The parts of the line; None for a tag."""

    @cached_property
    def is_decorated(self) -> bool:
        """Return whether the name has bullets or marks, or is not followed by a colon."""
        if self.head is None:
            return False
        mark = _SEPARATOR.match(self.head["after"])
        is_other = mark is not None and mark["mark"].strip() != ":"
        return bool(self.head["bullet"] or self.head["open"] or is_other)


def find_mentions(lines: Sequence[str], names: Collection[str]) -> tuple[Mention, ...]:
    """Return the first line about each of the names, in the order of the lines."""
    found: dict[str, Mention] = {}
    for number, line in enumerate(lines):
        below = lines[number + 1] if number + 1 < len(lines) else ""
        for name, head in _described(line, below, names):
            found.setdefault(name, Mention(name, number, head))
    return tuple(found.values())


def _described(
    line: str, below: str, names: Collection[str]
) -> list[tuple[str, re.Match[str] | None]]:
    if tag := _TAG.match(line):
        described = tag["rest"].partition(": ")[0] if tag["rest"].count(":") else tag["rest"]
        return [(name, None) for name in _WORD.findall(described)[:4] if name in names]
    head = _HEAD.match(line)
    name = head["name"].lstrip("\\*") if head else ""
    if head is None or name not in names:
        return []
    after = head["after"]
    is_term = not after.strip() and _deeper(below, line)
    is_entry = _SEPARATOR.match(after) or _OPEN_TYPE.match(after) or is_term
    return [(name, head)] if is_entry else []


def _deeper(below: str, line: str) -> bool:
    """Return whether the text of a line is indented further than that of another."""
    return bool(below.strip(" \t*/#-!")) and _column(below) > _column(line)


def _column(line: str) -> int:
    return len(line) - len(line.lstrip(" \t*/#!"))


def similar_entries(
    definition: Definition,
    missing: Collection[Parameter],
    mentions: Sequence[Mention],
    lines: Sequence[str],
) -> Iterator[tuple[int, tuple[Line, ...]]]:
    """Yield entries in the form of the existing ones, each with the line that it follows."""
    by_name = {one.name: one for one in mentions}
    groups: dict[int, list[Line]] = {}
    above = mentions[0]
    for parameter in definition.parameters:
        above = by_name.get(parameter.name, above)
        if parameter in missing:
            request = PhraseRequest(PhraseKind.PARAMETER, parameter.name, definition)
            last = _last_line(above, mentions, lines)
            groups.setdefault(last, []).extend(_imitate(above, lines, request))
    yield from ((line, tuple(written)) for line, written in groups.items())


def _last_line(mention: Mention, mentions: Sequence[Mention], lines: Sequence[str]) -> int:
    """Return the last line of a description: before the next one, a tag or an empty line."""
    others = {one.line for one in mentions}
    last = mention.line
    while last + 1 < len(lines) and last + 1 not in others:
        text = lines[last + 1].strip(" \t*/!#-")
        if not text or text[:1] in {"@", "\\", ":"}:
            break
        last += 1
    return last


def _imitate(mention: Mention, lines: Sequence[str], request: PhraseRequest) -> tuple[Line, ...]:
    """Return an entry for another parameter, in the form of an existing mention."""
    line, head = lines[mention.line], mention.head
    below = lines[mention.line + 1] if mention.line + 1 < len(lines) else ""
    if head is None:
        before, _, after = line.partition(mention.name)
        before = re.sub(r"\{.*\}\s*|\[.*?\]", "", before)
        mark = re.match(r"\s*[:\u2013\u2014-]?\s*", after)
        lead = f"{before}{request.subject}{mark[0] if mark else ' '}".rstrip() + " "
        return (Slot(request, lead, before),)
    before = f"{head['margin']}{head['bullet'] or ''}{head['open'] or ''}"
    named = f"{before}{request.subject}{head['close'] or ''}"
    separator = _SEPARATOR.match(head["after"])
    if separator is None:  # a name above its description
        lead = below[: _column(below)] if below.strip() else f"{head['margin']}    "
        return (named, Slot(request, lead, lead))
    hang = head["margin"] + " " * (len(head["bullet"] or "") or 2)
    return (Slot(request, f"{named}{separator['mark']} ", hang),)
