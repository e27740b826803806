"""The messages of one client on their way to the protocol, one in each turn of the loop."""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable


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
        self._is_scheduled = False

    def put(self, bodies: Iterable[bytes | None]) -> None:
        """Take in messages; called on the loop."""
        self._bodies.extend(bodies)
        self._schedule()

    def _schedule(self) -> None:
        # Never at once: the first step of the handler before may still wait for its turn.
        if self._bodies and not self._is_scheduled:
            self._is_scheduled = True
            asyncio.get_running_loop().call_soon(self._hand_over)

    def _hand_over(self) -> None:
        self._is_scheduled = False
        try:
            self._handle(self._bodies.popleft())
        finally:
            self._schedule()
