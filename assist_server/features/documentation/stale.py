"""Documentation that no longer fits its definition.

Only what is sure is found: a parameter counts as missing if no word of the documentation names it
and others are described; a described name is unknown only if two parsers read it as a parameter. An
exception may come from anything that a function calls, so a name is out of date only if nothing in
the file has it and a similar one is raised, but not described.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from types import MappingProxyType

from assist_server.features.documentation import described_names
from assist_server.features.documentation.comments.tags import (
    Comment,
    described_exceptions,
    read_comment,
)
from assist_server.features.documentation.document import convention_of, plan_documentation
from assist_server.features.documentation.layout import has_words
from assist_server.features.documentation.phrases import PLACEHOLDER
from assist_server.features.documentation.python.sections import (
    Role,
    Section,
    parameter_names,
    read_docstring,
    read_sections,
)
from assist_server.features.documentation.signature_diff import (
    RESULT,
    Change,
    are_similar,
    collects_arguments,
    renamed_exceptions,
)
from assist_server.features.documentation.styles import CommentStyle, PythonStyle, style_of
from assist_server.features.documentation.undocumented import undocumented
from assist_server.syntax.definition import Definition, Kind, Parameter, Span
from assist_server.syntax.definitions import all_definitions, find_definition
from assist_server.syntax.parser import SyntaxTree


class Problem(StrEnum):
    """Kind of finding; the value is its code in reports."""

    MISSING_PARAMETER = "missing-parameter"
    UNKNOWN_PARAMETER = "unknown-parameter"
    RENAMED_PARAMETER = "renamed-parameter"
    RENAMED_EXCEPTION = "renamed-exception"
    NOTHING_RETURNED = "nothing-returned"
    UNDOCUMENTED = "undocumented"
    PLACEHOLDER = "placeholder"


DESCRIPTIONS: Mapping[Problem, str] = MappingProxyType({
    Problem.MISSING_PARAMETER: "A parameter is not described, though others are.",
    Problem.UNKNOWN_PARAMETER: "A described parameter does not exist.",
    Problem.RENAMED_PARAMETER: "A parameter is described under an earlier name.",
    Problem.RENAMED_EXCEPTION: "An exception is described under an earlier name.",
    Problem.NOTHING_RETURNED: "A result is described, but nothing is returned.",
    Problem.UNDOCUMENTED: "A public definition has no documentation.",
    Problem.PLACEHOLDER: "A placeholder is left in the documentation.",
})  # fmt: skip


@dataclass(frozen=True)
class Finding:
    """Documentation that does not fit, or is missing."""

    problem: Problem
    message: str
    place: Span
    """Characters of the file that the finding is about."""
    keyword: int
    """Offset of the definition, at which it is documented."""
    name: str
    """Name of the definition."""
    prune: tuple[str, ...] = ()
    """Names with which the update removes or renames what is out of date."""


def find_stale(tree: SyntaxTree) -> list[Finding]:
    """Return what does not fit in the documentation of a file, in the order of the file."""
    places = all_definitions(tree)
    whole = [one for place in places if (one := find_definition(tree, place.keyword))]
    style = convention_of(tree, "auto")
    overloads: dict[tuple[str | None, str], set[str]] = {}
    for one in whole:
        names = overloads.setdefault((one.parent, one.name), set())
        names.update(parameter.name for parameter in one.parameters)
    found: list[Finding] = []
    for one in whole:
        written = one.documentation
        if one.is_callable and written and has_words(tree.text[written.start : written.end]):
            check = _Check(tree, one, written, style, frozenset(overloads[one.parent, one.name]))
            found += check.findings()
    return sorted(set(found), key=lambda one: (one.place.start, one.message))


def find_incomplete(tree: SyntaxTree, *, include_private: bool = False) -> list[Finding]:
    """Return the definitions that lack documentation, and the placeholders that are left."""
    found = [
        Finding(
            Problem.UNDOCUMENTED,
            f"`{one.name}` is not documented.",
            _place_of(tree.text, one.name, Span(one.keyword, one.header.end)),
            one.keyword,
            one.name,
        )
        for one in undocumented(tree, include_private=include_private)
    ]
    for one in all_definitions(tree):
        for place in _placeholders(tree.text, one.documentation):
            message = "A placeholder is left for you to replace."
            found.append(Finding(Problem.PLACEHOLDER, message, place, one.keyword, one.name))
    return sorted(found, key=lambda one: one.place.start)


def _placeholders(text: str, written: Span | None) -> Iterator[Span]:
    if written is not None:
        for found in PLACEHOLDER.finditer(text, written.start, written.end):
            yield Span(*found.span())


_WRAPPED = re.compile(r"[=:]\s*[\w$.]+\s*\(")
"""A function within a call, whose result may have other parameters: `f = debounce(function`."""
_NO_VALUE = re.compile(
    r"\b(none|nothing|no value|no return|void|null|nil|undefined|never|promise|n/a)\b",
    re.IGNORECASE,
)
_OTHER_END = re.compile(
    r"\byield\b|\b(Not|un)[iI]mplemented\w*|\breturn\s+(None|null|undefined|nil|void)\b"
    r"|^\W*(\w+[.:])?(raise|throw|abort|_?exit|panic|error|fail)\b.*\Z",
    re.MULTILINE,
)
"""An end without a plain return: a placeholder, a result that may count as one, or a failure."""
_DOES_SOMETHING = re.compile(r"[\w\])]\s*[({=]|\bfor\b|\bif\b")
_COMMENT = re.compile(r"/\*.*?\*/|(?://|#(?!\w*include)|--).*", re.DOTALL)
_RANGE = re.compile(
    r"^[^\w\n]*(?:(?:param|arg)\b\s*(?:\{[^}\n]*\}\s*)?)?(?!(?:param|arg)\b)\w+"
    r"[`*, ]*(?:\.\.|…)[.…`*, ]*\w"
    r"|\b([A-Za-z_]+)\d+[`* ]*(?:-|\N{EN DASH}|to|through)[`* ]*\1\d",
    re.MULTILINE,
)
"""One entry for several parameters, such as `x1..x3`."""
_HEAD_WORDS = 4
_MAX_NAMES = 3
"""Number of names in a message."""


@dataclass(frozen=True)
class _Check:
    """One documented function."""

    tree: SyntaxTree
    definition: Definition
    written: Span
    style: PythonStyle | CommentStyle
    names: frozenset[str]
    """Parameters of all definitions with this name, which may share their documentation."""

    def findings(self) -> Iterator[Finding]:
        yield from self._parameters()
        yield from self._exceptions()
        yield from self._results()

    @cached_property
    def text(self) -> str:
        return self.tree.text[self.written.start : self.written.end]

    @cached_property
    def sections(self) -> tuple[Section, ...]:
        """Return the sections of a docstring in Python."""
        docstring = read_docstring(self.tree.text, self.written)
        style = style_of(self.text)
        known = [one.name for one in self.definition.parameters]
        return read_sections(docstring.lines, style, known) if docstring and style else ()

    @cached_property
    def comment(self) -> Comment:
        return read_comment(self.tree.text, self.written, self.definition.name)

    def _parameters(self) -> Iterator[Finding]:
        change = plan_documentation(self.tree, self.definition, self.style).change
        if change is None or self._confirmed.isdisjoint(self._own_names):
            return
        gone = self._gone(change)
        is_range = _RANGE.search(self.text) is not None
        missing = [one.name for one in change.missing if self._is_missing(one) and not is_range]
        for old, new in _renamed(gone, missing):
            gone.remove(old)
            missing.remove(new)
            message = f"`{old}` is described, but the parameter is `{new}`."
            yield self._found(Problem.RENAMED_PARAMETER, message, old, prune=(old,))
        for name in gone:
            message = f"`{name}` is described, but is not a parameter."
            yield self._found(Problem.UNKNOWN_PARAMETER, message, name, prune=(name,))
        if missing:
            listed = ", ".join(f"`{name}`" for name in missing[:_MAX_NAMES])
            more = " and others" if len(missing) > _MAX_NAMES else ""
            message = f"Not described, though other parameters are: {listed}{more}."
            header = self.definition.header
            yield self._found(Problem.MISSING_PARAMETER, message, missing[0], header)

    @cached_property
    def _own_names(self) -> frozenset[str]:
        return frozenset(one.name for one in self.definition.parameters)

    @cached_property
    def _confirmed(self) -> frozenset[str]:
        """Return the names that two parsers read as parameters."""
        if isinstance(self.style, PythonStyle):
            style = style_of(self.text)
            own = parameter_names(self.sections)
            read = described_names.in_docstring(self.text, style) if style else Counter()
        else:
            tags = (tag for tag in self.comment.tags if tag.is_parameter)
            own = [name for tag in tags for name in tag.names]
            read = described_names.in_comment(self.text, self.names)
        return frozenset(own) & read.keys()

    def _gone(self, change: Change) -> list[str]:
        definition = self.definition
        header = self.tree.text[definition.header.start : definition.header.end]
        body = self.tree.text[definition.header.end : definition.span.end]
        is_python = isinstance(self.style, PythonStyle)
        collects = is_python or any(one.stars for one in definition.parameters)
        if collects and collects_arguments(definition):
            return []
        if _WRAPPED.search(header) or re.search(r"\barguments\b", body):
            return []
        known = self.names | self._other_names
        return [
            name
            for name in change.gone
            if name in self._confirmed and name not in known and not name[:1].isupper()
        ]

    @cached_property
    def _other_names(self) -> frozenset[str]:
        """Return the words after the name in the header, and the parameters of inner functions.

        A macro may hide a parameter, and a function may be documented with the one that it returns.
        """
        definition, text = self.definition, self.tree.text
        name = _place_of(text, definition.name, Span(definition.keyword, definition.header.end))
        parts = [text[name.end : definition.header.end]]
        body = definition.body
        waiting = [self.tree.node_at(body.start, body.end)] if body else []
        while waiting:
            node = waiting.pop()
            lists = map(node.child_by_field_name, ("parameters", "parameter"))
            parts += [text[self.tree.start(one) : self.tree.end(one)] for one in lists if one]
            waiting += node.named_children
        return frozenset(re.findall(r"[\w$]+", " ".join(parts)))

    def _is_missing(self, parameter: Parameter) -> bool:
        name, definition = parameter.name, self.definition
        is_named = re.search(rf"(?<![\w$]){re.escape(name)}(?![\w$])", self.text) is not None
        is_other = parameter.stars or name.startswith("_") or name in {"...", "self", "cls", "this"}
        decorators = self.tree.text[definition.header.start : definition.keyword]
        # A decorator may complete the documentation, such as matplotlib's `@_docstring.interpd`.
        return not (is_named or is_other or "doc" in decorators)

    def _exceptions(self) -> Iterator[Finding]:
        code = self.tree.text[: self.written.start] + self.tree.text[self.written.end :]
        for old, new in renamed_exceptions(self.definition, self._described_exceptions()):
            if not re.search(rf"\b{re.escape(old)}\b", code):
                message = f"`{old}` is described, but `{new}` is raised."
                yield self._found(Problem.RENAMED_EXCEPTION, message, old, prune=(old,))

    def _described_exceptions(self) -> list[str]:
        if isinstance(self.style, PythonStyle):
            sections = (one for one in self.sections if one.role is Role.RAISES)
            return [name for one in sections for entry in one.entries for name in entry.names]
        return described_exceptions(self.comment)

    def _results(self) -> Iterator[Finding]:
        definition = self.definition
        if definition.returns_value or definition.is_generator or definition.is_property:
            return
        if definition.kind is Kind.CONSTRUCTOR or not self._ends_plainly():
            return
        for line, text in self._described_results():
            if not _NO_VALUE.search(text):
                message = "A result is described, but nothing is returned."
                start = self.written.start + self._line_start(line)
                end = start + len(self.text.split("\n")[line].rstrip())
                start = end - len(self.tree.text[start:end].lstrip(" \t*/"))
                yield Finding(
                    Problem.NOTHING_RETURNED, message, Span(start, end), definition.keyword,
                    definition.name, (RESULT,),
                )  # fmt: skip

    def _line_start(self, line: int) -> int:
        return sum(len(one) + 1 for one in self.text.split("\n")[:line])

    def _ends_plainly(self) -> bool:
        """Return whether the body does something and ends without a result for certain."""
        definition = self.definition
        body = definition.body
        is_python = isinstance(self.style, PythonStyle)
        if body is None or (is_python and definition.header.start < definition.keyword):
            return False
        header = self.tree.text[definition.header.start : definition.header.end]
        start = max(body.start, self.written.end if self.written.end <= body.end else 0)
        code = _COMMENT.sub("", self.tree.text[start : body.end].strip().removeprefix("{"))
        does_something = _DOES_SOMETHING.search(code) is not None
        is_plain = not _OTHER_END.search(code.rstrip(" \t\n;}"))
        return does_something and is_plain and not _WRAPPED.search(header)

    def _described_results(self) -> Iterator[tuple[int, str]]:
        """Yield the first line, counted from 0, and the text of each described result."""
        lines = self.text.split("\n")
        if isinstance(self.style, PythonStyle):
            for one in self.sections:
                if one.role is Role.RETURNS:
                    yield one.first, "\n".join(lines[one.first : one.last + 1])
        else:
            for tag in self.comment.tags:
                if tag.word in {"return", "returns"}:
                    yield tag.first, "\n".join(lines[tag.first : tag.last + 1])

    def _found(
        self,
        problem: Problem,
        message: str,
        name: str,
        where: Span | None = None,
        prune: tuple[str, ...] = (),
    ) -> Finding:
        place = _place_of(self.tree.text, name, where or self.written)
        definition = self.definition
        return Finding(problem, message, place, definition.keyword, definition.name, prune)


def _renamed(gone: list[str], missing: list[str]) -> list[tuple[str, str]]:
    """Return pairs of an old and a new name that are similar to each other and to no others."""
    pairs = [(old, new) for old in gone for new in missing if are_similar(old, new)]
    counts = Counter(name for pair in pairs for name in pair)
    return [(old, new) for old, new in pairs if counts[old] == 1 == counts[new]]


def _place_of(text: str, name: str, within: Span) -> Span:
    """Return where a name stands, preferably among the first words of a line."""
    form = re.compile(rf"(?<![\w$]){re.escape(name)}(?![\w$])")
    places = [found.start() for found in form.finditer(text, within.start, within.end)]

    def is_head(place: int) -> bool:
        before = text[text.rfind("\n", 0, place) + 1 : place]
        return len(re.findall(r"[\w$]+", before)) < _HEAD_WORDS

    heads = [place for place in places if is_head(place)]
    start = next(iter([*heads, *places]), within.start)
    return Span(start, min(start + len(name), within.end))
