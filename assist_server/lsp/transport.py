"""Bytes between the process's standard streams and a server object."""

import asyncio
import contextlib
import os
import queue
import sys
import threading
from collections.abc import Callable

from assist_server.lsp.framing import FrameReader
from assist_server.lsp.inbox import Inbox
from assist_server.lsp.server import AssistServer

_FLUSH_SECONDS = 0.5
_READ_BYTES = 1 << 16


class StreamWriter:
    """Writes to a file descriptor on a thread of its own, in order, from any thread.

    A client that does not read blocks this thread only, never the loop.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._pieces: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._write, name="assist-writer", daemon=True)
        self._thread.start()

    def send(self, data: bytes) -> None:
        """Queue bytes."""
        self._pieces.put(data)

    def close(self) -> None:
        """Write what is queued, but do not wait for ever for a client that does not read."""
        self._pieces.put(None)
        self._thread.join(_FLUSH_SECONDS)

    def _write(self) -> None:
        with contextlib.suppress(OSError):  # the client is gone; its end of stream ends the server
            while (data := self._pieces.get()) is not None:
                view = memoryview(data)
                while view:
                    view = view[os.write(self._descriptor, view) :]


async def serve_stdio(server: AssistServer) -> int:
    """Serve one client on standard input and output; the process's exit code."""
    loop = asyncio.get_running_loop()
    exit_code: asyncio.Future[int] = loop.create_future()
    output = StreamWriter(_take_standard_output())
    frames = FrameReader()

    def leave(code: int) -> None:
        if not exit_code.done():
            exit_code.set_result(code)

    def handle(body: bytes) -> None:
        if not exit_code.done():
            server.protocol.receive(body)

    inbox = Inbox(handle)

    def receive(data: bytes) -> None:
        inbox.put(frames.feed(data))
        if not data:  # the client went away without saying so
            leave(1)

    server.protocol.send = output.send
    server.protocol.on_exit = leave
    threading.Thread(
        target=_read, args=(0, loop, receive), name="assist-reader", daemon=True
    ).start()
    code = await exit_code
    server.close()
    output.close()
    return code


def _take_standard_output() -> int:
    """A private descriptor for standard output; whatever else prints goes to standard error."""
    descriptor = os.dup(1)
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return descriptor


def _read(
    descriptor: int, loop: asyncio.AbstractEventLoop, receive: Callable[[bytes], None]
) -> None:
    while True:
        data = os.read(descriptor, _READ_BYTES)
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody listens any more
            loop.call_soon_threadsafe(receive, data)
        if not data:
            return
