r"""Lines of a text, and conversion between offsets and (line, character) positions of LSP.

Source: LSP 3.18, "Text Documents" and "Position". A line ends at `\n`, `\r\n` or `\r` and nowhere
else (form feeds and U+2028 are ordinary characters). Offsets are indices into a Python string.

Line starts are stored in blocks, relative to the start of their block, so an edit costs the same in
any file: it replaces the one or two blocks that it touches, and shifts the offsets of the others.
"""

import bisect
import re
from dataclasses import dataclass
from enum import StrEnum
from itertools import accumulate

_LINE_END = re.compile(r"\r\n|\n|\r")
_BLOCK_LINES = 64

_Block = tuple[int, ...]
"""Starts of consecutive lines, relative to the first one, which is 0."""


class LineStarts:
    """Offsets of the line starts of one text; immutable."""

    __slots__ = ("_blocks", "_first_lines", "_offsets", "count")

    def __init__(self, blocks: list[_Block], offsets: list[int]) -> None:
        """Use blocks and their offsets in the text."""
        self._blocks = blocks
        self._offsets = offsets
        self._first_lines = [0, *accumulate(map(len, blocks))]
        self.count = self._first_lines.pop()

    @classmethod
    def of(cls, text: str) -> "LineStarts":
        """Return the line starts of a text."""
        return cls(*_scan(text, 0, len(text), is_last=True))

    def line_at(self, offset: int) -> int:
        """Return the zero-based line that contains `offset`."""
        index = self._block_at(offset)
        block = self._blocks[index]
        within = bisect.bisect_right(block, offset - self._offsets[index]) - 1
        return self._first_lines[index] + within

    def start_of(self, line: int) -> int:
        """Return the offset of the first character of `line`.

        Raises:
            IndexError: there is no such line.
        """
        if not 0 <= line < self.count:
            raise IndexError(line)
        index = bisect.bisect_right(self._first_lines, line) - 1
        return self._offsets[index] + self._blocks[index][line - self._first_lines[index]]

    def after_edit(self, start: int, end: int, inserted_chars: int, text: str) -> "LineStarts":
        """Return the line starts after characters `start` to `end` were replaced.

        Args:
            start: Start of the edit.
            end: End of the edit in the old text.
            inserted_chars: Length of the new text of the edit.
            text: The whole text after the edit.
        """
        # The characters around the edit matter: it may join or separate a \r and a \n.
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
    """Return the blocks of the lines that start in `start` to `end`; `start` is a line start."""
    starts = [start, *(match.end() for match in _LINE_END.finditer(text, start, end))]
    if not is_last:
        starts.pop()  # the one at `end` is the next block's first
    parts = [starts[i : i + _BLOCK_LINES] for i in range(0, len(starts), _BLOCK_LINES)]
    return [tuple(s - part[0] for s in part) for part in parts], [part[0] for part in parts]


class PositionEncoding(StrEnum):
    """The unit of `Position.character`; values are LSP's PositionEncodingKind."""

    UTF8 = "utf-8"
    UTF16 = "utf-16"
    UTF32 = "utf-32"

    def units(self, text: str) -> int:
        """Return the length of `text` in code units."""
        if self is PositionEncoding.UTF32 or text.isascii():
            return len(text)
        if self is PositionEncoding.UTF8:
            return len(text.encode("utf-8", "surrogatepass"))
        return len(text.encode("utf-16-le", "surrogatepass")) // 2


@dataclass(frozen=True, order=True)
class Position:
    """Zero-based line and character; the character is in code units of an encoding."""

    line: int
    character: int


class LineIndex:
    """The lines of one text; immutable."""

    __slots__ = ("_starts", "_text")

    def __init__(self, text: str, starts: LineStarts | None = None) -> None:
        """Index a text; `starts` are its line starts if they are known."""
        self._text = text
        self._starts = starts or LineStarts.of(text)

    def after_edit(self, start: int, end: int, inserted: str) -> tuple[str, "LineIndex"]:
        """Replace characters `start` to `end`; return the new text and its index."""
        text = self._text[:start] + inserted + self._text[end:]
        return text, LineIndex(text, self._starts.after_edit(start, end, len(inserted), text))

    @property
    def line_count(self) -> int:
        """Return the number of lines; after a final line end there is an empty line."""
        return self._starts.count

    def line_at(self, offset: int) -> int:
        """Return the zero-based line that contains `offset`."""
        return self._starts.line_at(offset)

    def start_of(self, line: int) -> int:
        """Return the offset of the first character of `line`."""
        return self._starts.start_of(line)

    def end_of(self, line: int) -> int:
        """Return the offset after the last character of `line`, before its line end."""
        if line + 1 == self.line_count:
            return len(self._text)
        end = self.start_of(line + 1) - 1
        is_crlf = end > self.start_of(line) and self._text[end - 1 : end + 1] == "\r\n"
        return end - is_crlf

    def line_text(self, line: int) -> str:
        """Return the characters of `line` without its line end."""
        return self._text[self.start_of(line) : self.end_of(line)]

    def offset_at(self, position: Position, encoding: PositionEncoding) -> int:
        """Return the offset of a position, clamped as LSP requires.

        A character after the line's end means the line's end; a line after the last means the end
        of the text; a position inside a character means the start of that character.
        """
        if position.line < 0:
            return 0
        if position.line >= self.line_count:
            return len(self._text)
        start, line = self.start_of(position.line), self.line_text(position.line)
        if encoding is PositionEncoding.UTF32 or line.isascii():
            return start + max(0, min(position.character, len(line)))
        return start + _fitting_chars(line, position.character, encoding)

    def position_at(self, offset: int, encoding: PositionEncoding) -> Position:
        """Return the position of an offset, clamped to the text and to the end of its line."""
        offset = max(0, min(offset, len(self._text)))
        line = self.line_at(offset)
        offset = min(offset, self.end_of(line))
        return Position(line, encoding.units(self._text[self.start_of(line) : offset]))


def _fitting_chars(line: str, units: int, encoding: PositionEncoding) -> int:
    """Return how many characters of a line fit into `units`, by binary search."""
    least, most = 0, len(line)
    while least < most:
        middle = (least + most + 1) // 2
        taken = encoding.units(line[least:middle])
        if taken <= units:
            least, units = middle, units - taken
        else:
            most = middle - 1
    return least
