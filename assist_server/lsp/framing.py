r"""Cutting a byte stream into messages, and framing messages for it.

Source: LSP 3.18, "Base Protocol". Tolerant where clients are known to be sloppy: header names in
any case, no blank after the colon, bare `\n` as line end, unknown headers. Nothing that a client
sends makes the stream unreadable for good.
"""

import re
from collections.abc import Callable, Iterator

MAX_BODY_BYTES = 64 * 1024 * 1024
"""Longer messages are skipped: no editor sends them, and a length out of nowhere is an error."""

KEPT_BYTES = 2048
"""So much of a skipped message's beginning and of its end is told."""

_MAX_HEADER_BYTES = 8 * 1024
_HEADER_END = re.compile(rb"\r?\n\r?\n")
_LENGTH = rb"content-length[ \t]*:[ \t]*(\d{1,12})[ \t]*"
_CONTENT_LENGTH = re.compile(
    # At the start of a line; after a length that was too short, the rest of a body stands there.
    rb"(?:^|[}\]])" + _LENGTH + rb"\r?$",
    re.IGNORECASE | re.MULTILINE,
)
_STRAY_HEADER = re.compile(_LENGTH + rb"\r?\n", re.IGNORECASE)
"""Never part of a body: line ends are not allowed in JSON's strings. The length was too long."""

_LONGEST_STRAY_BYTES = 64
_FIRST_BYTES = b"content-"

OnSkipped = Callable[[bytes, bytes, int], None]
"""Is told how a message begins and ends that is too long to be read, and its length in bytes."""


class FrameReader:
    """Collects bytes and gives out the bodies of complete messages."""

    def __init__(self, on_skipped: OnSkipped = lambda _beginning, _end, _length: None) -> None:
        self.max_body_bytes = MAX_BODY_BYTES
        self._on_skipped = on_skipped
        self._buffer = bytearray()
        self._body_bytes: int | None = None
        """How much is left of the body that is being read; None between two messages."""
        self._searched_bytes = 0
        """In so much of it there is no header."""
        self._skipped_bytes = 0
        """The length of the body, where it is too long to be kept."""
        self._beginning = b""
        """Of a body that is too long."""

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Take in bytes; the bodies that are complete now, in order."""
        self._buffer += data
        while self._body_bytes is not None or self._read_header():
            self._keep_beginning()
            if not self._is_complete():
                return
            body = self._cut_body()
            if body is not None:
                yield body

    def _read_header(self) -> bool:
        """Read blocks of headers up to one that tells a length; False when more is needed."""
        while (end := _HEADER_END.search(self._buffer)) is not None:
            length = _CONTENT_LENGTH.search(self._buffer[: end.start()])
            del self._buffer[: end.end()]
            if length is not None:
                self._begin_body(int(length.group(1)))
                return True
        if len(self._buffer) > _MAX_HEADER_BYTES:  # no header is that long: noise
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
        """Whether the body has arrived, or a header by which it is known to have ended before."""
        body_bytes = self._body_bytes or 0
        reach = min(len(self._buffer), body_bytes + _LONGEST_STRAY_BYTES)
        if self._buffer.find(b"\n", self._searched_bytes, reach) >= 0:
            stray = _STRAY_HEADER.search(self._buffer, self._searched_bytes, reach)
            if stray is not None and stray.start() < body_bytes:
                self._body_bytes = stray.start()
                if not self._beginning:  # all of it is still here
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
        """Take the body out of the buffer; None where it was too long to be kept."""
        size, self._body_bytes = self._body_bytes or 0, None
        with memoryview(self._buffer) as view:
            body = bytes(view[max(0, size - KEPT_BYTES) if self._skipped_bytes else 0 : size])
        del self._buffer[:size]
        if self._skipped_bytes:
            self._on_skipped(self._beginning or body, body, self._skipped_bytes)
            return None
        return body


def frame(body: bytes) -> bytes:
    """A message body with its header."""
    return b"Content-Length: %d\r\n\r\n%s" % (len(body), body)


def is_foreign(beginning: bytes) -> bool:
    """Return whether a stream that begins so is none of messages: a browser's, for example.

    Its first bytes decide, before anything of it is obeyed.
    """
    first = beginning[: len(_FIRST_BYTES)].lower()
    return first != _FIRST_BYTES[: len(first)]
