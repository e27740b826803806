"""A growing text of tokens in which the newest ones are looked up."""

from array import array
from collections.abc import Sequence

_ID_BYTES = array("I").itemsize


class TokenText:
    """Tokens, kept as bytes.

    Searching bytes is done by the C library: some microseconds for a prompt of thousands of tokens,
    with no index to build or update.
    """

    def __init__(self, ids: Sequence[int]) -> None:
        """Begin with some tokens."""
        self._bytes = bytearray(array("I", ids).tobytes())

    def __len__(self) -> int:
        return len(self._bytes) // _ID_BYTES

    def add(self, ids: Sequence[int]) -> None:
        """Take in tokens at the end."""
        self._bytes += array("I", ids).tobytes()

    def following(self, place: int, count: int) -> list[int]:
        """At most `count` tokens from a place on."""
        part = self._bytes[place * _ID_BYTES : (place + count) * _ID_BYTES]
        return array("I", part).tolist()

    def last_place(self, count: int) -> int | None:
        """Where the newest `count` tokens stood the last time before; None where they did not."""
        ngram = self._bytes[-count * _ID_BYTES :]
        end = len(self._bytes) - _ID_BYTES
        while end > 0 and (start := self._bytes.rfind(ngram, 0, end)) >= 0:
            if start % _ID_BYTES == 0:
                return start // _ID_BYTES
            end = start + len(ngram) - 1
        return None
