"""Stop rules that end an answer in which a chat model, often a small one, repeats itself."""

import re

from assist_server.engine.request import StopRule

_MIN_REPEATS, _MIN_CHARS = 4, 120
_MIN_REPEATS_IN_PROSE, _MIN_CHARS_IN_PROSE = 3, 50
_MAX_PERIOD_CHARS = 300
_MIN_LINE_CHARS = 8
_MAX_CHARS = 64 * 1024
_SENTENCE_END = re.compile(r"[.!?](?=\s)|(?=\n)")


def stop_at_loop(source: str) -> StopRule:
    """Return a rule that ends a text, which may be code, when it loops or is far too long.

    Its end must repeat the same characters again and again, as code repeats lines for good reasons.
    What the `source` repeats as well, such as the rows of a table, ends nothing.
    """

    def rule(text: str) -> int | None:
        if len(text) > _MAX_CHARS:
            return _MAX_CHARS
        return _loop(text, _MIN_REPEATS, _MIN_CHARS, source)

    return rule


def stop_at_repetition(text: str) -> int | None:
    """Stop a summary before a line that has been there, or before words said for the third time."""
    repeated = _repeated_line(text)
    loop = _loop(text, _MIN_REPEATS_IN_PROSE, _MIN_CHARS_IN_PROSE)
    return loop if repeated is None else repeated


def _loop(text: str, min_repeats: int, min_chars: int, source: str = "") -> int | None:
    """Return the length of a text with the first repetition of its end, to the end of a sentence.

    None if its end does not repeat.
    """
    if len(text) < min_chars:
        return None
    for period in range(1, _MAX_PERIOD_CHARS + 1):
        length = period * max(min_repeats, -(-min_chars // period))
        if length > len(text):
            continue
        tail = text[-length:]
        # Shifted by one period, a repetition equals itself.
        if tail[period:] == tail[:-period] and tail not in source:
            # The first one may have begun within a sentence, or have ended with one.
            end = _SENTENCE_END.search(tail, max(0, period - 2), 2 * period)
            return len(text) - length + (end.end() if end else period)
    return None


def _repeated_line(text: str) -> int | None:
    """Return where a whole line begins that equals an earlier one."""
    seen: set[str] = set()
    start = 0
    while (end := text.find("\n", start)) >= 0:
        line = text[start:end].strip()
        if len(line) >= _MIN_LINE_CHARS:
            if line in seen:
                return start
            seen.add(line)
        start = end + 1
    return None
