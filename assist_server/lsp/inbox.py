"""The messages of one client on their way to the protocol, one in each turn of the loop."""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable

_MOST_WAITING_BYTES = 1 << 20
_MESSAGE_BYTES = 64
"""What a message costs beside its body."""


class Inbox:
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
