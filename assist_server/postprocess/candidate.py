"""A completion while it passes the filters, and the lines that it changes."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from assist_server.context.cursor import CursorContext


@dataclass(frozen=True)
class Candidate:
    """Text to insert at the cursor, and the number of characters after the cursor it replaces."""

    text: str
    replaced_chars: int = 0


Filter = Callable[[Candidate, CursorContext], Candidate | None]
"""Function that returns the candidate, changed or not, or None if nothing should be shown."""


@dataclass(frozen=True)
class WrittenLine:
    """A line that a candidate adds text to."""

    start: int
    """Offset in the candidate at which the line's text begins."""
    end: int
    """Offset at which it ends, without the line end."""
    text: str
    """The whole line, with the text before and after the candidate on it."""
    is_first: bool = False
    """Whether it is the cursor's own line."""


def written_lines(candidate: Candidate, context: CursorContext) -> tuple[WrittenLine, ...]:
    """Return the lines to which the candidate adds more than blanks."""
    found: list[WrittenLine] = []
    start = 0
    pieces = candidate.text.splitlines(keepends=True)
    for number, piece in enumerate(pieces):
        line = piece.rstrip("\r\n")
        before = "" if number else context.line_prefix
        is_last = number == len(pieces) - 1 and line == piece
        after = context.line_suffix[candidate.replaced_chars :] if is_last else ""
        if line.strip():
            whole = f"{before}{line}{after}"
            found.append(WrittenLine(start, start + len(line), whole, is_first=number == 0))
        start += len(piece)
    return tuple(found)


def with_text(candidate: Candidate, text: str) -> Candidate | None:
    """Return the candidate with another text; None if that text is blank."""
    return replace(candidate, text=text) if text.strip() else None
