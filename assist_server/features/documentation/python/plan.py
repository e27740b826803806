"""Plan of edits that document a Python definition: a new docstring, or additions to one."""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from functools import cached_property

from assist_server.features.documentation.layout import (
    Insertion,
    Line,
    Plan,
    has_words,
    with_prefix,
    without_indent,
)
from assist_server.features.documentation.mentions import Mention, find_mentions, similar_entries
from assist_server.features.documentation.python.sections import (
    Docstring,
    Entry,
    Role,
    Section,
    parameter_names,
    read_docstring,
    read_sections,
)
from assist_server.features.documentation.python.writer import DocstringWriter, fill_gaps
from assist_server.features.documentation.signature_diff import (
    RESULT,
    Change,
    compare,
    renamed_exceptions,
)
from assist_server.features.documentation.styles import PythonStyle, style_of
from assist_server.syntax.definition import Definition, Kind, Parameter, Span
from assist_server.text.indentation import leading_whitespace


def plan_docstring(
    text: str,
    definition: Definition,
    style: PythonStyle,
    unit: str,
    prune: Collection[str] = (),
) -> Plan:
    """Return the insertions that document a definition; none if nothing is missing."""
    place = definition.documentation
    if place is None:
        return Plan((_new_docstring(text, definition, style, unit),))
    docstring = read_docstring(text, place)
    if docstring is not None and not has_words("".join(docstring.lines)):
        return Plan((_filled_docstring(text, definition, docstring, style, unit),))
    if docstring is None or not definition.is_callable or definition.is_property:
        return Plan(())
    own_name = style_of("\n".join(docstring.lines))
    style = replace(style, name=own_name or style.name, quotes=_triple(docstring, style.quotes))
    margin = _margin(text, definition, docstring, unit)
    known = [*(one.name for one in definition.parameters), *prune]
    sections = read_sections(docstring.lines, style.name, known)
    update = _Update(definition, docstring, sections, style, margin, unit, prune)
    return Plan(tuple(update.insertions()), update.change)


def _line_start(text: str, offset: int) -> int:
    return text.rfind("\n", 0, offset) + 1


def _indent_at(text: str, offset: int) -> str:
    start = _line_start(text, offset)
    return leading_whitespace(text[start:offset])


def _new_docstring(text: str, definition: Definition, style: PythonStyle, unit: str) -> Insertion:
    outer, body = _indent_at(text, definition.keyword), definition.body
    if body is None or definition.has_one_line_body:
        margin = outer + unit
    else:
        margin = _indent_at(text, body.start)
    lines = DocstringWriter(definition, style, margin, unit).lines()
    if body is not None and definition.has_one_line_body:
        blank = "\n" * (definition.kind is Kind.CLASS)
        after = "\n" + blank + margin
        return Insertion(definition.header.end, body.start, lines, "\n", after)
    # A comment after the colon stays there.
    line_end = text.find("\n", definition.header.end)
    end = line_end if line_end >= 0 else len(text)
    is_crowded = text[end:].lstrip("\n")[:1] and not re.match(r"\n[ \t]*\n", text[end:])
    after = "\n" if definition.kind is Kind.CLASS and body and is_crowded else ""
    return Insertion(end, end, lines, "\n", after)


def _filled_docstring(
    text: str,
    definition: Definition,
    docstring: Docstring,
    style: PythonStyle,
    unit: str,
) -> Insertion:
    """Return a docstring that replaces one without words, with the quotes that were typed."""
    place = definition.documentation or docstring.content
    typed = docstring.quotes if len(docstring.quotes) == 3 else docstring.quotes * 3
    style = replace(style, quotes=typed)
    on_header = definition.has_one_line_body
    indent = _indent_at(text, definition.keyword if on_header else place.start)
    margin = indent + unit if on_header else indent
    first, *rest = DocstringWriter(definition, style, margin, unit).lines()
    first = without_indent(first, margin)
    if on_header:
        return Insertion(
            definition.header.end,
            place.end,
            (with_prefix(first, margin + docstring.prefix), *rest),
            "\n",
        )
    return Insertion(place.start, place.end, (with_prefix(first, docstring.prefix), *rest))


def _margin(text: str, definition: Definition, docstring: Docstring, unit: str) -> str:
    """Return the indentation of an existing docstring's lines."""
    deeper = [leading_whitespace(line) for line in docstring.lines[1:] if line.strip()]
    if deeper:
        return min(deeper, key=len)
    start = definition.documentation.start if definition.documentation else 0
    if definition.has_one_line_body:
        return _indent_at(text, definition.keyword) + unit
    return _indent_at(text, start)


def _triple(docstring: Docstring, preferred: str) -> str:
    """Return quotes for several lines: the docstring's own if triple, else those of the file."""
    if len(docstring.quotes) == 3:
        return docstring.quotes
    # A literal cannot contain its own quotes unescaped.
    is_free = preferred[0] not in "".join(docstring.lines)
    return preferred if is_free else docstring.quotes * 3


@dataclass(frozen=True)
class _Update:
    """The changes that update a docstring."""

    definition: Definition
    docstring: Docstring
    sections: tuple[Section, ...]
    style: PythonStyle
    margin: str
    unit: str
    prune: Collection[str]

    @cached_property
    def change(self) -> Change:
        found = compare(self.definition, parameter_names(self.sections), self.prune)
        mentioned = {one.name for one in self.mentions}
        missing = tuple(one for one in found.missing if one.name not in mentioned)
        return replace(found, missing=missing)

    @cached_property
    def mentions(self) -> tuple[Mention, ...]:
        """Return the parameters that are described outside all sections."""
        described = set(parameter_names(self.sections))
        names = [one.name for one in self.definition.parameters if one.name not in described]
        return find_mentions(self.docstring.lines, names)

    @cached_property
    def parameters(self) -> tuple[Section, ...]:
        return tuple(one for one in self.sections if one.role is Role.PARAMETERS)

    @cached_property
    def writer(self) -> DocstringWriter:
        """Return a writer with the indentation of the existing entries."""
        entries = [entry for section in self.parameters for entry in section.entries]
        unit, margin = self.unit, self.margin
        inner = leading_whitespace(self.docstring.lines[entries[0].first]) if entries else ""
        if inner and self.style.name == "google":
            unit = inner.removeprefix(self.margin) or unit
        elif inner and self.style.name == "numpy":
            margin = inner
        return DocstringWriter(self.definition, self.style, margin, unit)

    def insertions(self) -> Iterator[Insertion]:
        yield from self._outdated()
        if self.mentions and not self.parameters:
            yield from self._similar_entries(self.mentions)
            return
        if not self.sections:
            yield from self._first_sections()
            return
        yield from fill_gaps(self.docstring, self.sections, self.writer)
        yield from self._renamings()
        yield from self._removals()
        if self.change.missing and (decorated := self._decorated_entries()):
            yield from self._similar_entries(decorated)
        elif self.change.missing and self.parameters:
            yield from self._additions()
        elif self.change.missing:
            yield from self._new_section()

    def _decorated_entries(self) -> tuple[Mention, ...]:
        """Return the entries of sections in an unusual form, such as `- x: ...`."""
        if self._has_fields or self.style.name == "numpy":
            return ()
        names = set(parameter_names(self.parameters))
        mentions = find_mentions(self.docstring.lines, names)
        return mentions if mentions and all(one.is_decorated for one in mentions) else ()

    def _similar_entries(self, mentions: tuple[Mention, ...]) -> Iterator[Insertion]:
        for line, lines in similar_entries(
            self.definition, self.change.missing, mentions, self.docstring.lines
        ):
            end = self.docstring.end_of(line)
            yield Insertion(end, end, lines, "\n")

    def _first_sections(self) -> Iterator[Insertion]:
        body = self.writer.body()
        if body and self.definition.parameters:
            yield from self._at_end(body)

    def _at_end(self, lines: tuple[Line, ...]) -> Iterator[Insertion]:
        """Yield insertions of lines below all others, and of the quotes that several lines need."""
        docstring, quotes = self.docstring, self.style.quotes
        span = self.definition.documentation or docstring.content
        if docstring.quotes != quotes:
            start = span.start + len(docstring.prefix)
            yield Insertion(start, docstring.content.start, before=quotes, makes_room=True)
        closed = (*lines, f"{self.margin}{quotes}")
        yield Insertion(docstring.end, span.end, closed, "\n")

    def _new_section(self) -> Iterator[Insertion]:
        """Yield the section of parameters, before those of results and exceptions."""
        written, is_fields = self.writer.parameters(self.change.missing), self._has_fields
        results = {Role.RETURNS, Role.YIELDS, Role.RAISES}
        below = [section for section in self.sections if section.role in results and section.first]
        if not below:
            yield from self._at_end(written if is_fields else ("", *written))
            return
        end = self.docstring.end_of(below[0].first - 1)
        lines = written if is_fields else (*written, "")
        yield Insertion(end, end, lines, "\n")

    @property
    def _has_fields(self) -> bool:
        return self.style.name in {"sphinx", "epytext"}

    def _additions(self) -> Iterator[Insertion]:
        """Yield each missing parameter below the one before it in the signature."""
        first = self.parameters[0]
        anchor = first.first - 1 + first.title_lines
        groups: dict[int, list[Parameter]] = {}
        for parameter in self.definition.parameters:
            ends = [entry.last for entry in self._entries_of(self.change.old_name(parameter.name))]
            if ends:
                anchor = max(ends)
            elif parameter in self.change.missing:
                groups.setdefault(anchor, []).append(parameter)
        for line, parameters in groups.items():
            end = self.docstring.end_of(max(line, 0))
            lines = tuple(item for one in parameters for item in self.writer.parameter(one))
            yield Insertion(end, end, lines, "\n")

    def _entries_of(self, name: str) -> list[Entry]:
        entries = (entry for section in self.parameters for entry in section.entries)
        return [entry for entry in entries if name in entry.names]

    def _removals(self) -> Iterator[Insertion]:
        for section in self.parameters:
            gone = [
                entry
                for entry in section.entries
                if entry.names and self.change.pruned.issuperset(entry.names)
            ]
            is_emptied = len(gone) == len(section.entries)
            takes_missing = self.change.missing and section is self.parameters[0]
            if gone and is_emptied and not takes_missing:
                yield self._removal(self._first_with_blanks(section), section.last)
            else:
                yield from (self._removal(entry.first, entry.last) for entry in gone)

    def _first_with_blanks(self, section: Section) -> int:
        first = section.first
        while section.title_lines and first > 1 and not self.docstring.lines[first - 1].strip():
            first -= 1
        return first

    def _removal(self, first: int, last: int) -> Insertion:
        start = self.docstring.end_of(first - 1) if first else self.docstring.content.start
        return Insertion(start, self.docstring.end_of(last))

    def _renamings(self) -> Iterator[Insertion]:
        for old, new in self.change.renamed:
            for entry in self._entries_of(old):
                place = self._find_name(entry, old)
                yield Insertion(place.start, place.end, before=new)

    def _outdated(self) -> Iterator[Insertion]:
        """Yield the removal of a result that is none, and exceptions' present names, if wanted."""
        definition, lines = self.definition, self.docstring.lines
        is_nothing = not (definition.returns_value or definition.is_generator)
        raised: list[Entry] = []
        for section in self.sections:
            is_block = all(line.strip() for line in lines[section.first : section.last + 1])
            if section.role is Role.RETURNS and RESULT in self.prune and is_nothing and is_block:
                yield self._removal(self._first_with_blanks(section), section.last)
            raised += section.entries if section.role is Role.RAISES else ()
        names = [name for entry in raised for name in entry.names]
        for old, new in renamed_exceptions(definition, names):
            for entry in raised:
                if old in self.prune and old in entry.names:
                    place = self._find_name(entry, old)
                    yield Insertion(place.start, place.end, before=new)

    def _find_name(self, entry: Entry, name: str) -> Span:
        line = self.docstring.lines[entry.first]
        closing = r"(?=\s*:)" if self._has_fields else r"\b"
        found = re.search(rf"\b{re.escape(name)}{closing}", line)
        start = self.docstring.line_ends[entry.first] - len(line) + (found.start() if found else 0)
        return Span(start, start + (len(name) if found else 0))
