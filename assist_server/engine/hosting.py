"""A model on its way into memory, ready, or failed; loaded on a thread of its own."""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from assist_server.engine.backend import Backend
from assist_server.errors import AssistError, ModelError, ModelLoadingError

_log = logging.getLogger(__name__)

Report = Callable[[str], None]


class Phase(StrEnum):
    """Where a model is in its life."""

    LOADING = "loading"
    READY = "ready"
    FAILED = "failed"
    CLOSED = "closed"


@dataclass(frozen=True)
class HostState:
    """The phase and a sentence about it."""

    phase: Phase
    message: str


class ModelHost:
    """Loads a backend in the background and hands it out."""

    def __init__(
        self,
        open_backend: Callable[[Report], Backend],
        on_change: Callable[[HostState], None] = lambda _: None,
    ) -> None:
        """Start loading. `on_change` is called on the loading thread with every new state."""
        self._open_backend = open_backend
        self._on_change = on_change
        self._changed = threading.Condition()
        self._state = HostState(Phase.LOADING, "starting")
        self._backend: Backend | None = None
        threading.Thread(target=self._load, name="assist-loading", daemon=True).start()

    @property
    def state(self) -> HostState:
        """The newest state."""
        return self._state

    def backend(self, wait_ms: float | None = 0) -> Backend:
        """The loaded backend, after at most `wait_ms` (None: as long as it takes).

        Raises:
            ModelLoadingError: it is not ready yet.
            ModelError: it could not be loaded, or was closed.
        """
        timeout = None if wait_ms is None else wait_ms / 1000
        with self._changed:
            self._changed.wait_for(lambda: self._state.phase is not Phase.LOADING, timeout)
            if self._backend is not None:
                return self._backend
        if self._state.phase is Phase.LOADING:
            raise ModelLoadingError(f"the model is loading: {self._state.message}")
        raise ModelError(self._state.message)

    def close(self) -> None:
        """Free the model; one that is still loading is freed as soon as it is there."""
        with self._changed:
            backend, self._backend = self._backend, None
            self._enter(HostState(Phase.CLOSED, "the model was unloaded"))
        if backend is not None:
            backend.close()

    def _load(self) -> None:
        try:
            backend = self._open_backend(self._report)
        except AssistError as error:
            self._finish(None, HostState(Phase.FAILED, str(error)))
        except Exception as error:  # noqa: BLE001 - see below
            # Whatever a third-party model does while loading, the server lives on and says so.
            _log.exception("loading failed")
            self._finish(None, HostState(Phase.FAILED, f"loading failed: {type(error).__name__}"))
        else:
            self._finish(backend, HostState(Phase.READY, backend.info.name))

    def _report(self, message: str) -> None:
        with self._changed:
            if self._state.phase is Phase.LOADING:
                self._enter(HostState(Phase.LOADING, message))

    def _finish(self, backend: Backend | None, state: HostState) -> None:
        with self._changed:
            if self._state.phase is Phase.LOADING:
                self._backend = backend
                self._enter(state)
                return
        if backend is not None:  # closed while it was loading
            backend.close()

    def _enter(self, state: HostState) -> None:
        self._state = state
        self._changed.notify_all()
        self._on_change(state)
