"""Standard input and output as bytes, whatever the parent process made of them."""

import os
import select
import sys

_READ_BYTES = 1 << 16


def read(descriptor: int) -> bytes:
    """Wait for bytes and return them; `b""` at the end of the stream, including after an error.

    The parent process shares the streams and may have made them non-blocking.
    """
    while True:
        try:
            return os.read(descriptor, _READ_BYTES)
        except BlockingIOError:
            select.select([descriptor], [], [])
        except OSError:
            return b""


def write(descriptor: int, data: bytes) -> None:
    """Write all bytes, waiting if necessary.

    Raises:
        OSError: the other end is gone.
    """
    view = memoryview(data)
    while view:
        try:
            view = view[os.write(descriptor, view) :]
        except BlockingIOError:
            select.select([], [descriptor], [])


def take_standard_output() -> int:
    """Return a private descriptor for standard output; redirect all other output to stderr."""
    descriptor = os.dup(1)
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return descriptor
