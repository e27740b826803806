"""The stop rule that ends an answer which repeats itself or is far too long.

It is more patient than that of summaries, as code repeats lines for good reasons.
"""

import re

from assist_server.engine.request import StopRule

_MIN_REPEATS, _MIN_CHARS = 4, 120
_MAX_PERIOD_CHARS = 300
_MAX_CHARS = 64 * 1024
_SENTENCE_END = re.compile(r"[.!?](?=\s)|(?=\n)")


def stop_at_loop(source: str) -> StopRule:
    """Return a rule that ends a text once its end repeats the same characters again and again.

    The first of the repetitions is kept, up to the end of its sentence. What the `source` repeats
    as well, such as the rows of a table, ends nothing.
    """

    def rule(text: str) -> int | None:
        if len(text) > _MAX_CHARS:
            return _MAX_CHARS
        if len(text) < _MIN_CHARS:
            return None
        for period in range(1, _MAX_PERIOD_CHARS + 1):
            repeats = max(_MIN_REPEATS, -(-_MIN_CHARS // period))
            length = period * repeats
            if length > len(text):
                continue
            tail = text[-length:]
            # Shifted by one period, a repetition equals itself.
            if tail[period:] == tail[:-period] and tail not in source:
                end = _SENTENCE_END.search(tail, period, 2 * period)
                return len(text) - length + (end.end() if end else period)
        return None

    return rule
