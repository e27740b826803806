"""Repetition in generated text, where small models get stuck."""

import re

_MIN_LINE_CHARS = 8
_MIN_WORDS = 24
_MAX_PERIOD = 40
_TIMES = 3
_WORD = re.compile(r"\S+")


def stop_at_loop(text: str) -> int | None:
    """Stop before a line that has been there, or before words said for the third time running."""
    repeated = _repeated_line(text)
    return _repeated_words(text) if repeated is None else repeated


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


def _repeated_words(text: str) -> int | None:
    """Return where the repetition begins of words that end the text three times in a row."""
    words = list(_WORD.finditer(text))
    texts = [word[0].lower() for word in words]
    for period in range(1, min(_MAX_PERIOD, len(words) // _TIMES) + 1):
        span = _TIMES * period
        last = texts[-period:]
        parts = (texts[-span + n * period :][:period] for n in range(_TIMES))
        if all(part == last for part in parts) and (period > 2 or len(words) >= _MIN_WORDS // 2):
            return words[-span + period].start()
    return None
