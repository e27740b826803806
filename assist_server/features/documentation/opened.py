"""Documentation that was just opened by three quotes or `/**` and is not closed."""

import ast
import re
import warnings

from assist_server.syntax.languages import Language
from assist_server.syntax.parser import SyntaxTree, count_errors
from assist_server.text.edits import TextEdit, apply_edits

_QUOTES = re.compile(r"""[ \t]*[rRuU]?(?P<quotes>\"{3}|'{3})(?P<rest>[^\n]*)""")
_BLOCK = re.compile(r"[ \t]*/\*[*!](?!/)(?:(?!\*/)[^\n])*")
_MORE_OF_BLOCK = re.compile(r"(?:\n[ \t]*\*(?!/)(?:(?!\*/)[^\n])*)*")
_NEXT_BLOCK = re.compile(r"^[ \t]*/\*|\*/", re.MULTILINE)


def closing_edit(text: str, offset: int, language: Language) -> TextEdit | None:
    """Return the edit that closes documentation opened at a place; None if none is open there.

    The cursor is on the opening line, on an empty one below, or on the header above.
    """
    find = _open_quotes if language.id == "python" else _open_block
    for start in _near_lines(text, offset):
        edit = find(text, start, language)
        if edit is not None:
            return edit
    return None


def _near_lines(text: str, offset: int) -> tuple[int, ...]:
    """Return the offsets of the lines that may open documentation."""
    own = text.rfind("\n", 0, offset) + 1
    line = text[own:].partition("\n")[0]
    if line.strip(" \t*"):
        below = own + len(line) + 1
        return (own, below) if below < len(text) else (own,)
    above = text[:own].rstrip(" \t\n*")
    return (above.rfind("\n") + 1,)


def _open_quotes(text: str, start: int, language: Language) -> TextEdit | None:
    found = _QUOTES.match(text, start)
    if found is None or found["quotes"] in found["rest"]:
        return None
    end = found.end("rest")
    edit = TextEdit(end, end, found["quotes"])
    closed = apply_edits(text, [edit])
    if _parses(text) or not (_parses(closed) or _has_fewer_errors(closed, text, language)):
        return None
    return edit


def _parses(source: str) -> bool:
    try:
        with warnings.catch_warnings():  # warnings about escapes in the user's strings
            warnings.simplefilter("ignore")
            ast.parse(source.removeprefix("\ufeff"))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def _has_fewer_errors(after: str, before: str, language: Language) -> bool:
    return count_errors(SyntaxTree(after, language)) < count_errors(SyntaxTree(before, language))


def _open_block(text: str, start: int, language: Language) -> TextEdit | None:
    """Return the edit that closes a comment, if it is not closed before the next one begins."""
    found = _BLOCK.match(text, start) if language.line_comment == "//" else None
    if found is None or text.startswith("*/", found.end()):
        return None
    rest = _MORE_OF_BLOCK.match(text, found.end())
    end = rest.end() if rest else found.end()
    following = _NEXT_BLOCK.search(text, end)
    if following is not None and following[0] == "*/":
        return None
    return TextEdit(end, end, "/" if text[end - 1] == "*" and end > found.end() else " */")
