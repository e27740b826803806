"""The parts of an existing docstring: lines, sections and entries."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from assist_server.syntax.definition import Span
from assist_server.text.indentation import leading_whitespace

_LITERAL = re.compile(
    r"""(?P<prefix>[rRuU]?)(?P<quotes>\"{3}|'{3}|"|')"""
    r"""(?P<content>(?:\\.|(?!(?P=quotes)).)*)(?P=quotes)""",
    re.DOTALL,
)


class Role(StrEnum):
    """Subject of a section."""

    PARAMETERS = "parameters"
    ATTRIBUTES = "attributes"
    RETURNS = "returns"
    YIELDS = "yields"
    RAISES = "raises"
    OTHER = "other"


@dataclass(frozen=True)
class Entry:
    """Description of one thing, or of several at once, on lines `first` to `last`."""

    names: tuple[str, ...]
    first: int
    last: int
    is_type: bool = False
    """Whether it only gives the type (`:type name: int`)."""


@dataclass(frozen=True)
class Section:
    """Lines from `first` (the title, if there is one) to `last`."""

    role: Role
    first: int
    last: int
    entries: tuple[Entry, ...] = ()
    title_lines: int = 0


@dataclass(frozen=True)
class Docstring:
    """A string literal in the source, as lines."""

    prefix: str
    quotes: str
    content: Span
    """The text between the quotes."""
    lines: tuple[str, ...]
    line_ends: tuple[int, ...]
    """Offset in the document after the last character of each line."""

    @property
    def end(self) -> int:
        """Return the offset after the last non-blank character."""
        return self.content.end - (len(self._text) - len(self._text.rstrip()))

    @property
    def _text(self) -> str:
        return "\n".join(self.lines)

    def end_of(self, line: int) -> int:
        """Return the offset at which a new line can be added below `line`."""
        is_last = line == len(self.lines) - 1
        return self.end if is_last else self.line_ends[line]


def read_docstring(text: str, span: Span) -> Docstring | None:
    """Return the docstring at a place; None if it is not a single plain literal."""
    found = _LITERAL.fullmatch(text[span.start : span.end])
    if found is None:
        return None
    start, lines, ends = span.start + found.start("content"), [], []
    for line in found["content"].split("\n"):
        lines.append(line)
        ends.append(start + len(line))
        start += len(line) + 1
    content = Span(span.start + found.start("content"), span.start + found.end("content"))
    return Docstring(found["prefix"], found["quotes"], content, tuple(lines), tuple(ends))


def read_sections(
    lines: tuple[str, ...], style: str, known: Collection[str] = ()
) -> tuple[Section, ...]:
    """Return the sections of a docstring in `style`; none in the plain one.

    The `known` names of parameters help to recognize entries in an unusual form.
    """
    readers = {"google": _read_google, "numpy": _read_numpy}
    if style in readers:
        return readers[style](lines, known)
    return _read_fields(lines, _FIELD_MARKS[style]) if style in _FIELD_MARKS else ()


def parameter_names(sections: tuple[Section, ...]) -> list[str]:
    """Return the names of the described parameters, repeated for each description."""
    return [
        name
        for section in sections
        if section.role is Role.PARAMETERS
        for entry in section.entries
        if not entry.is_type
        for name in entry.names
    ]


_TITLES = {
    **dict.fromkeys(
        ("args", "arguments", "parameters", "params", "other parameters", "keyword args",
         "keyword arguments", "other args", "other arguments"),
        Role.PARAMETERS,
    ),
    **dict.fromkeys(("attributes",), Role.ATTRIBUTES),
    **dict.fromkeys(("returns", "return"), Role.RETURNS),
    **dict.fromkeys(("yields", "yield"), Role.YIELDS),
    **dict.fromkeys(("raises", "raise", "except", "exceptions"), Role.RAISES),
    **dict.fromkeys(
        ("example", "examples", "note", "notes", "see also", "references", "warning", "warnings",
         "warns", "todo", "methods"),
        Role.OTHER,
    ),
}  # fmt: skip
_DECORATION = r"\s*(?:[-*+•]\s+)?(?:``?|\*\*(?=\w+\*\*))?"
_NAME_LIST = r"(?P<names>(?:\\?\*){0,2}\w+(?:,\s*(?:\\?\*){0,2}\w+)*)(?:``?|\*\*)?"
_ENTRY = re.compile(rf"{_DECORATION}{_NAME_LIST}\s*(?:\(.*?\))?\s*:(?!:)")
_KNOWN_ENTRY = re.compile(rf"{_DECORATION}{_NAME_LIST}(?=\W|$)")
_NAMES = re.compile(r"\w+")


def _indent(line: str) -> int:
    return len(leading_whitespace(line))


def _margin(lines: tuple[str, ...]) -> int:
    return min((_indent(line) for line in lines[1:] if line.strip()), default=0)


def _title(line: str) -> str:
    """Return a line in the form of a section's title."""
    return line.strip().strip("#*_ ").removesuffix(":").rstrip("*_ ").lower()


def _read_google(lines: tuple[str, ...], known: Collection[str]) -> tuple[Section, ...]:
    margin = _margin(lines)
    sections: list[Section] = []
    for number, line in enumerate(lines):
        title = _title(line)
        if title not in _TITLES or (number and _indent(line) != margin):
            continue
        last = _last_deeper(lines, number, margin)
        if ":" in line or (last > number and lines[number + 1].strip()):
            entries = _google_entries(lines, number + 1, last, known)
            sections.append(Section(_TITLES[title], number, last, entries, 1))
    return tuple(sections)


def _last_deeper(lines: tuple[str, ...], start: int, indent: int) -> int:
    """Return the last line of those below `start` that are blank or indented further."""
    last = start
    for number in range(start + 1, len(lines)):
        if lines[number].strip():
            if _indent(lines[number]) <= indent:
                break
            last = number
    return last


def _google_entries(
    lines: tuple[str, ...], first: int, last: int, known: Collection[str]
) -> tuple[Entry, ...]:
    indent = next((_indent(line) for line in lines[first : last + 1] if line.strip()), 0)
    heads = [
        (number, names)
        for number in range(first, last + 1)
        if _indent(lines[number]) == indent and (names := _head_names(lines[number], known))
    ]
    return _between(lines, heads, last, known)


def _head_names(line: str, known: Collection[str]) -> tuple[str, ...]:
    """Return the names that a line begins to describe: before a colon, or known in any form."""
    plain, by_name = _ENTRY.match(line), _KNOWN_ENTRY.match(line)
    if plain is not None:
        return tuple(_NAMES.findall(plain["names"]))
    names = tuple(_NAMES.findall(by_name["names"])) if by_name else ()
    return names if names and set(known).issuperset(names) else ()


def _between(
    lines: tuple[str, ...],
    heads: list[tuple[int, tuple[str, ...]]],
    last: int,
    known: Collection[str],
) -> tuple[Entry, ...]:
    """Return entries that each extend to the next one's head, without blank lines at the end.

    A line that begins like an entry about an unknown name may be text of the entry above, which
    therefore extends to the next known one.
    """
    entries: list[Entry] = []
    for index, (first, names) in enumerate(heads):
        is_known = not set(known).isdisjoint(names)
        following = (
            number
            for number, others in heads[index + 1 :]
            if not is_known or not set(known).isdisjoint(others)
        )
        end = next(following, last + 1) - 1
        while end > first and not lines[end].strip():
            end -= 1
        entries.append(Entry(names, first, end))
    return tuple(entries)


def _read_numpy(lines: tuple[str, ...], known: Collection[str]) -> tuple[Section, ...]:
    margin = _margin(lines)
    starts = [
        number
        for number in range(len(lines) - 1)
        if re.fullmatch(r"\s*[-=~]{3,}\s*", lines[number + 1])
        and lines[number].strip()
        and (number == 0 or _indent(lines[number]) == margin)
    ]
    sections: list[Section] = []
    for start, following in zip(starts, [*starts[1:], len(lines)], strict=False):
        last = following - 1
        while last > start + 1 and not lines[last].strip():
            last -= 1
        body = range(start + 2, last + 1)
        indent = next((_indent(lines[number]) for number in body if lines[number].strip()), margin)
        heads = [
            (number, tuple(_NAMES.findall(lines[number].partition(":")[0].partition("(")[0])))
            for number in body
            if lines[number].strip() and _indent(lines[number]) == indent
        ]
        role = _TITLES.get(_title(lines[start]), Role.OTHER)
        sections.append(Section(role, start, last, _between(lines, heads, last, known), 2))
    return tuple(sections)


_ROLES = {
    **dict.fromkeys(
        ("param", "parameter", "arg", "argument", "key", "keyword", "kwarg", "type"),
        Role.PARAMETERS,
    ),
    **dict.fromkeys(("return", "returns", "rtype"), Role.RETURNS),
    **dict.fromkeys(("yield", "yields", "ytype"), Role.YIELDS),
    **dict.fromkeys(("raise", "raises", "except", "exception"), Role.RAISES),
    **dict.fromkeys(("ivar", "var", "cvar", "vartype"), Role.ATTRIBUTES),
}
_FIELD_MARKS = {"sphinx": ":", "epytext": "@"}
_OPENERS, _CLOSERS = "[({", "])}"


def _read_fields(lines: tuple[str, ...], mark: str) -> tuple[Section, ...]:
    """Return the fields of reST or epytext; consecutive ones with one role form a section."""
    sections: list[Section] = []
    for number in range(len(lines)):
        field = _field(lines, number, mark)
        if field is None:
            continue
        word, *described = field.split() or [""]
        role = _ROLES.get(word, Role.OTHER)
        last = _last_of_field(lines, number, mark)
        names = tuple(_NAMES.findall(" ".join(described))[-1:])
        entry = Entry(names, number, last, word in {"type", "vartype"})
        if sections and sections[-1].role is role:
            earlier = sections.pop()
            sections.append(Section(role, earlier.first, last, (*earlier.entries, entry)))
        else:
            sections.append(Section(role, number, last, (entry,)))
    return tuple(sections)


def _field(lines: tuple[str, ...], number: int, mark: str) -> str | None:
    """Return the name of a field, such as `param int x`; types may contain colons and lines."""
    begun = re.match(rf"\s*{mark}(?=\w)", lines[number])
    if begun is None:
        return None
    text = "\n".join([lines[number][begun.end() :], *lines[number + 1 : number + 4]])
    depth = 0
    for place, character in enumerate(text):
        depth += (character in _OPENERS) - (character in _CLOSERS)
        if character == "\n" and not depth:
            return None
        if character == ":" and depth <= 0:
            return None if text.startswith("`", place + 1) else text[:place]
    return None


def _last_of_field(lines: tuple[str, ...], first: int, mark: str) -> int:
    """Return the last line before an empty one or the next field."""
    last = first
    while (
        last + 1 < len(lines) and lines[last + 1].strip() and _field(lines, last + 1, mark) is None
    ):
        last += 1
    return last
