"""The line above which a comment does no harm.

It is below what heads a file, and above what belongs together.

What is decided here by the look of lines is checked by readers of the language afterwards.
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
"""What tools read in comments. Prose may look alike; then a comment only stands a line higher."""

_ABOUT_NEXT = re.compile(
    r".*(?:ignore|disable|suppress|skip|allow|expect|deny|next|nolint|noqa|nosec)", re.IGNORECASE
)
"""Of directives, those that may be about the next line."""

_UNSPACED_DIRECTIVE = re.compile(r"[a-z]\S*", re.IGNORECASE)
"""Directly behind a comment's mark, as in `//export f`, `#pragma` and `//nolint`."""

_DOCUMENTATION = re.compile(r"\s*(?:/\*[*!]|\*|//[/!]|---|##|;;;|--\s*\||%%%)")
_HEAD = re.compile(r"#!.*|.*-\*-.*-\*-|.{0,3}\s*(?:vim?|ex):.*|#.*coding[:=].*")
"""For any language: the program that runs it, and what editors and Python read on top."""

_MAGIC = re.compile(r"(?:[#%;]|//|--)[!%a-z:]\S*")
"""A first line such as `#cloud-config`, `#compdef` and `%!PS`."""

_HEAD_LINES = 2
_LONGEST_LINE = 2000
"""Longer ones are data, and patterns would take long on them."""


def line_for_comment(lines: list[str], line: int, marks: CommentMarks) -> int | None:
    """Choose the line above which a comment about what begins at `line` should stand.

    Returns:
        Its number, or None where the text around is passed on as it is.
    """
    head = head_lines(lines, marks)
    line = max(line, head)
    while line > head and line < len(lines) and _belongs_together(lines, line, marks):
        line -= 1
    if line < len(lines) and marks.not_above.match("\n".join(lines[line:])):
        return None
    return None if _is_opaque(lines, line, marks) else line


def head_lines(lines: list[str], marks: CommentMarks) -> int:
    """Count the lines at the top of a file that have to stay there."""
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
    """Tell whether a line must stay directly below the one above it."""
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
    """Tell whether a line is a comment that a tool may take for a word about the next line."""
    text = line.strip()
    for mark in marks.marks:
        if text.startswith(mark.start):
            said = text[len(mark.start) :].removesuffix(mark.end).rstrip()
            is_unspaced = not mark.end and _UNSPACED_DIRECTIVE.match(said)
            return bool(is_unspaced or _DIRECTIVE.match(said.lstrip(" \t#/-;%*")))
        if mark.end and text.endswith(mark.end):
            return _ends_block(text, mark)
    return False


def _ends_block(text: str, mark: Mark) -> bool:
    """Tell whether a line is only the end of a block comment, as `*/` below documentation."""
    return mark.start not in text


def _is_opaque(lines: list[str], line: int, marks: CommentMarks) -> bool:
    """Tell whether a line lies where text is passed on as it is."""
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
    """Return what ends a part that a line begins; None where it begins none."""
    match = start.match(text)
    if match is None:
        return None
    for name, said in match.groupdict().items():
        end = end.replace(f"{{{name}}}", re.escape(said or ""))
    return re.compile(end)
