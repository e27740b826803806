"""Drop the model's repetition of the text right before the cursor."""

import re
from dataclasses import replace

from assist_server.context.cursor import CursorContext
from assist_server.postprocess.candidate import Candidate, WrittenLine, with_text, written_lines

# Shorter text may be doubled on purpose (`x` of `xx`, a second `i += 1`).
_MIN_HEAD_CHARS = 3
_MIN_LINES_CHARS = 8


def drop_prefix_echo(candidate: Candidate, context: CursorContext) -> Candidate | None:
    """Drop the cursor's line so far, or the lines above it, from the candidate's beginning.

    Only the whole line counts as an echo: its last characters alone often occur twice in correct
    code (`f(` and `(a + b) * c)`).
    """
    if context.line_prefix.strip():
        text = _without_head(candidate.text, context)
        return candidate if text == candidate.text else with_text(candidate, text)
    return _without_lines_above(candidate, context)


def _without_head(text: str, context: CursorContext) -> str:
    head = context.line_prefix.lstrip()
    is_comment_mark = head.rstrip() == context.snapshot.language.line_comment
    if is_comment_mark or (len(head) >= _MIN_HEAD_CHARS and re.search(r"\w", head)):
        while (rest := text.lstrip(" \t")).startswith(head):
            text = rest[len(head) :]
    # The blank before the cursor is part of the head, and models often begin with one, too.
    return text.lstrip(" \t") if head.endswith(" ") else text


def _without_lines_above(candidate: Candidate, context: CursorContext) -> Candidate | None:
    written = written_lines(candidate, context)
    count = _count_echoed(written, context.previous_lines)
    if not count:
        return candidate
    if count == len(written):
        return None
    # The next line begins at the cursor; one that begins further left belongs elsewhere.
    rest = candidate.text[written[count].start :]
    indentation = context.line_prefix
    return (
        replace(candidate, text=rest[len(indentation) :]) if rest.startswith(indentation) else None
    )


def _count_echoed(written: tuple[WrittenLine, ...], above: tuple[str, ...]) -> int:
    """Return how many of the first written lines equal the last lines above the cursor."""
    lines = [line.text.strip() for line in written]
    for count in range(min(len(lines), len(above)), 0, -1):
        if lines[:count] == [line.strip() for line in above[-count:]]:
            is_long = len("".join("".join(lines[:count]).split())) >= _MIN_LINES_CHARS
            return count if is_long else 0
    return 0
