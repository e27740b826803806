"""The line above which a comment is harmless.

It is below the lines that must stay at the top of a file, and above lines that belong together.
This module decides by the form of lines; parsers of the language check the result afterwards.
"""

import re

from assist_server.syntax.comment_marks import CommentMarks, Mark

_DIRECTIVE = re.compile(
    r"""
    [@$+:!]                       # @ts-ignore, $schema, +build
    | \w+[:=]\S                   # go:noinline, fmt:off
    | [\w.-]+\s*[:=]\s*[\w-]+     # type: ignore, pylint: disable=all
    | .*\b(?:ignore|disable|enable|suppress|skip|allow|expect|deny|next)
    | \S*(?:nolint|noqa|nosec|noinspection|pragma|lint|coverage|format)
    """,
    re.VERBOSE | re.IGNORECASE,
)
"""Directives to tools. Prose may look alike; then the new comment only goes a line higher."""

_ABOUT_NEXT = re.compile(
    r".*(?:ignore|disable|suppress|skip|allow|expect|deny|next|nolint|noqa|nosec)", re.IGNORECASE
)
"""Directives that may apply to the next line."""

_UNSPACED_DIRECTIVE = re.compile(r"[a-z]\S*", re.IGNORECASE)
"""Text directly after a comment's mark, as in `//export f`, `#pragma` and `//nolint`."""

_DOCUMENTATION = re.compile(r"\s*(?:/\*[*!]|\*|//[/!]|---|##|;;;|--\s*\||%%%)")
_HEAD = re.compile(r"#!.*|.*-\*-.*-\*-|.{0,3}\s*(?:vim?|ex):.*|#.*coding[:=].*")
"""For any language: the interpreter, and lines at the top for editors and Python."""

_MAGIC = re.compile(r"(?:[#%;]|//|--)[!%a-z:]\S*")
"""A first line such as `#cloud-config`, `#compdef` and `%!PS`."""

_HEAD_LINES = 2
_LONGEST_LINE = 2000
"""Longer lines are data, on which patterns would be slow."""


def line_for_comment(lines: list[str], line: int, marks: CommentMarks) -> int | None:
    """Return the line above which a comment on the code at `line` should go.

    Returns:
        Its number; None if the text around is verbatim.
    """
    head = _count_head_lines(lines, marks)
    line = max(line, head)
    while line > head and line < len(lines) and _belongs_together(lines, line, marks):
        line -= 1
    if line < len(lines) and marks.not_above.match("\n".join(lines[line:])):
        return None
    return None if _is_opaque(lines, line, marks) else line


def _count_head_lines(lines: list[str], marks: CommentMarks) -> int:
    """Return the number of lines at the top of a file that must stay there."""
    count = 0
    while count < min(_HEAD_LINES, len(lines)) and _HEAD.fullmatch(lines[count].lstrip("\ufeff")):
        count += 1
    if count == 0 and lines and _is_magic(lines[0].lstrip("\ufeff"), marks):
        count = 1
    while count < len(lines):
        match = marks.head.match("\n".join(lines[count:]).lstrip("\ufeff"))
        if match is None or not match.group():
            break
        count += match.group().count("\n") + 1
    return count


def _is_magic(first: str, marks: CommentMarks) -> bool:
    is_comment = any(first.startswith(mark.start) for mark in marks.marks if not mark.end)
    return is_comment and bool(_MAGIC.match(first)) and not _ABOUT_NEXT.match(first)


def _belongs_together(lines: list[str], line: int, marks: CommentMarks) -> bool:
    """Return whether a line must stay directly below the one above it."""
    above = lines[line - 1]
    if not above.strip():
        return False
    return bool(
        marks.continued.search(above)
        or marks.continues.match(lines[line])
        or marks.attached.match(above)
        or _DOCUMENTATION.match(above)
        or _reads_as_directive(above, marks)
    )


def _reads_as_directive(line: str, marks: CommentMarks) -> bool:
    """Return whether a line is a comment that a tool may apply to the next line."""
    text = line.strip()
    for mark in marks.marks:
        if text.startswith(mark.start):
            comment = text[len(mark.start) :].removesuffix(mark.end).rstrip()
            is_unspaced = not mark.end and _UNSPACED_DIRECTIVE.match(comment)
            return bool(is_unspaced or _DIRECTIVE.match(comment.lstrip(" \t#/-;%*")))
        if mark.end and text.endswith(mark.end):
            return _ends_block(text, mark)
    return False


def _ends_block(text: str, mark: Mark) -> bool:
    """Return whether a line only ends a block comment, such as `*/` below documentation."""
    return mark.start not in text


def _is_opaque(lines: list[str], line: int, marks: CommentMarks) -> bool:
    """Return whether a line is inside verbatim text."""
    end: re.Pattern[str] | None = None
    for text in lines[:line]:
        if len(text) > _LONGEST_LINE:
            continue
        if end is not None:
            end = None if end.match(text) else end
            continue
        end = next((found for one in marks.opaque if (found := _end_of(text, *one))), None)
    return end is not None


def _end_of(text: str, start: re.Pattern[str], end: str) -> re.Pattern[str] | None:
    """Return a pattern for the end of the verbatim text that a line begins; None if it does not."""
    match = start.match(text)
    if match is None:
        return None
    for name, value in match.groupdict().items():
        end = end.replace(f"{{{name}}}", re.escape(value or ""))
    return re.compile(end)
