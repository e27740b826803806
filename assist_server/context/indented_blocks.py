"""The statements around a place and the heads of the blocks around them, found by indentation.

They are for parsing only a part of a document: with the heads before them, and the blocks closed
after them, the statements have the same syntax tree as in the whole document.
"""

import math
import re
from collections.abc import Iterator
from functools import cache
from itertools import takewhile

from assist_server.text.indentation import leading_whitespace

_BEGINS = re.compile(
    r"(?![)\]}>{|&.?:+*=,]|<?/|#|--"
    r"|(?:else|elif|elsif|elseif|except|finally|catch|end|until|while|case|default|then|do"
    r"|extends|implements|where|throws|and|or|in|from|of|as)\b)"
)
"""The beginning of a statement: not a line that continues or closes one, or fits any column."""

_CONTINUES_BELOW = re.compile(r"@|template\b")
"""The beginning of a line that belongs to the next one."""

_DEFINITION = re.compile(r"(?:async )?def\b|class\b")
_COMMENT = re.compile(r"#|//|--|/?\*")
_LONG_QUOTE = re.compile(r"\"{3}|'{3}")

_MIN_LINES, _MAX_LINES = 5, 40
"""Number of lines to include above and below if there are as many, and of lines to search."""

_CHUNK_CHARS = 2048
_NO_HEAD = r"(?:[#*]|//|/\*|--|(?!default)\w+:[ \t]*$)"
"""Directives, comments and labels: they may stand at any column, so they open no block."""

_HEAD_ENDING = re.compile(r"[)\]>]|\{[ \t]*$|(?P<block>\}(?!\)))|\}\)", re.MULTILINE)
"""The beginning of a line that ends a head of several lines, or that ends the block before it
(`block`), as `} else {` does."""


def whole_statements(
    text: str, line_start: int, line_end: int, *, by_definitions: bool = False
) -> tuple[int, int] | None:
    """Return the whole statements around a line as offsets; None if no boundary is near.

    Args:
        text: The text.
        line_start: Offset of the line.
        line_end: Offset of its line end.
        by_definitions: Prefer to begin with a definition, for languages where prose in strings
            looks like code.
    """
    above, below = _lines_above(text, line_start), _lines_below(text, line_end)
    line = text[line_start:line_end]
    max_columns = len(leading_whitespace(line)) if line.strip() else math.inf
    start = None
    if by_definitions:
        start = _boundary(above, max_columns, _DEFINITION)
        above = _up_to_quotes(above) if start is None else above
    if start is None:
        start = _boundary(above, max_columns)
    end = _boundary(below, max_columns)
    if start is None and line_start - sum(map(len, above.values())) - len(above) == 0:
        start = 0
    if end is None and len(below) < _MAX_LINES:
        end = len(text)
    return None if start is None or end is None else (start, end)


def _lines_above(text: str, offset: int) -> dict[int, str]:
    """Return the lines above an offset by their own offsets, the nearest first."""
    found: dict[int, str] = {}
    while offset > 0 and len(found) < _MAX_LINES:
        start = text.rfind("\n", 0, offset - 1) + 1
        found[start] = text[start : offset - 1]
        offset = start
    return found


def _lines_below(text: str, line_end: int) -> dict[int, str]:
    found: dict[int, str] = {}
    start = line_end + 1
    while start < len(text) and len(found) < _MAX_LINES:
        end = text.find("\n", start)
        end = len(text) if end < 0 else end
        found[start] = text[start:end]
        start = end + 1
    return found


def _up_to_quotes(lines: dict[int, str]) -> dict[int, str]:
    """Return the lines before the first long quote; those after it may be prose in a string."""
    return dict(takewhile(lambda item: not _LONG_QUOTE.search(item[1]), lines.items()))


def _boundary(
    lines: dict[int, str], max_columns: float, begins: re.Pattern[str] = _BEGINS
) -> int | None:
    """Return the offset of a line that begins a statement; None if there is none.

    It is indented by at most `max_columns`, and by no more than any code line that comes before it
    in `lines`. It is the first such line after `_MIN_LINES` lines, or else the last one.
    """
    seen, found, before = 0, None, ""
    for start, line in lines.items():
        indent = len(leading_whitespace(line))
        if indent == len(line):
            continue
        is_continued, before = _CONTINUES_BELOW.match(before), line[indent:]
        if indent <= max_columns and begins.match(line, indent) and not is_continued:
            found = start
            if seen >= _MIN_LINES:
                return start
        if not _COMMENT.match(line, indent):
            max_columns = min(max_columns, indent)
            seen += 1
    return found


def enclosing_lines(text: str, offset: int, reach_chars: int) -> tuple[str, ...]:
    """Return the heads of the blocks around a line's start, each further left than the next.

    The outermost comes first. For an `else`, the line of its `if` is taken; a head that ends with
    `) {` or with a brace on a line of its own is taken with all its lines. The search ends
    `reach_chars` above the offset.
    """
    return tuple(_outwards(text, offset, reach_chars))[::-1]


def _outwards(text: str, offset: int, reach_chars: int) -> Iterator[str]:
    columns, end, earliest = _columns_at(text, offset), -1, max(0, offset - reach_chars)
    while columns and (start := _last_further_left(text, offset, earliest, columns)) is not None:
        end = text.find("\n", start) if end < 0 else end
        offset = start
        indent = len(leading_whitespace(text[start : start + columns]))
        if ending := _HEAD_ENDING.match(text, start + indent):
            columns, end = indent + 1, -1 if ending["block"] else end
            continue
        yield text[start : end if end >= 0 else len(text)] + "\n"
        columns, end = indent, -1


def _columns_at(text: str, offset: int) -> int:
    """Return the indentation of the first non-blank line from a line's start on."""
    code = re.compile(r"\S").search(text, offset)
    if code is None:
        return 0
    return code.start() - text.rfind("\n", 0, code.start()) - 1


@cache
def _further_left(columns: int) -> re.Pattern[str]:
    return re.compile(rf"^[ \t]{{0,{columns - 1}}}(?!{_NO_HEAD})\S", re.MULTILINE)


def _last_further_left(text: str, offset: int, earliest: int, columns: int) -> int | None:
    """Return the start of the last line before `offset` that is indented by fewer columns."""
    end = offset
    while end > earliest:
        start = text.rfind("\n", 0, max(0, end - _CHUNK_CHARS)) + 1
        found = None
        for found in _further_left(columns).finditer(text, start, end):  # noqa: B007
            pass
        if found is not None:
            return found.start()
        end = start
    return None
