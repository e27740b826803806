"""Lines of Python docstrings in each convention, new ones and those that fill gaps.

Gaps are empty entries and an empty summary in a docstring that an editor has laid out.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial

from assist_server.features.documentation.layout import (
    Insertion,
    Line,
    Slot,
    Title,
    has_words,
)
from assist_server.features.documentation.phrases import PhraseKind, PhraseRequest
from assist_server.features.documentation.python.sections import Docstring, Entry, Role, Section
from assist_server.features.documentation.styles import PythonStyle
from assist_server.syntax.definition import Definition, Parameter
from assist_server.text.indentation import leading_whitespace

_LITERALS = {
    "bool": re.compile(r"True|False"),
    "int": re.compile(r"-?\d+"),
    "float": re.compile(r"-?\d+\.\d*"),
    "str": re.compile(r"""(["']).*\1""", re.DOTALL),
}
_YIELDED = re.compile(r"(?:\w+\.)*(?:Async)?(?:Iterator|Iterable|Generator)\[\s*([\w.]+)\s*[\],]")
_KINDS = {
    Role.PARAMETERS: PhraseKind.PARAMETER,
    Role.RAISES: PhraseKind.RAISES,
    Role.RETURNS: PhraseKind.RETURNS,
    Role.YIELDS: PhraseKind.YIELDS,
}
_RESULTS = frozenset({Role.RETURNS, Role.YIELDS})
_NO_DESCRIPTION = re.compile(r"\s*(?:\(.*?\)|\[.*?\])?\s*:\s*")
_RESULT_FIELD = re.compile(r"\s*[:@](?:returns?|yields?):\s*")


@dataclass(frozen=True)
class DocstringWriter:
    """Writer of the parts of a definition's docstring."""

    definition: Definition
    style: PythonStyle
    margin: str
    """The indentation of the docstring."""
    unit: str
    """One more level of indentation."""

    def lines(self) -> tuple[Line, ...]:
        """Return a whole new docstring with empty slots."""
        quotes, body = self.style.quotes, self.body()
        if not body and not self.style.opens_with_newline:
            return (self._summary(f"{self.margin}{quotes}", quotes),)
        opening: list[Line] = [self._summary(f"{self.margin}{quotes}")]
        if self.style.opens_with_newline:
            opening = [f"{self.margin}{quotes}", self._summary(self.margin)]
        return (*opening, *body, f"{self.margin}{quotes}")

    def body(self) -> tuple[Line, ...]:
        """Return all sections, each after a blank line if the convention has one."""
        sections = [
            self.parameters(self.definition.parameters),
            self.attributes(),
            () if self.style.summary_tells_result else self.result(),
            self.raises(self.definition.raises),
        ]
        written = [section for section in sections if section]
        if self.style.name in {"sphinx", "epytext"}:
            lines = (line for section in written for line in section)
            return (Title(""), *lines) if written else ()
        return tuple(line for section in written for line in (Title(""), *section))

    def parameters(self, parameters: tuple[Parameter, ...]) -> tuple[Line, ...]:
        """Return the section of the parameters; empty if there are none."""
        return self._section("Parameters", "Args", [self.parameter(one) for one in parameters])

    def parameter(self, parameter: Parameter) -> tuple[Line, ...]:
        """Return the entry of one parameter."""
        return self._item(parameter, PhraseKind.PARAMETER, "param")

    def attributes(self) -> tuple[Line, ...]:
        """Return the section of a class's attributes."""
        items = [
            self._item(one, PhraseKind.ATTRIBUTE, "ivar") for one in self.definition.attributes
        ]
        return self._section("Attributes", "Attributes", items)

    def result(self) -> tuple[Line, ...]:
        """Return the section of the result; empty for properties, described like attributes."""
        definition = self.definition
        if definition.yields_nothing:
            return ()
        if definition.is_generator:
            found = _YIELDED.fullmatch(definition.returns or "")
            return self._result("Yields", "yields", found[1] if found else None)
        if definition.returns_value and not definition.is_property:
            return self._result("Returns", self.style.returns_tag, definition.returns)
        return ()

    def raises(self, names: tuple[str, ...]) -> tuple[Line, ...]:
        """Return the section of the exceptions."""
        return self._section("Raises", "Raises", [self._raised(name) for name in names])

    def _summary(self, lead: str, tail: str = "") -> Slot:
        request = self._request(PhraseKind.SUMMARY, self.definition.name)
        return Slot(request, lead, self.margin, tail, is_one_line=True)

    def _request(self, kind: PhraseKind, subject: str) -> PhraseRequest:
        return PhraseRequest(kind, subject, self.definition)

    def _section(self, numpy: str, google: str, items: list[tuple[Line, ...]]) -> tuple[Line, ...]:
        if not items or self.style.name == "plain":
            return ()
        titles: dict[str, tuple[Title, ...]] = {
            "numpy": (Title(f"{self.margin}{numpy}"), Title(f"{self.margin}{'-' * len(numpy)}")),
            "google": (Title(f"{self.margin}{google}:"),),
        }
        return (*titles.get(self.style.name, ()), *(line for item in items for line in item))

    def _item(self, parameter: Parameter, kind: PhraseKind, tag: str) -> tuple[Line, ...]:
        slot = partial(Slot, self._request(kind, parameter.name))
        written = self._type(parameter.annotation, parameter.default)
        starred = f"{parameter.stars}{parameter.name}"
        if self.style.name == "numpy":
            notes = [written, "optional" if parameter.is_optional and written else None]
            shown = ", ".join(note for note in notes if note)
            head = f"{self.margin}{starred} : {shown}" if shown else f"{self.margin}{starred}"
            inner = self.margin + self.unit
            return (slot(f"{head}\n{inner}", inner),)
        if self.style.name == "google":
            head = f"{self.margin}{self.unit}{starred}"
            head += f" ({written}): " if written else ": "
            return (slot(head, self.margin + self.unit * 2),)
        return self._field(
            slot, f"{tag} {parameter.name}", written and f"type {parameter.name}", written
        )

    def _field(
        self, slot: Callable[[str, str], Slot], tag: str, type_tag: str | None, written: str | None
    ) -> tuple[Line, ...]:
        """Return a field of reST or epytext, and the one for its type."""
        start, hang = ":" if self.style.name == "sphinx" else "@", self.margin + self.unit
        field = slot(f"{self.margin}{start}{tag}: ", hang)
        below = (f"{self.margin}{start}{type_tag}: {written}",) if type_tag else ()
        return (replace(field, below=below),)

    def _result(self, title: str, tag: str, annotation: str | None) -> tuple[Line, ...]:
        kind = PhraseKind.YIELDS if title == "Yields" else PhraseKind.RETURNS
        slot = partial(Slot, self._request(kind, annotation or ""))
        inner, written = self.margin + self.unit, self._type(annotation, None)
        if self.style.name == "numpy":
            # The convention has no form for a description without a type.
            shown = self._printable(annotation) or "object"
            return self._section(title, title, [(slot(f"{self.margin}{shown}\n{inner}", inner),)])
        if self.style.name == "google":
            lead = f"{inner}{written}: " if written else inner
            return self._section(title, title, [(slot(lead, inner),)])
        if self.style.name == "plain":
            return ()
        tag = tag.removesuffix("s") if self.style.name == "epytext" else tag
        return self._field(slot, tag, written and "rtype", written)

    def _raised(self, name: str) -> tuple[Line, ...]:
        slot = partial(Slot, self._request(PhraseKind.RAISES, name))
        inner = self.margin + self.unit
        if self.style.name == "numpy":
            return (slot(f"{self.margin}{name}\n{inner}", inner),)
        if self.style.name == "google":
            return (slot(f"{inner}{name}: ", inner + self.unit),)
        return self._field(
            slot, f"{'raises' if self.style.name == 'sphinx' else 'raise'} {name}", None, None
        )

    def _type(self, annotation: str | None, default: str | None) -> str | None:
        """Return the type to show: the annotation, else the type of the default value."""
        if not self.style.shows_type(is_annotated=annotation is not None):
            return None
        if annotation is not None:
            return self._printable(annotation)
        shows_guess = self.style.is_typed or self.style.name == "numpy"
        guesses = (name for name, form in _LITERALS.items() if form.fullmatch(default or ""))
        return next(guesses, None) if shows_guess else None

    def _printable(self, annotation: str | None) -> str | None:
        """Return an annotation on one line; None if it cannot be written in a docstring."""
        flat = " ".join((annotation or "").split())
        is_safe = flat.isprintable() and not re.search(r"\\|\"\"|''|#|: ", flat)
        return flat if flat and is_safe else None


def fill_gaps(
    docstring: Docstring, sections: tuple[Section, ...], writer: DocstringWriter
) -> Iterator[Insertion]:
    """Yield insertions that fill empty summaries, entries and results."""
    yield from _summary(docstring, sections[0], writer)
    for section in sections:
        if section.role in _KINDS:
            for entry in section.entries:
                yield from _entry(docstring, section, entry, writer)
            yield from _empty_result(docstring, section, writer)


def _summary(docstring: Docstring, first: Section, writer: DocstringWriter) -> Iterator[Insertion]:
    """Yield the summary if an empty line is left for it above the first section."""
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
    request = PhraseRequest(kind, subject, writer.definition)
    return Slot(request, lead, hang, is_one_line=is_summary)


def _entry(
    docstring: Docstring, section: Section, entry: Entry, writer: DocstringWriter
) -> Iterator[Insertion]:
    kind, line = _KINDS[section.role], docstring.lines[entry.first]
    end, is_below = docstring.end_of(entry.first), section.title_lines == 2
    empty_line = _empty_line_below(docstring, entry) if is_below else None
    if empty_line is None:
        subject = _undescribed_subject(line, section, entry, writer)
    else:
        subject = _subject(section, entry, writer)
    if subject is None:
        return
    if is_below:  # NumPy
        slot = _slot(writer, kind, subject, leading_whitespace(line) + writer.unit)
        yield Insertion(end, empty_line or end, (slot,), "\n")
        return
    indent = leading_whitespace(line) + writer.unit
    request = PhraseRequest(kind, subject, writer.definition)
    start = docstring.line_ends[entry.first] - len(line) + len(line.rstrip())
    yield Insertion(start, end, (Slot(request, " ", indent),))


def _undescribed_subject(
    line: str, section: Section, entry: Entry, writer: DocstringWriter
) -> str | None:
    """Return the subject of an entry without a description; None if it is to stay as it is."""
    if entry.first != entry.last or entry.is_type:
        return None
    if _RESULT_FIELD.fullmatch(line):
        return _result_subject(writer.definition)
    name = _subject(section, entry, writer) if section.role not in _RESULTS else None
    found = re.search(rf"(?<!\w){re.escape(name)}(?!\w)", line) if name else None
    return name if found and _NO_DESCRIPTION.fullmatch(line, found.end()) else None


def _subject(section: Section, entry: Entry, writer: DocstringWriter) -> str | None:
    """Return what an entry is about, if the definition has it."""
    definition = writer.definition
    if section.role in _RESULTS:
        return _result_subject(definition)
    known = {*(one.name for one in definition.parameters), *definition.raises}
    return entry.names[0] if len(entry.names) == 1 and entry.names[0] in known else None


def _result_subject(definition: Definition) -> str | None:
    is_result = definition.returns_value or definition.is_generator
    return definition.returns or "" if is_result else None


def _empty_line_below(docstring: Docstring, entry: Entry) -> int | None:
    """Return the end of the line below an entry that is left empty for its description."""
    lines, below = docstring.lines, entry.last + 1
    if entry.first != entry.last or below >= len(lines) or lines[below].strip():
        return None
    is_deeper = len(lines[below]) > len(leading_whitespace(lines[entry.first]))
    return docstring.line_ends[below] if is_deeper else None


def _empty_result(
    docstring: Docstring, section: Section, writer: DocstringWriter
) -> Iterator[Insertion]:
    """Yield the description of the result below a title with nothing below it."""
    is_empty = 0 < section.title_lines == section.last - section.first + 1
    wanted = Role.YIELDS if writer.definition.is_generator else Role.RETURNS
    if is_empty and section.role is wanted and (written := writer.result()):
        end = docstring.end_of(section.last)
        yield Insertion(end, end, written[section.title_lines :], "\n")
