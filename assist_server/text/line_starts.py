r"""Where the lines of a text start, kept in blocks so that an edit costs the same in any file.

A line ends at `\r\n`, `\n` or `\r`. Starts are kept relative to the start of their block: an edit
replaces the one or two blocks that it touches and moves the others by moving their offsets.
"""

import bisect
import re
from itertools import accumulate

_LINE_END = re.compile(r"\r\n|\n|\r")
_BLOCK_LINES = 64

_Block = tuple[int, ...]
"""Starts of consecutive lines, relative to the first of them, which is 0."""


class LineStarts:
    """Offsets of the line starts of one text; immutable."""

    __slots__ = ("_blocks", "_first_lines", "_offsets", "count")

    def __init__(self, blocks: list[_Block], offsets: list[int]) -> None:
        """Take over blocks and the offset in the text at which each of them begins."""
        self._blocks = blocks
        self._offsets = offsets
        self._first_lines = [0, *accumulate(map(len, blocks))]
        self.count = self._first_lines.pop()

    @classmethod
    def of(cls, text: str) -> "LineStarts":
        """Scan a whole text."""
        return cls(*_scan(text, 0, len(text), is_last=True))

    def line_at(self, offset: int) -> int:
        """The line that holds `offset`."""
        index = self._block_at(offset)
        block = self._blocks[index]
        within = bisect.bisect_right(block, offset - self._offsets[index]) - 1
        return self._first_lines[index] + within

    def start_of(self, line: int) -> int:
        """Offset of the first character of `line`.

        Raises:
            IndexError: there is no such line.
        """
        if not 0 <= line < self.count:
            raise IndexError(line)
        index = bisect.bisect_right(self._first_lines, line) - 1
        return self._offsets[index] + self._blocks[index][line - self._first_lines[index]]

    def after_edit(self, start: int, end: int, inserted_chars: int, text: str) -> "LineStarts":
        """The starts after characters `start` to `end` were replaced.

        Args:
            start: Where the edit begins.
            end: Where it ended in the text before.
            inserted_chars: Length of what stands there now.
            text: The whole text after the edit.
        """
        # The characters around the edit count too: it may join or part a \r and a \n.
        first = self._block_at(max(0, start - 1))
        last = self._block_at(end + 1)
        delta = inserted_chars - (end - start)
        is_last = last + 1 == len(self._blocks)
        scan_end = len(text) if is_last else self._offsets[last + 1] + delta
        blocks, offsets = _scan(text, self._offsets[first], scan_end, is_last=is_last)
        return LineStarts(
            [*self._blocks[:first], *blocks, *self._blocks[last + 1 :]],
            [
                *self._offsets[:first],
                *offsets,
                *(offset + delta for offset in self._offsets[last + 1 :]),
            ],
        )

    def _block_at(self, offset: int) -> int:
        return bisect.bisect_right(self._offsets, offset) - 1


def _scan(text: str, start: int, end: int, *, is_last: bool) -> tuple[list[_Block], list[int]]:
    """Blocks of the lines that begin from `start`, itself a line start, up to `end`."""
    starts = [start, *(match.end() for match in _LINE_END.finditer(text, start, end))]
    if not is_last:
        starts.pop()  # the one at `end` is the next block's first
    parts = [starts[i : i + _BLOCK_LINES] for i in range(0, len(starts), _BLOCK_LINES)]
    return [tuple(s - part[0] for s in part) for part in parts], [part[0] for part in parts]
