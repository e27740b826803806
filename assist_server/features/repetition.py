"""Stop rules that end an answer in which a chat model, often a small one, repeats itself."""

import re

from assist_server.engine.request import StopRule

_MIN_REPEATS, _MIN_CHARS = 4, 120
_MIN_REPEATS_IN_PROSE, _MIN_CHARS_IN_PROSE = 3, 50
_MAX_PERIOD_CHARS = 300
_MIN_LINE_CHARS = 8
_MAX_CHARS = 64 * 1024
_MIN_SENTENCE_WORDS = 4
_PROSE_LINE = re.compile(r"^(?![ \t]*(?:[-*+#|>]|\d+[.)])).+$", re.MULTILINE)
_SENTENCE = re.compile(r"\S[^.!?]*(?:[.!?](?!\s)[^.!?]*)*[.!?](?=\s)")
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
    """Stop a summary before a line or a sentence that was there, or words for the third time."""
    places = (_repeated_line(text), _repeated_sentence(text))
    repeated = min((place for place in places if place is not None), default=None)
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


def _repeated_sentence(text: str) -> int | None:
    """Return where a sentence of prose begins whose words an earlier one has all said.

    Items of lists are left out, as they may rightly be alike.
    """
    said: list[set[str]] = []
    for line in _PROSE_LINE.finditer(text):
        # The line break ends a sentence as well.
        for sentence in _SENTENCE.finditer(text, line.start(), min(line.end() + 1, len(text))):
            words = set(re.findall(r"\w+", sentence.group().lower()))
            if len(words) >= _MIN_SENTENCE_WORDS:
                if any(words <= earlier for earlier in said):
                    return sentence.start()
                said.append(words)
    return None
