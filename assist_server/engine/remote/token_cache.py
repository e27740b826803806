"""Encoding by a server, line by line, with a cache of lines and few requests.

While one types, one line of a prompt changes. So a key costs a request for that line, and a new
document one for all of its lines together.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence

from assist_server.engine.tokens.line_cache import Cut, split_lines

EncodeEach = Callable[[list[str]], Sequence[tuple[int, ...]]]
"""Returns the ids of each text; one request for all of them."""

_CACHED_LINES = 16_384
_LONGEST_LINE = 512
"""In characters. Longer texts have a smaller cache."""
_CACHED_TEXTS = 64


class TokenCache:
    """Texts and their ids, those of one client apart from another's; callable from any thread."""

    def __init__(self, encode_each: EncodeEach, cut: Cut | None) -> None:
        """Start empty.

        Args:
            encode_each: Asks the server.
            cut: Where a text may be cut without changing its ids; None for nowhere.
        """
        self._encode_each = encode_each
        self._cut = cut
        self._lock = threading.Lock()
        self._lines = _Recent(_CACHED_LINES)
        self._texts = _Recent(_CACHED_TEXTS)

    def encode(self, text: str, client: str) -> list[int]:
        """Return the ids of a text, with at most one request."""
        pieces = list(split_lines(text, self._cut)) if self._cut else [text] * bool(text)
        with self._lock:
            known = {piece: self._of(piece).get((piece, client)) for piece in pieces}
        missing = [piece for piece, ids in known.items() if ids is None]
        if missing:
            found = dict(zip(missing, self._encode_each(missing), strict=True))
            known |= found
            with self._lock:
                for piece, ids in found.items():
                    self._of(piece).put((piece, client), ids)
        return [token_id for piece in pieces for token_id in known[piece] or ()]

    def _of(self, piece: str) -> "_Recent":
        return self._lines if len(piece) <= _LONGEST_LINE else self._texts


class _Recent:
    """The most recently used entries."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._entries: OrderedDict[tuple[str, str], tuple[int, ...]] = OrderedDict()

    def get(self, key: tuple[str, str]) -> tuple[int, ...] | None:
        """Return an entry, which becomes the most recent one; None if there is none."""
        found = self._entries.get(key)
        if found is not None:
            self._entries.move_to_end(key)
        return found

    def put(self, key: tuple[str, str], ids: tuple[int, ...]) -> None:
        """Add an entry; the least recent one is dropped if there are too many."""
        self._entries[key] = ids
        if len(self._entries) > self._size:
            self._entries.popitem(last=False)
