"""One client: bytes in, bytes out, and a server object of its own."""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable

from assist_server.lsp.framing import MAX_BODY_BYTES, FrameReader
from assist_server.lsp.server import AssistServer

_MAX_GREETING_BYTES = 1 << 20
"""Of somebody who has yet to show the token, no more is read at a time."""

_MOST_WAITING_BYTES = 1 << 20
_MESSAGE_BYTES = 64
"""What a message costs beside its body."""


class Connection:
    """Connects a server object to a stream of bytes until one side ends it."""

    def __init__(self, server: AssistServer, send: Callable[[bytes], None]) -> None:
        """Begin to serve; `send` takes bytes for the client, in order and from any thread."""
        self._server = server
        self._frames = FrameReader(server.protocol.refuse_long)
        self._inbox = _Inbox(self._handle)
        self._exit_code: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        server.protocol.send = send
        server.protocol.on_exit = self.leave

    def receive(self, data: bytes) -> None:
        """Take in bytes; no bytes mean the end of the stream."""
        is_known = self._server.protocol.is_admitted
        self._frames.max_body_bytes = MAX_BODY_BYTES if is_known else _MAX_GREETING_BYTES
        self._inbox.put(self._frames.feed(data) if data else (None,))

    async def take(self, data: bytes) -> None:
        """Take in bytes, and wait until there is room for more."""
        self.receive(data)
        await self._inbox.room()

    def end(self) -> None:
        """End because of something outside of the conversation: a signal, the end of input."""
        self.leave(self._server.protocol.exit_code)

    def leave(self, code: int) -> None:
        """End with an exit code; the first one counts."""
        if not self._exit_code.done():
            self._exit_code.set_result(code)

    async def ended(self) -> int:
        """Wait for the end, then stop what the client had running; the exit code."""
        code = await self._exit_code
        self._server.close()
        return code

    def _handle(self, body: bytes | None) -> None:
        if body is None:
            self.end()
        elif not self._exit_code.done():
            self._server.protocol.receive(body)


class _Inbox:
    """Hands over messages in order, letting the loop run between two.

    A request's handler takes its snapshot in its first step, which the loop runs after the request
    was handed over. A change that follows the request in the stream must not be applied before
    that step, or the request's position would mean a place in another text.
    """

    def __init__(self, handle: Callable[[bytes | None], None]) -> None:
        """Hand over to `handle`; None stands for the end of the stream."""
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
        """Wait until so little waits that more may be read from the client."""
        await self._has_room.wait()

    def _count(self, added_bytes: int) -> None:
        self._waiting_bytes += added_bytes
        if self._waiting_bytes > _MOST_WAITING_BYTES:
            self._has_room.clear()
        else:
            self._has_room.set()

    def _schedule(self) -> None:
        # Never at once: the first step of the handler before may still wait for its turn.
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
