"""Blocks around a place, found by their indentation alone.

Where only the lines near a place are parsed, the lines that open the blocks around it stand for
what was left out, and the part begins and ends where statements do. So a parser reads it as it
would read it in its document.
"""

import math
import re
from collections.abc import Iterator
from functools import cache
from itertools import takewhile

from assist_server.text.indentation import leading_whitespace

_CHUNK_CHARS = 2048
_NO_HEAD = r"(?:[#*]|//|/\*|--|(?!default)\w+:[ \t]*$)"
"""Directives, comments and labels stand at any column."""

_HEAD_ENDING = re.compile(r"[)\]>]|\{[ \t]*$|(?P<block>\}(?!\)))|\}\)", re.MULTILINE)
"""How the last line of a head begins, or of the block before it."""

_BEGINS = re.compile(
    r"(?![)\]}>{|&.?:+*=,]|<?/|#|--"
    r"|(?:else|elif|elsif|elseif|except|finally|catch|end|until|while|case|default|then|do"
    r"|extends|implements|where|throws|and|or|in|from|of|as)\b)"
)
"""No line that goes on with a statement, closes one or may stand at any column."""

_LEADS_ON = re.compile(r"@|template\b")
"""How a line begins that belongs to the one after it."""

_DEFINITION = re.compile(r"(?:async )?def\b|class\b")
_COMMENT = re.compile(r"#|//|--|/?\*")
_LONG_QUOTE = re.compile(r"\"{3}|'{3}")

_FEWEST_LINES, _MOST_LINES = 5, 40
"""How many lines are taken above and below if there are as many, and how many are looked at."""


def enclosing_lines(text: str, offset: int, reach_chars: int) -> tuple[str, ...]:
    """Return the lines that are further left, one after the other, above a line's start.

    The outermost comes first. Of an `else`, the line that its `if` stands on is taken; of a head
    that ends with `) {` or with a brace on a line of its own, all its lines. What is further up
    than `reach_chars` is not looked for.
    """
    return tuple(_outwards(text, offset, reach_chars))[::-1]


def _outwards(text: str, offset: int, reach_chars: int) -> Iterator[str]:
    columns, end, earliest = _columns_at(text, offset), -1, max(0, offset - reach_chars)
    while columns and (start := _last_further_left(text, offset, earliest, columns)) is not None:
        end = text.find("\n", start) if end < 0 else end
        offset = start
        margin = len(leading_whitespace(text[start : start + columns]))
        if ending := _HEAD_ENDING.match(text, start + margin):
            columns, end = margin + 1, -1 if ending["block"] else end
            continue
        yield text[start : end if end >= 0 else len(text)] + "\n"
        columns, end = margin, -1


def _columns_at(text: str, offset: int) -> int:
    """Return how far the first line that is not blank is indented, from a line's start."""
    code = re.compile(r"\S").search(text, offset)
    if code is None:
        return 0
    return code.start() - text.rfind("\n", 0, code.start()) - 1


@cache
def _further_left(columns: int) -> re.Pattern[str]:
    return re.compile(rf"^[ \t]{{0,{columns - 1}}}(?!{_NO_HEAD})\S", re.MULTILINE)


def _last_further_left(text: str, offset: int, earliest: int, columns: int) -> int | None:
    """Return where the last line before `offset` begins that is indented by fewer columns."""
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


def whole_statements(
    text: str, line_start: int, line_end: int, *, by_definitions: bool = False
) -> tuple[int, int] | None:
    """Return the part of a text around one of its lines; None if none is near.

    Args:
        text: The text.
        line_start: Where the line begins.
        line_end: Where it ends, its line end left out.
        by_definitions: Whether it had best begin with a definition, as where prose in strings
            looks like code.
    """
    above, below = (
        _lines_above(text, line_start),
        _lines_below(text, line_end),
    )
    line = text[line_start:line_end]
    margin = len(leading_whitespace(line)) if line.strip() else math.inf
    start = None
    if by_definitions:
        start = _boundary(above, margin, _DEFINITION)
        above = _up_to_quotes(above) if start is None else above
    if start is None:
        start = _boundary(above, margin)
    end = _boundary(below, margin)
    if start is None and line_start - sum(map(len, above.values())) - len(above) == 0:
        start = 0
    if end is None and len(below) < _MOST_LINES:
        end = len(text)
    return None if start is None or end is None else (start, end)


def _lines_above(text: str, offset: int) -> dict[int, str]:
    """Return lines by where they begin, the nearest first."""
    found: dict[int, str] = {}
    while offset > 0 and len(found) < _MOST_LINES:
        start = text.rfind("\n", 0, offset - 1) + 1
        found[start] = text[start : offset - 1]
        offset = start
    return found


def _lines_below(text: str, line_end: int) -> dict[int, str]:
    found: dict[int, str] = {}
    start = line_end + 1
    while start < len(text) and len(found) < _MOST_LINES:
        end = text.find("\n", start)
        end = len(text) if end < 0 else end
        found[start] = text[start:end]
        start = end + 1
    return found


def _up_to_quotes(lines: dict[int, str]) -> dict[int, str]:
    """Leave out what may be prose."""
    return dict(takewhile(lambda item: not _LONG_QUOTE.search(item[1]), lines.items()))


def _boundary(
    lines: dict[int, str], margin: float, begins: re.Pattern[str] = _BEGINS
) -> int | None:
    """Return where a line begins that no line before it is further left than."""
    seen, found, before = 0, None, ""
    for start, line in lines.items():
        indent = len(leading_whitespace(line))
        if indent == len(line):
            continue
        is_led_to, before = _LEADS_ON.match(before), line[indent:]
        if indent <= margin and begins.match(line, indent) and not is_led_to:
            found = start
            if seen >= _FEWEST_LINES:
                return start
        if not _COMMENT.match(line, indent):
            margin = min(margin, indent)
            seen += 1
    return found
