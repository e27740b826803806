"""An edit that inserts a text as a comment, and changes nothing of the program around."""

from collections.abc import Iterator

from assist_server.context.snapshot import Snapshot
from assist_server.errors import InputError
from assist_server.features.comments.place import line_for_comment
from assist_server.features.comments.verification import is_only_comment
from assist_server.features.comments.wording import comment_lines
from assist_server.syntax.comment_marks import CommentMarks, Mark, find_comment_marks
from assist_server.syntax.scope import enclosing_starts, is_inside_comment
from assist_server.text.edits import TextEdit
from assist_server.text.indentation import leading_whitespace
from assist_server.text.newlines import BYTE_ORDER_MARK

_MOST_PLACES = 8


def has_comments(snapshot: Snapshot) -> bool:
    """Tell whether a text can be inserted as a comment, as far as the language is concerned."""
    marks = find_comment_marks(snapshot.language_id, snapshot.path)
    return marks is not None and bool(marks.marks)


def comment_edit(snapshot: Snapshot, start: int, end: int, text: str) -> TextEdit:
    """Insert a text as a comment about what stands from `start` to `end`.

    It comes above the first line, or above the statement or the attributes that this line belongs
    to; never above what has to be at the top of a file.

    Raises:
        InputError: the language has no comments, or one would change the program there.
    """
    marks = find_comment_marks(snapshot.language_id, snapshot.path)
    if marks is None or not marks.marks:
        what = marks.name if marks else "this kind of file"
        raise InputError(f"{what} has no comments that can be checked; copy the summary instead")
    for line in _places(snapshot, start, end, marks):
        for mark in marks.marks:
            edit = _edit(snapshot, line, text, mark, marks)
            if is_only_comment(snapshot, marks, edit):
                return edit
    raise InputError(
        "a comment there would change the program; select from the beginning of a statement, "
        "or copy the summary instead"
    )


def _places(snapshot: Snapshot, start: int, end: int, marks: CommentMarks) -> Iterator[int]:
    """Yield lines above which the comment may stand: the selection's, then those around it."""
    lines = [snapshot.lines.line_text(number) for number in range(snapshot.lines.line_count)]
    selected = snapshot.text[start:end]
    start += len(selected) - len(selected.lstrip())
    starts = [start]
    if tree := snapshot.syntax:
        starts = [] if is_inside_comment(tree, start) else starts
        starts += enclosing_starts(tree, start)
    wanted = dict.fromkeys(map(snapshot.lines.line_at, starts))
    found = (line_for_comment(lines, line, marks) for line in wanted)
    yield from [line for line in dict.fromkeys(found) if line is not None][:_MOST_PLACES]


def _edit(snapshot: Snapshot, line: int, text: str, mark: Mark, marks: CommentMarks) -> TextEdit:
    if line == snapshot.lines.line_count:  # everything is head
        at, before, indent = len(snapshot.text), "\n", ""
    else:
        at, before = snapshot.lines.start_of(line), ""
        at += snapshot.text.startswith(BYTE_ORDER_MARK, at)
        indent = leading_whitespace(snapshot.text[at : snapshot.lines.end_of(line)])
    written = comment_lines(text, mark, marks, indent if marks.indents else "")
    return TextEdit(at, at, before + "\n".join(written) + ("" if before else "\n"))
