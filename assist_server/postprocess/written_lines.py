"""The lines of a candidate, as the document would hold them."""

from dataclasses import dataclass, replace

from assist_server.context.cursor import CursorContext
from assist_server.postprocess.candidate import Candidate


@dataclass(frozen=True)
class WrittenLine:
    """A line that a candidate adds text to."""

    start: int
    """Where the line's text begins in the candidate."""
    end: int
    """Where it ends there, line end left out."""
    text: str
    """The whole line, with what stands before and behind the candidate on it."""
    is_first: bool = False
    """Whether it is the cursor's own line."""


def written_lines(candidate: Candidate, context: CursorContext) -> tuple[WrittenLine, ...]:
    """The lines where the candidate writes more than blanks."""
    found: list[WrittenLine] = []
    start = 0
    pieces = candidate.text.splitlines(keepends=True)
    for number, piece in enumerate(pieces):
        line = piece.rstrip("\r\n")
        before = "" if number else context.line_prefix
        is_last = number == len(pieces) - 1 and line == piece
        behind = context.line_suffix[candidate.replaced_chars :] if is_last else ""
        if line.strip():
            whole = f"{before}{line}{behind}"
            found.append(WrittenLine(start, start + len(line), whole, is_first=number == 0))
        start += len(piece)
    return tuple(found)


def with_text(candidate: Candidate, text: str) -> Candidate | None:
    """The candidate with another text; None when that text shows nothing."""
    return replace(candidate, text=text) if text.strip() else None
