"""The state of a server, and the time of the next attempt after a failure."""

import threading
from collections.abc import Callable

from assist_server.engine.backend import TroubleCallback, retry_delay_s
from assist_server.errors import ModelError, ModelServerError


class Health:
    """The trouble with a server, if any; callable from any thread.

    Requests fail at once while there is trouble. After a delay, the server is opened again, without
    any text; the delay doubles until a request has succeeded.
    """

    def __init__(self, reopen_later: Callable[[float], None]) -> None:
        """Start without trouble.

        Args:
            reopen_later: Called with a delay in seconds, after which the server is to be tried.
        """
        self._reopen_later = reopen_later
        self._lock = threading.Lock()
        self._trouble = ""
        self._failures = 0
        self._on_trouble: TroubleCallback = _ignore

    def watch(self, on_trouble: TroubleCallback) -> None:
        """Call `on_trouble` on each change from now on."""
        self._on_trouble = on_trouble

    def check(self) -> None:
        """Refuse work while there is trouble.

        Raises:
            ModelServerError: there is.
        """
        if self._trouble:
            raise ModelServerError(self._trouble)

    def fail(self, error: ModelServerError) -> None:
        """Note that the server failed."""
        with self._lock:
            is_new, self._trouble = not self._trouble, str(error)
            self._failures += is_new
            delay_s = retry_delay_s(self._failures)
        if is_new:  # else it is being tried already
            self._on_trouble(str(error))
            self._reopen_later(delay_s)

    def fail_again(self, error: ModelError) -> None:
        """Note that the server could not be opened again."""
        with self._lock:
            is_new, self._trouble = self._trouble != str(error), str(error)
            self._failures += 1
            delay_s = retry_delay_s(self._failures)
        if is_new:
            self._on_trouble(str(error))
        self._reopen_later(delay_s)

    def recover(self) -> None:
        """Note that the server was opened again; whether it works is to be seen."""
        self._trouble = ""
        self._on_trouble("")

    def succeed(self) -> None:
        """Note that a request succeeded."""
        self._failures = 0


def _ignore(_: str) -> None:
    """Ignore a change."""
