"""Edits that insert a text as a comment without changing the program."""

import re
import textwrap
import unicodedata
from collections.abc import Iterator

from assist_server.context.snapshot import Snapshot
from assist_server.errors import InputError
from assist_server.features.comments.place import line_for_comment
from assist_server.features.comments.verification import is_only_comment
from assist_server.syntax.comment_marks import CommentMarks, Mark, find_comment_marks
from assist_server.syntax.scope import enclosing_starts, is_inside_comment
from assist_server.text.edits import TextEdit
from assist_server.text.indentation import leading_whitespace
from assist_server.text.newlines import BYTE_ORDER_MARK

_MAX_PLACES = 8
_COLUMNS = 88
_MIN_COLUMNS = 20
_TOOLS_WORDS = re.compile(
    r"\w[\w.-]*\s?[:=]|noqa|nolint|nosec|pragma|\S+-(?:ignore|disable|enable|expect|format)\S*",
    re.IGNORECASE,
)
"""Starts of comments that are directives to tools."""


def has_comments(snapshot: Snapshot) -> bool:
    """Return whether the language of a document has comments."""
    marks = find_comment_marks(snapshot.language_id, snapshot.path)
    return marks is not None and bool(marks.marks)


def comment_edit(snapshot: Snapshot, start: int, end: int, text: str) -> TextEdit:
    """Return the edit that inserts a text as a comment on the characters from `start` to `end`.

    The comment goes above the first line, or above the statement or the attributes to which this
    line belongs, but never above what must stay at the top of a file.

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
        "a comment there would change the program; select from the start of a statement, "
        "or copy the summary instead"
    )


def comment_below(snapshot: Snapshot, start: int, end: int, text: str) -> str:
    """Return a text as the lines of a comment, for below those of `start` to `end`.

    They are empty where they would be no comment, and for a language without any.
    """
    marks = find_comment_marks(snapshot.language_id, snapshot.path)
    if marks is None:
        return ""
    lines = snapshot.lines
    at = lines.end_of(lines.line_at(end))
    indent = leading_whitespace(lines.line_text(lines.line_at(start)))
    for mark in marks.marks:
        margin = indent if marks.indents else ""
        written = "\n".join(_comment_lines(text, mark, marks, margin, "Answer"))
        if is_only_comment(snapshot, marks, TextEdit(at, at, f"\n{written}")):
            return written
    return ""


def _places(snapshot: Snapshot, start: int, end: int, marks: CommentMarks) -> Iterator[int]:
    """Yield lines above which the comment may go: that of the selection, then those around it."""
    lines = [snapshot.lines.line_text(number) for number in range(snapshot.lines.line_count)]
    selected = snapshot.text[start:end]
    start += len(selected) - len(selected.lstrip())
    starts = [start]
    if tree := snapshot.syntax:
        starts = [] if is_inside_comment(tree, start) else starts
        starts += enclosing_starts(tree, start)
    wanted = dict.fromkeys(map(snapshot.lines.line_at, starts))
    found = (line_for_comment(lines, line, marks) for line in wanted)
    yield from [line for line in dict.fromkeys(found) if line is not None][:_MAX_PLACES]


def _edit(snapshot: Snapshot, line: int, text: str, mark: Mark, marks: CommentMarks) -> TextEdit:
    if line == snapshot.lines.line_count:  # the whole file must stay at the top
        at, before, indent = len(snapshot.text), "\n", ""
    else:
        at, before = snapshot.lines.start_of(line), ""
        at += snapshot.text.startswith(BYTE_ORDER_MARK, at)
        indent = leading_whitespace(snapshot.text[at : snapshot.lines.end_of(line)])
    written = _comment_lines(text, mark, marks, indent if marks.indents else "")
    return TextEdit(at, at, before + "\n".join(written) + ("" if before else "\n"))


def _comment_lines(
    text: str, mark: Mark, marks: CommentMarks, indent: str, label: str = "Summary"
) -> list[str]:
    """Return a text, which may be Markdown, as whole lines of a comment.

    The label goes before what tools would take for a directive.
    """
    width = max(_MIN_COLUMNS, _COLUMNS - len(indent) - len(mark.start) - 1)
    plain = re.sub(r"[*`]|^#+ ", "", text, flags=re.MULTILINE).strip()
    written = [
        piece for line in plain.splitlines() for piece in _wrapped(_clean(line, label), width)
    ]
    written = [_without_meaning(line, mark, marks) for line in written]
    if not mark.end:
        return [f"{indent}{mark.start} {line}".rstrip() for line in written]
    margin = indent + " " * (len(mark.start) + 1)
    first, *others = written
    lines = [f"{indent}{mark.start} {first}", *(f"{margin}{line}".rstrip() for line in others)]
    lines[-1] += f" {mark.end}"
    return lines


def _wrapped(line: str, width: int) -> list[str]:
    return textwrap.wrap(line, width, subsequent_indent="  " * line.startswith("- ")) or [""]


def _clean(line: str, label: str) -> str:
    """Return a line without invisible characters and without directives to tools."""
    seen = "".join(one for one in line if unicodedata.category(one) not in {"Cc", "Cf", "Cs"})
    line = " ".join(seen.split())
    if not line.startswith("- "):
        line = re.sub(r"^[^\w(\"']+", "", line)
    return f"{label}: {line}" if _TOOLS_WORDS.match(line) else line


def _without_meaning(line: str, mark: Mark, marks: CommentMarks) -> str:
    for text in (*([mark.start, mark.end] if mark.end else []), *marks.forbidden):
        # Single characters are removed, longer marks are spaced out: "* /" ends no comment.
        line = line.replace(text, " ".join(text) if len(text) > 1 else " ")
    line = re.sub(r"coding([:=])", r"coding \1", line)
    return line.rstrip(" \\^_`?-")
