"""Models on their way into memory, ready, or failed; each loaded on a thread of its own."""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from assist_server.engine.backend import Backend, ModelChoice, ProgressCallback
from assist_server.errors import AssistError, ModelError, ModelLoadingError

_log = logging.getLogger(__name__)


OpenBackend = Callable[[ModelChoice, ProgressCallback], Backend]
"""Loads a model; called on a thread of its own."""


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
    percent: int | None = None
    """How much of the loading is over; None when it is."""


Listener = Callable[[HostState], None]


class ModelHost:
    """Loads a backend in the background and hands it out."""

    def __init__(self, open_backend: Callable[[ProgressCallback], Backend]) -> None:
        """Start loading."""
        self._open_backend = open_backend
        self._listeners: list[Listener] = []
        self._changed = threading.Condition()
        self._state = HostState(Phase.LOADING, "starting", 0)
        self._backend: Backend | None = None
        threading.Thread(target=self._load, name="assist-loading", daemon=True).start()

    @property
    def state(self) -> HostState:
        """The newest state."""
        return self._state

    def listen(self, listener: Listener) -> None:
        """Tell the state now and whenever it changes, on whatever thread changes it."""
        with self._changed:
            self._listeners.append(listener)
            listener(self._state)

    def stop_listening(self, listener: Listener) -> None:
        """Tell no more."""
        with self._changed:
            self._listeners.remove(listener)

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
            state = self._state
        if state.phase is Phase.LOADING:
            raise ModelLoadingError(f"the model is loading: {state.message}")
        raise ModelError(state.message)

    @property
    def loaded(self) -> Backend | None:
        """The backend, once it is there."""
        return self._backend

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
        except Exception as error:  # noqa: BLE001 - a third-party model may do anything
            _log.exception("loading failed")
            self._finish(None, HostState(Phase.FAILED, f"loading failed: {type(error).__name__}"))
        else:
            self._finish(backend, HostState(Phase.READY, backend.info.name))

    def _report(self, message: str, percent: int) -> None:
        with self._changed:
            if self._state.phase is Phase.LOADING:
                self._enter(HostState(Phase.LOADING, message, percent))

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
        for listener in self._listeners:
            listener(state)


class ModelPool:
    """One host for each choice of model, shared by all clients of the process."""

    def __init__(self, open_backend: OpenBackend) -> None:
        self._open_backend = open_backend
        self._lock = threading.Lock()
        self._hosts: dict[ModelChoice, ModelHost] = {}
        self._users: dict[ModelChoice, int] = {}

    def acquire(self, choice: ModelChoice) -> ModelHost:
        """The host of a choice, loading from now on if nobody used it; `release` it once."""
        with self._lock:
            host = self._hosts.get(choice)
            if host is None or host.state.phase is Phase.FAILED:
                host = ModelHost(lambda report: self._open_backend(choice, report))
                self._hosts[choice] = host
            self._users[choice] = self._users.get(choice, 0) + 1
            return host

    def release(self, choice: ModelChoice) -> None:
        """Give a host back; a model without users is freed once another one is in use.

        The last one stays, so that a client that comes back finds it loaded.
        """
        with self._lock:
            self._users[choice] -= 1
            in_use = [other for other, count in self._users.items() if count]
            unused = [other for other in self._hosts if other not in in_use] if in_use else []
            hosts = [self._hosts.pop(other) for other in unused]
        for host in hosts:
            host.close()

    def close(self) -> None:
        """Free everything."""
        with self._lock:
            hosts = list(self._hosts.values())
            self._hosts.clear()
        for host in hosts:
            host.close()
