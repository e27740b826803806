"""Where lines go to document a definition by a comment: a new one, or additions to the old one."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

from assist_server.features.docstrings.comment_styles import CommentWriter
from assist_server.features.docstrings.comment_tags import (
    Comment,
    Tag,
    parameter_names,
    read_comment,
)
from assist_server.features.docstrings.layout import Insertion, Line
from assist_server.features.docstrings.styles import CommentStyle
from assist_server.features.docstrings.updating import Change, compare
from assist_server.syntax.definition import Definition, Parameter
from assist_server.text.indentation import leading_whitespace

_TAGLESS = frozenset({"godoc", "rustdoc"})


def plan_comment(
    text: str, definition: Definition, style: CommentStyle, newline: str
) -> tuple[Insertion, ...]:
    """The insertions that document a definition; none where nothing is missing."""
    if definition.documentation is None:
        return (_new_comment(text, definition, style, newline),)
    if style.name in _TAGLESS or not definition.parameters:
        return ()
    comment = read_comment(text, definition.documentation)
    return tuple(_Update(text, definition, comment, style, newline).insertions())


def _new_comment(text: str, definition: Definition, style: CommentStyle, newline: str) -> Insertion:
    start = definition.comment_place
    line_start = text.rfind("\n", 0, start) + 1
    indent = leading_whitespace(text[line_start:start])
    writer = CommentWriter(definition, style, indent, indent + style.margin)
    has_orders = start < definition.header.start
    # Go takes orders for a part of the comment, below a blank line.
    lines = (*writer.lines(), *((writer.blank,) if has_orders and style.name == "godoc" else ()))
    if code := text[line_start:start].rstrip():  # it does not begin its line
        return Insertion(line_start + len(code), start, lines, newline, newline + indent)
    return Insertion(line_start, line_start, lines, "", newline)


@dataclass(frozen=True)
class _Update:
    """The changes that bring one comment up to date."""

    text: str
    definition: Definition
    comment: Comment
    style: CommentStyle
    newline: str

    @cached_property
    def change(self) -> Change:
        return compare(self.definition, parameter_names(self.comment))

    @cached_property
    def tags(self) -> list[Tag]:
        """The tags about parts of the definition."""
        return [tag for tag in self.comment.tags if tag.is_structure]

    @cached_property
    def writer(self) -> CommentWriter:
        """Writes with the marks and margins that the comment has already."""
        start = self.comment.span.start
        indent = leading_whitespace(self.text[self.text.rfind("\n", 0, start) + 1 : start])
        style, margin = self.style, indent + self.style.margin
        if self.comment.tags:
            style = replace(style, mark=self.comment.tags[0].mark)
        if self.comment.lines[0].startswith("/*"):
            inner = [tag.margin for tag in self.tags if tag.first]
            margin = inner[0] if inner else f"{indent} * "
            style = replace(style, closing=" */")
        elif self.style.name == "doxygen":
            margin = f"{indent}{self.comment.lines[0][:3]} "
            style = replace(style, closing="")
        return CommentWriter(self.definition, style, indent, margin)

    def insertions(self) -> Iterator[Insertion]:
        if not self.tags:
            yield self._at_end((self.writer.blank, *self.writer.body()))
            return
        yield from self._renamings()
        yield from self._removals()
        yield from self._additions()

    def _at_end(self, lines: tuple[Line, ...]) -> Insertion:
        comment, writer = self.comment, self.writer
        closing = (f"{writer.indent}{writer.style.closing}",) if writer.style.closing else ()
        return Insertion(comment.end, comment.span.end, (*lines, *closing), self.newline)

    def _additions(self) -> Iterator[Insertion]:
        """Each missing parameter below the one before it in the signature."""
        anchor = self._first_anchor()
        groups: dict[int, list[Parameter]] = {}
        for parameter in self.definition.parameters:
            ends = [tag.last for tag in self._tags_of(self._old_name(parameter.name))]
            if ends:
                anchor = max(ends)
            elif parameter in self.change.missing:
                groups.setdefault(anchor, []).append(parameter)
        for line, parameters in groups.items():
            lines = tuple(item for one in parameters for item in self.writer.parameter(one))
            end = self.comment.end_of(line)
            is_last = not self.text[end : self.comment.end].strip()
            is_closed_here = is_last and line == len(self.comment.lines) - 1
            yield (
                self._at_end(lines) if is_closed_here else Insertion(end, end, lines, self.newline)
            )

    def _first_anchor(self) -> int:
        """The line below which the first parameter goes."""
        parameters = [tag for tag in self.tags if tag.is_parameter]
        return max((parameters or self.tags)[0].first - 1, 0)

    def _old_name(self, name: str) -> str:
        return next((old for old, new in self.change.renamed if new == name), name)

    def _tags_of(self, name: str) -> list[Tag]:
        return [tag for tag in self.tags if tag.is_parameter and _root(tag) == name]

    def _removals(self) -> Iterator[Insertion]:
        for tag in self.tags:
            if tag.is_parameter and _root(tag) in self.change.stale and tag.first:
                start = self.comment.end_of(tag.first - 1)
                yield Insertion(start, self.comment.end_of(tag.last))

    def _renamings(self) -> Iterator[Insertion]:
        for old, new in self.change.renamed:
            for tag in self._tags_of(old):
                line = self.comment.lines[tag.first]
                place = line.index(old, line.index(tag.word, len(tag.margin)) + len(tag.word))
                start = self.comment.line_ends[tag.first] - len(line) + place
                yield Insertion(start, start + len(old), before=new)


def _root(tag: Tag) -> str:
    """The parameter that a tag is about; nothing where it is about several at once."""
    name = tag.names[0] if len(tag.names) == 1 else ""
    return name if name == "..." else name.partition(".")[0]
