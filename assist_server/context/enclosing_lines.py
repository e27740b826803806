"""The lines that open the blocks around a place, found by their indentation alone.

They stand for what was left out where only the lines near a place are parsed.
"""

import re
from collections.abc import Iterator
from functools import cache

from assist_server.text.indentation import leading_whitespace

_CHUNK_CHARS = 2048
_NO_HEAD = r"(?:[#*]|//|/\*|--|(?!default)\w+:[ \t]*$)"
"""Directives, comments and labels stand at any column."""

_HEAD_ENDING = re.compile(r"[)\]>]|\{[ \t]*$|(?P<block>\}(?!\)))|\}\)", re.MULTILINE)
"""How the last line of a head begins, or of the block before it."""


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
