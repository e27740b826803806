"""Reading while nobody waits, so that less is left to read when somebody does.

When typing or moving pauses, the text around the place is learned for drafts, and unless a
completion was asked for there, its prompt is read into the model's prefix cache. Whoever wants the
model meanwhile comes first.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

_PAUSE_S = 0.15
"""Long enough to mean that the user has stopped, short enough to be over before they go on."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Touched:
    """A place in a document where the user was last."""

    uri: str
    version: int | None
    offset: int
    is_asked: bool = False
    """Whether a completion was asked for there, for which the prompt is read anyway."""


Read = Callable[[Touched], Awaitable[None]]
"""Reads at a place; cancelling it stops the model."""


class ReadingAhead:
    """Reads at the place that was touched last; used on the loop only."""

    def __init__(self, read: Read) -> None:
        self._read = read
        self._place: Touched | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._reading: asyncio.Future[None] | None = None

    def touch(self, place: Touched) -> None:
        """The user is there now, and the former place does not matter any more."""
        if self._place != replace(place, is_asked=True):
            # Editors ask for other things, too, where they have asked for a completion.
            self._wait(place)

    def again(self) -> None:
        """Read at the last place, where nothing could be read before."""
        if self._place is not None:
            self._wait(replace(self._place, is_asked=False))

    def forget(self, uri: str) -> None:
        """Read nothing more in a document."""
        if self._place is not None and self._place.uri == uri:
            self.stop()
            self._place = None

    def _wait(self, place: Touched) -> None:
        self.stop()
        self._place = place
        self._timer = asyncio.get_running_loop().call_later(_PAUSE_S, self._begin, place)

    def stop(self) -> None:
        """Read nothing more at the last place."""
        if self._timer is not None:
            self._timer.cancel()
        if self._reading is not None:
            self._reading.cancel()

    def _begin(self, place: Touched) -> None:
        self._reading = asyncio.ensure_future(self._read(place))
        self._reading.add_done_callback(_log_failure)


def _log_failure(reading: "asyncio.Future[None]") -> None:
    if not reading.cancelled() and (error := reading.exception()) is not None:
        _log.error("reading ahead failed", exc_info=error)
