"""One client: bytes in, bytes out, and a server object of its own."""

import asyncio
from collections.abc import Callable

from assist_server.lsp.framing import MAX_BODY_BYTES, FrameReader
from assist_server.lsp.inbox import Inbox
from assist_server.lsp.server import AssistServer

_MAX_GREETING_BYTES = 1 << 20
"""Of somebody who has yet to show the token, no more is read at a time."""


class Connection:
    """Connects a server object to a stream of bytes until one side ends it."""

    def __init__(self, server: AssistServer, send: Callable[[bytes], None]) -> None:
        """Begin to serve; `send` takes bytes for the client, in order and from any thread."""
        self._server = server
        self._frames = FrameReader(server.protocol.refuse_long)
        self._inbox = Inbox(self._handle)
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
