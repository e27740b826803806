"""One client: bytes in, bytes out, and a server object of its own."""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable

from assist_server.lsp.framing import MAX_BODY_BYTES, FrameReader
from assist_server.lsp.server import AssistServer

_MAX_GREETING_BYTES = 1 << 20
"""Size limit for messages from a client that has not sent its token yet."""

_MAX_WAITING_BYTES = 1 << 20
_MESSAGE_BYTES = 64
"""Overhead of a message in addition to its body."""


class Connection:
    """Connects a server object to a stream of bytes until one side ends it."""

    def __init__(self, server: AssistServer, send: Callable[[bytes], None]) -> None:
        """Start to serve; `send` sends bytes to the client, in order and from any thread."""
        self._server = server
        self._frames = FrameReader(server.protocol.refuse_long)
        self._inbox = _Inbox(self._handle)
        self._exit_code: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        server.protocol.send = send
        server.protocol.on_exit = self.leave

    def receive(self, data: bytes) -> None:
        """Take in bytes; empty bytes mean the end of the stream."""
        is_admitted = self._server.protocol.is_admitted
        self._frames.max_body_bytes = MAX_BODY_BYTES if is_admitted else _MAX_GREETING_BYTES
        self._inbox.put(self._frames.feed(data) if data else (None,))

    async def take(self, data: bytes) -> None:
        """Take in bytes, and wait until there is room for more."""
        self.receive(data)
        await self._inbox.room()

    def end(self) -> None:
        """End for a reason other than `exit`: a signal, or the end of input."""
        self.leave(self._server.protocol.exit_code)

    def leave(self, code: int) -> None:
        """End with an exit code; the first one counts."""
        if not self._exit_code.done():
            self._exit_code.set_result(code)

    async def ended(self) -> int:
        """Wait for the end, close the server, and return the exit code."""
        code = await self._exit_code
        self._server.close()
        return code

    def _handle(self, body: bytes | None) -> None:
        if body is None:
            self.end()
        elif not self._exit_code.done():
            self._server.protocol.receive(body)


class _Inbox:
    """Passes messages on in order, one per turn of the loop.

    A request's handler takes its snapshot in its first step, which the loop runs after the request
    was passed on. A change that follows the request in the stream must not be applied before that
    step, or the request's position would refer to a different text.
    """

    def __init__(self, handle: Callable[[bytes | None], None]) -> None:
        """Pass messages to `handle`; None means the end of the stream."""
        self._handle = handle
        self._bodies: deque[bytes | None] = deque()
        self._waiting_bytes = 0
        self._has_room = asyncio.Event()
        self._has_room.set()
        self._is_scheduled = False

    def put(self, bodies: Iterable[bytes | None]) -> None:
        """Take in messages; called on the loop."""
        for body in bodies:
            self._bodies.append(body)
            self._count(_cost(body))
        self._schedule()

    async def room(self) -> None:
        """Wait until more bytes may be read from the client."""
        await self._has_room.wait()

    def _count(self, added_bytes: int) -> None:
        self._waiting_bytes += added_bytes
        if self._waiting_bytes > _MAX_WAITING_BYTES:
            self._has_room.clear()
        else:
            self._has_room.set()

    def _schedule(self) -> None:
        # Never now: the first step of the previous handler may still be scheduled.
        if self._bodies and not self._is_scheduled:
            self._is_scheduled = True
            asyncio.get_running_loop().call_soon(self._hand_over)

    def _hand_over(self) -> None:
        self._is_scheduled = False
        try:
            body = self._bodies.popleft()
            self._count(-_cost(body))
            self._handle(body)
        finally:
            self._schedule()


def _cost(body: bytes | None) -> int:
    return len(body or b"") + _MESSAGE_BYTES
