"""Plan of edits that document a definition by a comment: a new one, or additions to one."""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from functools import cached_property

from assist_server.features.documentation.comments.tags import (
    EXCEPTION_TAGS,
    Comment,
    Tag,
    defers,
    described_exceptions,
    parameter_names,
    read_comment,
)
from assist_server.features.documentation.comments.writer import CommentWriter
from assist_server.features.documentation.layout import (
    Insertion,
    Line,
    Plan,
    Slot,
    Telling,
    Title,
    has_words,
    without_indent,
)
from assist_server.features.documentation.mentions import Mention, find_mentions, similar_entries
from assist_server.features.documentation.phrases import PhraseKind
from assist_server.features.documentation.signature_diff import (
    RESULT,
    Change,
    compare,
    renamed_exceptions,
)
from assist_server.features.documentation.styles import CommentStyle
from assist_server.syntax.definition import Definition, Parameter, Span
from assist_server.text.indentation import leading_whitespace

_TAGLESS = frozenset({"godoc", "rustdoc"})
_NOTHING_TOLD = Telling()
_NAMELESS = re.compile(r"\s*(\{(?!@).*\})?[\s-]*")


def plan_comment(
    text: str,
    definition: Definition,
    style: CommentStyle,
    prune: Collection[str] = (),
    telling: Telling = _NOTHING_TOLD,
) -> Plan:
    """Return the insertions that document a definition; none if nothing is missing."""
    place = definition.documentation
    if place is None:
        return Plan((_new_comment(text, definition, style, telling),))
    written = text[place.start : place.end]
    if not has_words(written):
        return Plan((_filled_comment(text, definition, place, style, telling),))
    if style.name in _TAGLESS or defers(written):
        return Plan(())
    known = [one.name for one in definition.parameters]
    comment = read_comment(text, place, definition.name, known)
    update = _Update(text, definition, comment, style, prune)
    return Plan(tuple(update.insertions()), update.change)


def _new_comment(
    text: str, definition: Definition, style: CommentStyle, telling: Telling
) -> Insertion:
    start = definition.comment_place
    line_start = text.rfind("\n", 0, start) + 1
    indent = leading_whitespace(text[line_start:start])
    margin = indent + style.margin
    writer = CommentWriter(definition, style, indent, margin, telling)
    lines = _whole_comment(writer)
    if code := text[line_start:start].rstrip():  # the definition does not begin its line
        return Insertion(line_start + len(code), start, lines, "\n", "\n" + indent)
    return Insertion(line_start, line_start, lines, after="\n")


def _whole_comment(writer: CommentWriter) -> tuple[Line, ...]:
    definition = writer.definition
    has_directives = definition.comment_place < definition.header.start
    # In Go, directives are part of the comment, below a blank line.
    blank = (writer.blank,) if has_directives and writer.style.name == "godoc" else ()
    return (*writer.lines(), *blank)


def _filled_comment(
    text: str, definition: Definition, place: Span, style: CommentStyle, telling: Telling
) -> Insertion:
    """Return a comment that replaces one without words, with the marks that were typed."""
    line_start = text.rfind("\n", 0, place.start) + 1
    indent = leading_whitespace(text[line_start : place.start])
    mark = text[place.start : place.start + 3]
    if mark.startswith("/*"):
        style = replace(style, opening=mark, margin=" * ", closing=" */")
    elif style.name == "doxygen":
        style = replace(style, opening="", margin=f"{mark} ", closing="")
    writer = CommentWriter(definition, style, indent, indent + style.margin, telling)
    first, *rest = _whole_comment(writer)
    lines = (without_indent(first, indent), *rest)
    return Insertion(place.start, place.end, lines)


@dataclass(frozen=True)
class _Update:
    """The changes that update a comment."""

    text: str
    definition: Definition
    comment: Comment
    style: CommentStyle
    prune: Collection[str]

    @cached_property
    def change(self) -> Change:
        found = compare(self.definition, parameter_names(self.comment), self.prune)
        mentioned = {one.name for one in self.mentions}
        missing = tuple(one for one in found.missing if one.name not in mentioned)
        return replace(found, missing=missing)

    @cached_property
    def mentions(self) -> tuple[Mention, ...]:
        """Return the parameters that are described without a tag."""
        described = set(parameter_names(self.comment))
        names = [one.name for one in self.definition.parameters if one.name not in described]
        return find_mentions(self.comment.lines, names)

    @cached_property
    def tags(self) -> list[Tag]:
        """Return the tags about parts of the definition."""
        return [tag for tag in self.comment.tags if tag.is_structure]

    @cached_property
    def writer(self) -> CommentWriter:
        """Return a writer with the marks and margins of the comment."""
        start = self.comment.span.start
        indent = leading_whitespace(self.text[self.text.rfind("\n", 0, start) + 1 : start])
        style, margin = self.style, indent + self.style.margin
        if self.comment.tags:
            is_kernel = any(tag.is_kernel for tag in self.tags)
            name = "kernel" if is_kernel else style.name
            style = replace(style, mark=self.comment.tags[0].mark, name=name)
        if self.comment.lines[0].startswith("/*"):
            inner = [tag.margin for tag in self.tags if tag.first]
            margin = inner[0] if inner else f"{indent} * "
            style = replace(style, closing=" */")
        elif self.style.name == "doxygen":
            margin = f"{indent}{self.comment.lines[0][:3]} "
            style = replace(style, closing="")
        return CommentWriter(self.definition, style, indent, margin)

    def insertions(self) -> Iterator[Insertion]:
        yield from self._outdated()
        has_parameters = any(tag.is_parameter for tag in self.tags)
        if self.mentions and not has_parameters:
            for line, lines in similar_entries(
                self.definition, self.change.missing, self.mentions, self.comment.lines
            ):
                end = self.comment.end_of(line)
                yield Insertion(end, end, lines, "\n")
        elif not self.tags and self.definition.parameters:
            yield self._at_end((Title(self.writer.blank), *self.writer.body()))
        elif self.tags:
            yield from _fill_gaps(self.text, self.comment, self.writer)
            yield from self._renamings()
            yield from self._removals()
            yield from self._additions()

    def _at_end(self, lines: tuple[Line, ...]) -> Insertion:
        comment, writer = self.comment, self.writer
        closing = (f"{writer.indent}{writer.style.closing}",) if writer.style.closing else ()
        return Insertion(comment.end, comment.span.end, (*lines, *closing), "\n")

    def _additions(self) -> Iterator[Insertion]:
        """Yield each missing parameter below the one before it in the signature."""
        anchor = self._first_anchor()
        groups: dict[int, list[Parameter]] = {}
        for parameter in self.definition.parameters:
            ends = [tag.last for tag in self._tags_of(self.change.old_name(parameter.name))]
            if ends:
                anchor = max(ends)
            elif parameter in self.change.missing:
                groups.setdefault(anchor, []).append(parameter)
        for line, parameters in groups.items():
            lines = tuple(item for one in parameters for item in self.writer.parameter(one))
            end = self.comment.end_of(line)
            is_last = not self.text[end : self.comment.end].strip()
            is_closed_here = is_last and line == len(self.comment.lines) - 1
            yield self._at_end(lines) if is_closed_here else Insertion(end, end, lines, "\n")

    def _first_anchor(self) -> int:
        """Return the line below which the first parameter goes."""
        parameters = [tag for tag in self.tags if tag.is_parameter]
        return max((parameters or self.tags)[0].first - 1, 0)

    def _tags_of(self, name: str) -> list[Tag]:
        return [tag for tag in self.tags if tag.is_parameter and _root(tag) == name]

    def _removals(self) -> Iterator[Insertion]:
        for tag in self.tags:
            if tag.is_parameter and _root(tag) in self.change.pruned and tag.first:
                start = self.comment.end_of(tag.first - 1)
                yield Insertion(start, self.comment.end_of(tag.last))

    def _renamings(self) -> Iterator[Insertion]:
        for old, new in self.change.renamed:
            for tag in self._tags_of(old):
                place = self._find_name(tag, old)
                if place is not None:
                    yield Insertion(place, place + len(old), before=new)

    def _outdated(self) -> Iterator[Insertion]:
        """Yield the removal of a result that is none, and exceptions' present names, if wanted."""
        is_nothing = not (self.definition.returns_value or self.definition.is_generator)
        for tag in self.tags:
            is_result = tag.word in {"return", "returns"} and RESULT in self.prune
            if is_result and is_nothing and tag.first:
                start = self.comment.end_of(tag.first - 1)
                yield Insertion(start, self.comment.end_of(tag.last))
        for old, new in renamed_exceptions(self.definition, described_exceptions(self.comment)):
            for tag in self.tags:
                place = self._find_name(tag, old) if tag.word in EXCEPTION_TAGS else None
                if old in self.prune and place is not None:
                    yield Insertion(place, place + len(old), before=new)

    def _find_name(self, tag: Tag, name: str) -> int | None:
        """Return the offset of a parameter's name in a tag."""
        form = re.compile(rf"(?<![\w$]){re.escape(name)}(?![\w$])")
        for number in range(tag.first, tag.last + 1):
            line = self.comment.lines[number]
            start = line.index(tag.word) + len(tag.word) if number == tag.first else 0
            if found := form.search(line, start):
                return self.comment.line_ends[number] - len(line) + found.start()
        return None


def _root(tag: Tag) -> str:
    """Return the parameter of a tag; empty if the tag is about several at once."""
    name = tag.names[0] if len(tag.names) == 1 else ""
    return name if name == "..." else name.partition(".")[0]


def _fill_gaps(text: str, comment: Comment, writer: CommentWriter) -> Iterator[Insertion]:
    """Yield insertions that fill an empty summary and empty tags."""
    tags = [tag for tag in comment.tags if tag.is_structure]
    if comment.lines[0].startswith("/*") and tags:
        yield from _summary(comment, tags[0], writer)
    for tag in tags:
        if tag.first == tag.last and (slot := _slot(comment.lines[tag.first], tag, writer)):
            is_closing = "*/" in comment.lines[tag.last]
            end = comment.end if is_closing else comment.line_ends[tag.last]
            start = end - len(text[:end]) + len(text[:end].rstrip())
            yield Insertion(start, end, (slot,))


def _summary(comment: Comment, first: Tag, writer: CommentWriter) -> Iterator[Insertion]:
    """Yield the summary if there are no words above the first tag, only an empty line."""
    if first.first < 2 or has_words("".join(comment.lines[: first.first])):
        return
    start = comment.line_ends[0] + 1
    lines: list[Line] = [writer.summary()]
    if first.first == 2:
        lines.append(writer.blank)
    yield Insertion(start, comment.line_ends[1], tuple(lines))


def _slot(line: str, tag: Tag, writer: CommentWriter) -> Slot | None:
    """Return a slot for the description of an empty tag; None if it is to stay as it is."""
    description = line.partition(tag.word)[2].removesuffix("*/").rstrip(" *")
    dash = "" if description.endswith("-") or writer.style.name not in {"jsdoc", "tsdoc"} else " -"
    if tag.word in {"return", "returns"} and writer.definition.returns_value:
        if not _NAMELESS.fullmatch(description):
            return None
        returns = writer.definition.returns or ""
        return writer.slot(PhraseKind.RETURNS, returns, " ")
    known = {one.name for one in writer.definition.parameters}
    name = tag.names[0] if len(tag.names) == 1 else ""
    if name not in known or tag.is_kernel:
        return None
    found = re.search(rf"(?<![\w$]){re.escape(name)}(?![\w$])", description)
    if found is None or description[found.end() :].strip(" ]-"):
        return None
    return writer.slot(PhraseKind.PARAMETER, name, f"{dash} ")
