r"""Cutting a byte stream into messages, and framing messages for it.

Source: LSP 3.18, "Base Protocol". Tolerant where clients are known to be sloppy: header names in
any case, no blank behind the colon, bare `\n` as line end, unknown headers. Nothing that a client
sends makes the stream unreadable for good.
"""

import re
from collections.abc import Iterator

MAX_BODY_BYTES = 64 * 1024 * 1024
"""Longer messages are skipped: no editor sends them, and a length out of nowhere is an error."""

_MAX_HEADER_BYTES = 8 * 1024
_HEADER_END = re.compile(rb"\r?\n\r?\n")
_CONTENT_LENGTH = re.compile(
    # Not anchored: behind a wrong length, the rest of a body stands before the next header.
    rb"content-length[ \t]*:[ \t]*(\d{1,12})[ \t]*\r?$",
    re.IGNORECASE | re.MULTILINE,
)


class FrameReader:
    """Collects bytes and gives out the bodies of complete messages."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._body_bytes: int | None = None
        self._skip_bytes = 0

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Take in bytes; the bodies that are complete now, in order."""
        self._buffer += data
        while True:
            if self._skip_bytes:
                skipped = min(self._skip_bytes, len(self._buffer))
                del self._buffer[:skipped]
                self._skip_bytes -= skipped
            if self._body_bytes is None and not self._read_header():
                return
            if self._body_bytes is None:
                continue
            if len(self._buffer) < self._body_bytes:
                return
            body = bytes(self._buffer[: self._body_bytes])
            del self._buffer[: self._body_bytes]
            self._body_bytes = None
            yield body

    def _read_header(self) -> bool:
        """Read one block of headers; False when more bytes are needed for it."""
        end = _HEADER_END.search(self._buffer)
        if end is None:
            if len(self._buffer) > _MAX_HEADER_BYTES:  # no header is that long: noise
                del self._buffer[: -len(b"\r\n\r\n")]
            return False
        length = _CONTENT_LENGTH.search(self._buffer[: end.start()])
        del self._buffer[: end.end()]
        if length is not None:
            count = int(length.group(1))
            if count > MAX_BODY_BYTES:
                self._skip_bytes = count
            else:
                self._body_bytes = count
        return True


def frame(body: bytes) -> bytes:
    """A message body with its header."""
    return b"Content-Length: %d\r\n\r\n%s" % (len(body), body)
