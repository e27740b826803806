"""Cut loops, which small models produce."""

import re

from assist_server.context.cursor import CursorContext
from assist_server.postprocess.candidate import Candidate, with_text, written_lines

# (longest period in characters, repetitions that make a loop): the shorter the repeated text, the
# more often correct code repeats it.
_LOOPS_IN_LINE = ((2, 48), (9, 6), (29, 4), (120, 3))
# Rules and paths (`# -----`, `../../`) may repeat few symbols up to the width of a line.
_MIN_SYMBOL_CHARS = 100
_FEW_SYMBOLS = 3


def cut_repetition(candidate: Candidate, context: CursorContext) -> Candidate | None:
    """Cut where the candidate begins to repeat itself.

    A loop within a line is removed completely, as its first round is a fragment; the first of
    several equal lines or blocks stays.
    """
    written = written_lines(candidate, context)
    for line in written:
        start = _loop_in_line(candidate.text[line.start : line.end])
        if start is not None:
            return with_text(candidate, candidate.text[: line.start + start])
    repeated = _loop_of_lines([line.text.rstrip() for line in written])
    if repeated is None:
        return candidate
    return with_text(candidate, candidate.text[: written[repeated].start])


def _loop_in_line(line: str) -> int | None:
    """Return the start of a loop at the end of the line; None if there is none."""
    line = line.rstrip()
    for period in range(1, min(_LOOPS_IN_LINE[-1][0], len(line) // 3) + 1):
        repetitions = next(count for longest, count in _LOOPS_IN_LINE if period <= longest)
        least = period * repetitions
        round_ = line[-period:]
        if not re.search(r"\w", round_) and len(set(round_)) <= _FEW_SYMBOLS:
            least = max(least, _MIN_SYMBOL_CHARS)
        # Text that ends in a loop equals itself shifted by one period: a cheap test before the
        # count.
        if len(line) >= least and line[-least:-period] == line[-least + period :]:
            return _run_start(line, period)
    return None


def _run_start(line: str, period: int) -> int:
    start = len(line) - period
    while start and line[start - 1] == line[start - 1 + period]:
        start -= 1
    return start


def _loop_of_lines(lines: list[str]) -> int | None:
    """Return the index of the first line at which the lines before it repeat; None without."""
    for again in range(1, len(lines)):
        for size in range(1, min(again, len(lines) - again) + 1):
            rounds = 2 if size >= 3 else 3  # two short blocks may be equal on purpose
            block = lines[again - size : again]
            if lines[again : again + size * (rounds - 1)] == block * (rounds - 1):
                return again
    return None
