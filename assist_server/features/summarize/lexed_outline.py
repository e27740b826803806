"""Outlines of code without a grammar, by syntax highlighting, and comments at a file's top."""

import re
from collections.abc import Callable

from pygments.lexers import get_lexer_by_name
from pygments.token import Token
from pygments.util import ClassNotFound

from assist_server.context.selection import Selection
from assist_server.features.summarize.sentences import opening_sentence
from assist_server.syntax.comment_marks import CommentMarks, find_comment_marks

_MAX_CHARS = 100_000
_MAX_LINES_OF_HEAD = 120
_SHELL = re.compile(r"^[ \t]{0,80}(?:function[ \t]+)?([\w.:-]{1,80})[ \t]{0,8}\(\)", re.MULTILINE)
_NAME = re.compile(r"[\w:~-][\w.:~!?-]{0,80}")
_MARKUP = frozenset(["CSS", "SCSS", "Less", "HTML", "XML", "Vue", "Svelte", "Twig"])
"""Languages whose highlighting marks uses like definitions."""


def outline(selection: Selection) -> list[tuple[str, int]]:
    """Return the names of functions and classes with their lines, each name once."""
    marks = _marks(selection)
    if marks is None or marks.name in _MARKUP or not marks.lexer:
        return []
    try:
        lexer = get_lexer_by_name(marks.lexer, stripnl=False, ensurenl=False)
    except ClassNotFound:
        return []
    found: dict[str, int] = {}
    text = selection.text[:_MAX_CHARS]
    if marks.name == "Shell script":  # whose highlighting does not mark functions
        return [(one[1], selection.line_at(one.start(1))) for one in _SHELL.finditer(text)]
    for offset, kind, value in lexer.get_tokens_unprocessed(text):
        if kind in (Token.Name.Function, Token.Name.Class) and _NAME.fullmatch(value.strip()):
            found.setdefault(value.strip(), selection.line_at(offset))
    return list(found.items())


def opening_comment(selection: Selection, is_other: Callable[[str], bool] | None = None) -> str:
    """Return the first comment above all code that is not boilerplate; empty without one.

    Args:
        selection: It begins at the top of a file.
        is_other: Returns whether a comment is not one of a definition.
    """
    marks = _marks(selection)
    if marks is None:
        return ""
    for comment in _comments(selection, marks):
        if (is_other is None or is_other(comment)) and opening_sentence(comment):
            return comment
    return ""


def _marks(selection: Selection) -> CommentMarks | None:
    return find_comment_marks(selection.snapshot.language_id, selection.snapshot.path)


def _comments(selection: Selection, marks: CommentMarks) -> list[str]:
    """Return the comments above all code; a blank line, or the end of a block, separates them."""
    comments: list[str] = []
    current: list[str] = []
    end = ""
    for number, (_, raw) in enumerate(selection.numbered_lines()):
        line = raw.strip()
        if number == _MAX_LINES_OF_HEAD:
            break
        if end:
            current.append(line)
            if end in line:
                comments, current, end = [*comments, "\n".join(current)], [], ""
            continue
        opened = next((one for one in marks.marks if line.startswith(one.start)), None)
        if block := re.match(r"/\*", line):
            opened = None
            current, end = [line], "*/"
            if end in line[block.end() :]:
                comments, current, end = [*comments, line], [], ""
        elif opened and not line.startswith("#!"):
            current.append(line)
        elif line and not line.startswith("#!") and not marks.head.match(raw):
            break
        elif current:
            comments, current = [*comments, "\n".join(current)], []
    return [*comments, "\n".join(current)] if current and not end else comments
