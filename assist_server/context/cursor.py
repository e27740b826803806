"""The place where a completion is requested, and whether several lines fit there."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import Literal

from assist_server.context.snapshot import Snapshot
from assist_server.syntax.scope import Region, Scope, find_scope
from assist_server.text.indentation import indent_width
from assist_server.text.newlines import BYTE_ORDER_MARK

_BLOCK_OPENERS = {
    "python": re.compile(r":\s*(#.*)?$"),
    "lua": re.compile(r"(\b(then|do|else|repeat)|\bfunction\b.*\))\s*(--.*)?$"),
}
_NEARBY_CHARS = 4096
_MAX_BLANK_LINES = 500
_SCOPE_LINES = 150
_BRACE_OPENER = re.compile(r"\{\s*(//.*)?$")


@dataclass(frozen=True)
class CursorContext:
    """A snapshot and the cursor's offset in it; everything else is derived."""

    snapshot: Snapshot
    offset: int
    multi_line: Literal["auto", "never", "always"] = "auto"
    """Completions of several lines: never, always, or `auto`, which decides by the code."""
    cells_above: str = ""
    """Code before the document that the model may see: the earlier cells of a notebook."""
    cells_below: str = ""
    """Code after the document that the model may see: the later cells of a notebook."""

    @cached_property
    def surroundings(self) -> str:
        """Return the lines near the cursor, enough of them to show the document's conventions."""
        start = max(0, self.offset - _NEARBY_CHARS)
        text = self.snapshot.text[start : self.offset + _NEARBY_CHARS]
        return text[text.find("\n") + 1 :] if start else text

    @cached_property
    def line(self) -> int:
        """Return the zero-based line of the cursor."""
        return self.snapshot.lines.line_at(self.offset)

    @cached_property
    def line_prefix(self) -> str:
        """Return the part of the cursor's line before the cursor."""
        start = self.snapshot.lines.start_of(self.line)
        return self.snapshot.text[start : self.offset].removeprefix(BYTE_ORDER_MARK)

    @cached_property
    def line_suffix(self) -> str:
        """Return the part of the cursor's line after the cursor, without its line end."""
        return self.snapshot.text[self.offset : self.snapshot.lines.end_of(self.line)]

    @cached_property
    def scope(self) -> Scope:
        """Return the region and the definitions around the cursor."""
        return find_scope(self.snapshot.syntax_near(self.line, _SCOPE_LINES), self.offset)

    @cached_property
    def is_inside_word(self) -> bool:
        """Return whether a word continues after the cursor."""
        return bool(re.match(r"\w", self.line_suffix))

    @cached_property
    def next_lines(self) -> tuple[str, ...]:
        """Return the first non-blank lines after the cursor's line, at most three."""
        last = min(self.line + _MAX_BLANK_LINES, self.snapshot.lines.line_count)
        return self._first_non_blank(range(self.line + 1, last))

    @cached_property
    def previous_lines(self) -> tuple[str, ...]:
        """Return the last non-blank lines before the cursor's line, at most three, in order."""
        first = max(0, self.line - _MAX_BLANK_LINES)
        return self._first_non_blank(range(self.line - 1, first - 1, -1))[::-1]

    @cached_property
    def indent_columns(self) -> int:
        """Return the column where the cursor's line begins, or the cursor's on a blank line."""
        return indent_width(self.line_prefix)

    @cached_property
    def is_multi_line(self) -> bool:
        """Return whether several lines fit: only where an empty block has just begun."""
        if self.line_suffix.strip() or self.multi_line == "never":
            return False
        if self.multi_line == "always":
            return True
        opener = self._opening_line()
        if opener is None or not self._opens_block(opener):
            return False
        if any(indent_width(line) > indent_width(opener) for line in self.next_lines[:1]):
            return False
        return self.scope.region is Region.CODE  # last, as it needs the parser

    def _first_non_blank(self, numbers: Iterable[int]) -> tuple[str, ...]:
        lines = map(self.snapshot.lines.line_text, numbers)
        return tuple(islice((line for line in lines if line.strip()), 3))

    def _opening_line(self) -> str | None:
        """Return the line that may open the block at the cursor: its own or the last non-blank."""
        if self.line_prefix.strip():
            return self.line_prefix
        nearest = self.previous_lines[-1:]
        # A line further left than the cursor may open it; one at the same column is complete.
        return next((line for line in nearest if indent_width(line) < self.indent_columns), None)

    def _opens_block(self, line: str) -> bool:
        pattern = _BLOCK_OPENERS.get(self.snapshot.language.id, _BRACE_OPENER)
        return pattern.search(line) is not None
