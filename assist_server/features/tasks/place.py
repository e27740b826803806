"""The text that a task is about, and the place of its answer."""

import re
from dataclasses import dataclass

from assist_server.context.selection import Selection
from assist_server.context.snapshot import Snapshot
from assist_server.errors import InputError
from assist_server.prompts.tasks import Kinds, Need, Output, Task
from assist_server.syntax.definitions import Definition, Span, find_definition
from assist_server.syntax.scope import is_inside_comment
from assist_server.text.indentation import leading_whitespace


@dataclass(frozen=True)
class Place:
    """The text that a task is about, and the characters that its answer replaces."""

    snapshot: Snapshot
    about: Span
    replaced: Span
    """Empty where the answer is inserted."""
    is_code: bool
    """Whether the answer is code."""
    definition: Definition | None = None
    """The definition that the answer has to define again, if there is one."""

    @property
    def text(self) -> str:
        """Return the text that the task is about."""
        return self.snapshot.text[self.about.start : self.about.end]

    @property
    def margin(self) -> str:
        """Return the white space before the first line of the text."""
        lines = self.snapshot.lines
        return leading_whitespace(lines.line_text(lines.line_at(self.about.start)))


def find_place(task: Task, selection: Selection) -> Place:
    """Return the place of a task for a selection, or for the cursor if nothing is selected.

    Without a selection, the text is the definition or the paragraph at the cursor. A task that
    inserts code replaces a definition with its complete form, and writes below anything else.

    Raises:
        InputError: the task does not fit the document, or there is no text.
    """
    snapshot = selection.snapshot
    if task.kinds is Kinds.CODE and snapshot.is_prose:
        raise InputError(f"the task {task.name!r} is for code; use it in a file of code")
    is_code = not snapshot.is_prose and task.kinds is not Kinds.TEXT
    definition = None
    if selection.text.strip():
        about = _trimmed(snapshot, selection.start, selection.end)
    else:
        about, definition = _at_cursor(task, snapshot, selection.end, is_code=is_code)
    if about.start == about.end and task.needs & {Need.SELECTION, Need.CURSOR}:
        raise InputError("there is no text; select some, or put the cursor on it, and try again")
    if is_code:
        about = _from_line_start(snapshot, about)
    if task.output is Output.REPLACE or (task.output is Output.INSERT and definition):
        may_rename = Need.INSTRUCTION in task.needs
        return Place(snapshot, about, about, is_code, None if may_rename else definition)
    end = snapshot.lines.end_of(snapshot.lines.line_at(about.end)) if is_code else about.end
    return Place(snapshot, about, Span(end, end), is_code)


def _at_cursor(
    task: Task, snapshot: Snapshot, offset: int, *, is_code: bool
) -> tuple[Span, Definition | None]:
    tree = snapshot.syntax if is_code else None
    definition = find_definition(tree, offset) if tree else None
    if tree and task.output is Output.INSERT:
        comment = _comment_lines(snapshot, offset)
        documentation = definition.documentation if definition else None
        is_own = documentation and documentation.start <= comment.start < documentation.end
        if comment.start < comment.end and not is_own:
            return comment, None
    if definition is None:
        return _paragraph(snapshot, offset), None
    start = min(definition.span.start, definition.header.start)
    return _trimmed(snapshot, start, definition.span.end), definition


def _comment_lines(snapshot: Snapshot, offset: int) -> Span:
    """Return the lines of comments around an offset; an empty span if it is not on one."""
    lines = snapshot.lines
    first = last = lines.line_at(offset)
    if not _is_comment_line(snapshot, first):
        return Span(offset, offset)
    while first and _is_comment_line(snapshot, first - 1):
        first -= 1
    while last + 1 < lines.line_count and _is_comment_line(snapshot, last + 1):
        last += 1
    return _trimmed(snapshot, lines.start_of(first), lines.end_of(last))


def _is_comment_line(snapshot: Snapshot, line: int) -> bool:
    text = snapshot.lines.line_text(line)
    start = snapshot.lines.start_of(line) + len(leading_whitespace(text))
    tree = snapshot.syntax
    return bool(text.strip()) and tree is not None and is_inside_comment(tree, start + 1)


def _paragraph(snapshot: Snapshot, offset: int) -> Span:
    """Return the lines around an offset up to blank ones; an empty span on a blank line."""
    lines = snapshot.lines
    first = last = lines.line_at(offset)
    if not lines.line_text(first).strip():
        return Span(offset, offset)
    while first and lines.line_text(first - 1).strip():
        first -= 1
    while last + 1 < lines.line_count and lines.line_text(last + 1).strip():
        last += 1
    return _trimmed(snapshot, lines.start_of(first), lines.end_of(last))


def _trimmed(snapshot: Snapshot, start: int, end: int) -> Span:
    """Return a part of a text without the white space at its ends."""
    part = snapshot.text[start:end]
    return Span(start + len(part) - len(part.lstrip()), start + len(part.rstrip()))


def _from_line_start(snapshot: Snapshot, span: Span) -> Span:
    """Return a span with the white space before it, if that begins its line."""
    start = snapshot.lines.start_of(snapshot.lines.line_at(span.start))
    is_indentation = re.fullmatch(r"[ \t]*", snapshot.text[start : span.start])
    return Span(start, span.end) if is_indentation else span
