"""Token ids to text, one token at a time, never half a character."""

from collections.abc import Callable, Sequence

_INCOMPLETE = "\N{REPLACEMENT CHARACTER}"


class StreamingDetokenizer:
    """Turns a growing list of ids into a growing text.

    Only the ids since the last complete character boundary but one are decoded again, so the cost
    of a token does not grow with the text.
    """

    def __init__(self, decode: Callable[[Sequence[int]], str]) -> None:
        self._decode = decode
        self._ids: list[int] = []
        self._context_start = 0
        self._pending_start = 0

    def push(self, token_id: int) -> str:
        """Add a token; the characters that are complete now, possibly none."""
        self._ids.append(token_id)
        known = self._decode(self._ids[self._context_start : self._pending_start])
        text = self._decode(self._ids[self._context_start :])
        if text.endswith(_INCOMPLETE) or len(text) <= len(known):
            return ""
        self._context_start, self._pending_start = self._pending_start, len(self._ids)
        return text[len(known) :]
