"""The gaps of a docstring that an editor has laid out: entries with nothing said, no summary."""

import re
from collections.abc import Iterator

from assist_server.features.docstrings.layout import Insertion, Line, Slot, has_words
from assist_server.features.docstrings.phrases import PhraseKind, PhraseRequest
from assist_server.features.docstrings.python_sections import Docstring, Entry, Role, Section
from assist_server.features.docstrings.python_styles import DocstringWriter
from assist_server.text.indentation import leading_whitespace

_KINDS = {
    Role.PARAMETERS: PhraseKind.PARAMETER,
    Role.RAISES: PhraseKind.RAISES,
    Role.RETURNS: PhraseKind.RETURNS,
    Role.YIELDS: PhraseKind.YIELDS,
}
_NOTHING_SAID = re.compile(r"\s*(?:\(.*?\)|\[.*?\])?\s*:\s*")
_RESULT_FIELD = re.compile(r"\s*[:@](?:returns?|yields?):\s*")


def fill_gaps(
    docstring: Docstring, sections: tuple[Section, ...], writer: DocstringWriter
) -> Iterator[Insertion]:
    """Yield the phrases that are missing where there is a place for them."""
    yield from _summary(docstring, sections[0], writer)
    for section in sections:
        if section.role in _KINDS:
            for entry in section.entries:
                yield from _entry(docstring, section, entry, writer)
            yield from _empty_result(docstring, section, writer)


def _summary(docstring: Docstring, first: Section, writer: DocstringWriter) -> Iterator[Insertion]:
    """The summary where an empty line is left for it above the first section."""
    if first.first < 2 or has_words("".join(docstring.lines[: first.first])):
        return
    ends, name = docstring.line_ends, writer.definition.name
    if not writer.style.opens_with_newline:
        slot = _slot(writer, PhraseKind.SUMMARY, name, "")
        yield Insertion(docstring.content.start, ends[0], (slot,))
        return
    lines: list[Line] = [_slot(writer, PhraseKind.SUMMARY, name, writer.margin)]
    if first.first == 2:
        lines.append("")
    yield Insertion(ends[0], ends[1], tuple(lines), "\n")


def _slot(writer: DocstringWriter, kind: PhraseKind, subject: str, lead: str) -> Slot:
    is_summary = kind is PhraseKind.SUMMARY
    hang = writer.margin if is_summary else leading_whitespace(lead) or writer.margin
    return Slot(PhraseRequest(kind, subject, writer.definition), lead, hang)


def _entry(
    docstring: Docstring, section: Section, entry: Entry, writer: DocstringWriter
) -> Iterator[Insertion]:
    subject = _silent_subject(docstring.lines[entry.first], section, entry, writer)
    if subject is None:
        return
    kind, line = _KINDS[section.role], docstring.lines[entry.first]
    end = docstring.end_of(entry.first)
    if section.title_lines == 2:  # NumPy's way: below the name
        slot = _slot(writer, kind, subject, leading_whitespace(line) + writer.unit)
        yield Insertion(end, end, (slot,), "\n")
        return
    indent = leading_whitespace(line) + writer.unit
    request = PhraseRequest(kind, subject, writer.definition)
    start = docstring.line_ends[entry.first] - len(line) + len(line.rstrip())
    yield Insertion(start, end, (Slot(request, " ", indent),))


def _silent_subject(
    line: str, section: Section, entry: Entry, writer: DocstringWriter
) -> str | None:
    """What an entry is about that says nothing and is about something that exists."""
    definition = writer.definition
    if entry.first != entry.last or entry.is_type:
        return None
    if _RESULT_FIELD.fullmatch(line):
        is_result = definition.returns_value or definition.is_generator
        return definition.returns or "" if is_result else None
    name = entry.names[0] if len(entry.names) == 1 else ""
    known = {*(one.name for one in definition.parameters), *definition.raises}
    found = re.search(rf"(?<!\w){re.escape(name)}(?!\w)", line) if name in known else None
    is_silent = found and _NOTHING_SAID.fullmatch(line, found.end())
    return name if is_silent and section.role in {Role.PARAMETERS, Role.RAISES} else None


def _empty_result(
    docstring: Docstring, section: Section, writer: DocstringWriter
) -> Iterator[Insertion]:
    """What is returned below a title that has nothing below it."""
    is_empty = 0 < section.title_lines == section.last - section.first + 1
    wanted = Role.YIELDS if writer.definition.is_generator else Role.RETURNS
    if is_empty and section.role is wanted and (written := writer.result()):
        end = docstring.end_of(section.last)
        yield Insertion(end, end, written[section.title_lines :], "\n")
