"""Cut lines that the document already has after the cursor."""

import re

from assist_server.context.cursor import CursorContext
from assist_server.postprocess.candidate import Candidate, WrittenLine, with_text, written_lines
from assist_server.text.indentation import indent_width

_MIN_BEGINNING_CHARS = 4


def stop_at_next_lines(candidate: Candidate, context: CursorContext) -> Candidate | None:
    """Stop where the candidate repeats the document's next lines, at the same indentation.

    Lines count as equal if they differ only in blanks, in the kind of quotes or in a final `;` or
    `,`. An edit distance would also match lines that differ on purpose (`case 1`, `case 2`).
    """
    written = written_lines(candidate, context)
    for number, line in enumerate(written):
        if _retypes(written[number:], context.next_lines):
            return with_text(candidate, candidate.text[: line.start])
    return candidate


def _retypes(tail: tuple[WrittenLine, ...], next_lines: tuple[str, ...]) -> bool:
    if not next_lines:
        return False
    *whole, (last, present) = zip(tail, next_lines, strict=False)
    is_last = len(tail) <= len(next_lines)
    return all(_is_same(line.text, text) for line, text in whole) and (
        _is_same(last.text, present)
        or (is_last and not last.is_first and _is_beginning(last.text, present))
    )


def _is_same(line: str, present: str) -> bool:
    return indent_width(line) == indent_width(present) and _normalized(line) == _normalized(present)


def _is_beginning(line: str, present: str) -> bool:
    """Return whether `line` is the beginning of `present`, cut off by the token limit."""
    is_long = len(line.strip()) >= _MIN_BEGINNING_CHARS
    return is_long and present.startswith(line.rstrip())


def _normalized(line: str) -> str:
    return re.sub(r"\s+", "", line).replace("'", '"').rstrip(";,") or line.strip()
