r"""Splitting a byte stream into messages, and framing messages for it.

Source: LSP 3.18, "Base Protocol". Accepts what clients are known to get wrong: header names in any
case, no blank after the colon, bare `\n` as line end, unknown headers. After any input, the reader
finds the next valid message.
"""

import re
from collections.abc import Callable, Iterator

MAX_BODY_BYTES = 64 * 1024 * 1024
"""Longer messages are skipped: no editor sends them, and such a length is probably wrong."""

KEPT_BYTES = 2048
"""Number of bytes reported from the beginning and from the end of a skipped message."""

_MAX_HEADER_BYTES = 8 * 1024
_HEADER_END = re.compile(rb"\r?\n\r?\n")
_LENGTH = rb"content-length[ \t]*:[ \t]*(\d{1,12})[ \t]*"
_CONTENT_LENGTH = re.compile(
    # At the start of a line, or after the rest of a body whose stated length was too short.
    rb"(?:^|[}\]])" + _LENGTH + rb"\r?$",
    re.IGNORECASE | re.MULTILINE,
)
_STRAY_HEADER = re.compile(_LENGTH + rb"\r?\n", re.IGNORECASE)
"""A header where a body is expected: the stated length was too long.

JSON strings contain no line ends, so this is never part of a body.
"""

_LONGEST_STRAY_BYTES = 64
_FIRST_BYTES = b"content-"

OnSkipped = Callable[[bytes, bytes, int], None]
"""Called for a message that is too long: its beginning, its end, its length in bytes."""


class FrameReader:
    """Collects bytes and yields the bodies of complete messages."""

    def __init__(self, on_skipped: OnSkipped = lambda _beginning, _end, _length: None) -> None:
        self.max_body_bytes = MAX_BODY_BYTES
        self._on_skipped = on_skipped
        self._buffer = bytearray()
        self._body_bytes: int | None = None
        """Bytes left of the current body; None between two messages."""
        self._searched_bytes = 0
        """Bytes of the current body already searched for a stray header."""
        self._skipped_bytes = 0
        """Length of the current body if it is too long to keep, else 0."""
        self._beginning = b""
        """The first bytes of a body that is too long."""

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Take in bytes and yield the bodies that are now complete, in order."""
        self._buffer += data
        while self._body_bytes is not None or self._read_header():
            self._keep_beginning()
            if not self._is_complete():
                return
            body = self._cut_body()
            if body is not None:
                yield body

    def _read_header(self) -> bool:
        """Read header blocks up to one with a length; return False if more bytes are needed."""
        while (end := _HEADER_END.search(self._buffer)) is not None:
            length = _CONTENT_LENGTH.search(self._buffer[: end.start()])
            del self._buffer[: end.end()]
            if length is not None:
                self._begin_body(int(length.group(1)))
                return True
        if len(self._buffer) > _MAX_HEADER_BYTES:  # too long for a header: discard
            del self._buffer[: -len(b"\r\n\r\n")]
        return False

    def _begin_body(self, length: int) -> None:
        self._body_bytes, self._searched_bytes = length, 0
        self._skipped_bytes = length if length > self.max_body_bytes else 0
        self._beginning = b""

    def _keep_beginning(self) -> None:
        if self._skipped_bytes and not self._beginning and len(self._buffer) >= KEPT_BYTES:
            self._beginning = bytes(self._buffer[:KEPT_BYTES])

    def _is_complete(self) -> bool:
        """Return whether the body has arrived, or a stray header shows that it ended earlier."""
        body_bytes = self._body_bytes or 0
        reach = min(len(self._buffer), body_bytes + _LONGEST_STRAY_BYTES)
        if self._buffer.find(b"\n", self._searched_bytes, reach) >= 0:
            stray = _STRAY_HEADER.search(self._buffer, self._searched_bytes, reach)
            if stray is not None and stray.start() < body_bytes:
                self._body_bytes = stray.start()
                if not self._beginning:  # nothing was discarded yet
                    self._skipped_bytes = 0
                return True
        if len(self._buffer) >= body_bytes:
            return True
        self._searched_bytes = max(0, len(self._buffer) - _LONGEST_STRAY_BYTES)
        if self._beginning:
            gone = max(0, len(self._buffer) - KEPT_BYTES)
            del self._buffer[:gone]
            self._body_bytes, self._searched_bytes = body_bytes - gone, self._searched_bytes - gone
        return False

    def _cut_body(self) -> bytes | None:
        """Remove the body from the buffer; return None if it was too long to keep."""
        size, self._body_bytes = self._body_bytes or 0, None
        with memoryview(self._buffer) as view:
            body = bytes(view[max(0, size - KEPT_BYTES) if self._skipped_bytes else 0 : size])
        del self._buffer[:size]
        if self._skipped_bytes:
            self._on_skipped(self._beginning or body, body, self._skipped_bytes)
            return None
        return body


def frame(body: bytes) -> bytes:
    """Return a message body with its header."""
    return b"Content-Length: %d\r\n\r\n%s" % (len(body), body)


def is_foreign(beginning: bytes) -> bool:
    """Return whether a stream is not LSP, judging by its first bytes; a browser's, for example.

    This is checked before any message is handled.
    """
    first = beginning[: len(_FIRST_BYTES)].lower()
    return first != _FIRST_BYTES[: len(first)]
