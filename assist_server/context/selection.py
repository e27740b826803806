"""A selected part of a document."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from assist_server.context.snapshot import Snapshot

_MAX_LINE_CHARS = 4_000


@dataclass(frozen=True)
class Selection:
    """A part of a document that a summary or a task is about."""

    snapshot: Snapshot
    start: int
    end: int

    @cached_property
    def text(self) -> str:
        """Return the selected text."""
        return self.snapshot.text[self.start : self.end]

    def line_at(self, offset: int) -> int:
        """Return the number in the document, from 1, of the line at an offset in the selection."""
        return self.snapshot.lines.line_at(self.start + offset) + 1

    def numbered_lines(self, skipped: range = range(0)) -> Iterator[tuple[int, str]]:
        """Yield the lines without their ends, and their numbers in the document, from 1.

        What a line has beyond some thousand characters is left out, and so are lines whose numbers
        are in `skipped`.
        """
        number, start, text = self.line_at(0), 0, self.text
        while start < len(text):
            end = text.find("\n", start)
            end = len(text) if end < 0 else end
            yield number, text[start : min(end, start + _MAX_LINE_CHARS)]
            number, start = number + 1, end + 1
            if number in skipped:
                number = skipped.stop
                start = self.snapshot.lines.start_of(number - 1) - self.start
