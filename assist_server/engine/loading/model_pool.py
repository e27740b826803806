"""Models shared by the clients of a process, each loaded on a separate thread."""

import contextlib
import itertools
import logging
import math
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from assist_server.engine.backend import (
    Backend,
    ModelChoice,
    ModelInfo,
    ProgressCallback,
    TroubleCallback,
    retry_delay_s,
)
from assist_server.engine.request import Chunk, GenerationRequest
from assist_server.errors import AssistError, ModelError, ModelLoadingError, ModelServerError

_log = logging.getLogger(__name__)


_CANCELLED = (
    "the download was cancelled, and what has arrived is kept; to go on, restart the server, or "
    "choose another model"
)

OpenBackend = Callable[[ModelChoice, ProgressCallback], Backend]
"""Loads a model; called on a separate thread."""


class Phase(StrEnum):
    """The state of a model in its life cycle."""

    LOADING = "loading"
    READY = "ready"
    UNLOADED = "unloaded"
    FAILED = "failed"
    CLOSED = "closed"


@dataclass(frozen=True)
class HostState:
    """The phase of a model and a message about it."""

    phase: Phase
    message: str
    percent: int | None = None
    """Progress of loading, or of the download before it; None after it."""
    is_download: bool = False
    """True while the model's files are downloaded, which can be cancelled."""


Listener = Callable[[HostState], None]


class ModelHost:
    """A backend that is loaded in the background.

    If the server that runs the model cannot be used, that is a failure until it can; it is tried
    again after a growing delay. A model that nobody uses for long may be unloaded until it is used;
    if loading it again fails, the next use tries once more.
    """

    def __init__(self, open_backend: Callable[[ProgressCallback], Backend]) -> None:
        """Start loading."""
        self._open_backend = open_backend
        self._listeners: list[Listener] = []
        self._changed = threading.Condition()
        self._state = HostState(Phase.LOADING, "starting", 0)
        self._backend: Backend | None = None
        self._is_retrying = False
        self._was_loaded = False
        self._is_ended = False
        self._n_uses = 0
        self._unused_since = time.monotonic()
        self._unload_after_s = math.inf
        threading.Thread(target=self._run, name="assist-loading", daemon=True).start()

    @property
    def state(self) -> HostState:
        """Return the current state."""
        return self._state

    @property
    def has_given_up(self) -> bool:
        """Return whether loading failed and is not tried again."""
        with self._changed:
            is_failed = self._state.phase is Phase.FAILED and self._backend is None
            return is_failed and not self._is_retrying

    def listen(self, listener: Listener) -> None:
        """Call `listener` with the state now and on each change, on the thread that changes it."""
        with self._changed:
            self._listeners.append(listener)
            listener(self._state)

    def stop_listening(self, listener: Listener) -> None:
        """Unsubscribe a listener."""
        with self._changed:
            self._listeners.remove(listener)

    def backend(self, wait_ms: float | None = 0) -> Backend:
        """Return the loaded backend, after waiting at most `wait_ms` (None: no limit).

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

    def wake(self, unload_after_s: float) -> None:
        """Note that the model is about to be used, and load it if it was unloaded.

        Args:
            unload_after_s: Time without use after which to unload it, until the next call.
        """
        with self._changed:
            self._unused_since = time.monotonic()
            if self._unload_after_s != unload_after_s:
                self._unload_after_s = unload_after_s
                self._changed.notify_all()
            if self._state.phase is Phase.UNLOADED:
                self._set_state(HostState(Phase.LOADING, "loading again", 0))

    @contextlib.contextmanager
    def in_use(self) -> Iterator[None]:
        """Keep the model loaded."""
        with self._changed:
            self._n_uses += 1
        try:
            yield
        finally:
            with self._changed:
                self._n_uses -= 1
                self._unused_since = time.monotonic()

    @property
    def loaded(self) -> Backend | None:
        """Return the backend; None if it is not loaded."""
        return self._backend

    def cancel(self) -> None:
        """Give up loading the model; a download is kept as far as it has come."""
        with self._changed:
            if self._state.phase is Phase.LOADING:
                self._is_ended = True
                self._set_state(HostState(Phase.FAILED, _CANCELLED))

    def close(self) -> None:
        """Free the model; one that is loading is freed when it is loaded or reports progress."""
        with self._changed:
            self._is_ended = True
            backend, self._backend = self._backend, None
            self._set_state(HostState(Phase.CLOSED, "the model was unloaded"))
        if backend is not None:
            backend.close()

    def _run(self) -> None:
        """Load the model, unload it when it is not used, and load it again when it is."""
        while not self._is_ended:
            if self._load() and not self._unload_when_unused():
                return
            if not self._was_loaded:
                return
            with self._changed:
                self._changed.wait_for(lambda: self._state.phase is not Phase.UNLOADED)

    def _load(self) -> bool:
        """Try to load until that makes no more sense; return whether the model is loaded."""
        for failures in itertools.count(1):
            error = self._try_to_load()
            if error is None:
                break
            with self._changed:
                self._is_retrying = True
                if self._changed.wait_for(lambda: self._is_ended, retry_delay_s(failures)):
                    break
        return self._backend is not None

    def _unload_when_unused(self) -> bool:
        """Wait until the model was not used for long and unload it; return False if it is closed.

        A model on a server takes no memory here.
        """
        with self._changed:
            while (wait_s := self._time_left_s()) > 0 and not self._is_ended:
                self._changed.wait(min(wait_s, threading.TIMEOUT_MAX))
            if self._backend is None or self._backend.info.host:
                return False
            backend, self._backend = self._backend, None
            message = "it was not used for long; the next request loads it"
            self._set_state(HostState(Phase.UNLOADED, message))
        backend.close()
        return True

    def _time_left_s(self) -> float:
        """Return the least time until the model will not have been used for long."""
        now = time.monotonic()
        return (now if self._n_uses else self._unused_since) + self._unload_after_s - now

    def _try_to_load(self) -> ModelServerError | None:
        """Load once; return the error if it makes sense to try again."""
        try:
            backend = self._open_backend(self._report)
        except ModelServerError as error:
            self._finish(None, HostState(Phase.FAILED, str(error)))
            return error
        except AssistError as error:
            self._finish(None, HostState(self._phase_after_failure, str(error)))
        except Exception as error:  # noqa: BLE001 - a third-party model may do anything
            _log.exception("loading failed")
            message = f"loading failed: {type(error).__name__}"
            self._finish(None, HostState(self._phase_after_failure, message))
        else:
            self._finish(backend, HostState(Phase.READY, backend.info.name))
        return None

    @property
    def _phase_after_failure(self) -> Phase:
        """Return the phase after a failure that stays; a model that was loaded may be again."""
        return Phase.UNLOADED if self._was_loaded else Phase.FAILED

    def _report(self, message: str, percent: int, *, is_download: bool = False) -> None:
        with self._changed:
            if self._is_ended:
                raise ModelError(_CANCELLED)
            if self._state.phase is Phase.LOADING:
                self._set_state(HostState(Phase.LOADING, message, percent, is_download))

    def _finish(self, backend: Backend | None, state: HostState) -> None:
        with self._changed:
            if not self._is_ended:
                self._backend = backend
                if backend is not None:
                    self._was_loaded = True
                    backend.watch(self._on_trouble)
                if self._state != state:
                    self._set_state(state)
                return
        if backend is not None:  # closed or cancelled while it was loading
            backend.close()

    def _on_trouble(self, reason: str) -> None:
        """Follow a loaded backend that stops answering or answers again; called on any thread."""
        with self._changed:
            if self._backend is not None:
                name = self._backend.info.name
                failed, ready = HostState(Phase.FAILED, reason), HostState(Phase.READY, name)
                self._set_state(failed if reason else ready)

    def _set_state(self, state: HostState) -> None:
        self._state = state
        self._changed.notify_all()
        for listener in self._listeners:
            listener(state)


class ModelPool:
    """A host for each choice of model, shared by all clients of the process."""

    def __init__(self, open_backend: OpenBackend) -> None:
        self._open_backend = open_backend
        self._lock = threading.Lock()
        self._hosts: dict[ModelChoice, ModelHost] = {}
        self._users: dict[ModelChoice, int] = {}

    def acquire(self, choice: ModelChoice) -> ModelHost:
        """Return the host of a choice, created if needed; each call needs one `release`."""
        with self._lock:
            host = self._hosts.get(choice)
            if host is None or host.has_given_up:
                host = ModelHost(lambda report: self._open_backend(choice, report))
                self._hosts[choice] = host
            self._users[choice] = self._users.get(choice, 0) + 1
            return host

    def release(self, choice: ModelChoice) -> None:
        """Release a host; a model without users is freed once another one is in use.

        The last model stays loaded for clients that return.
        """
        with self._lock:
            self._users[choice] -= 1
            in_use = [other for other, count in self._users.items() if count]
            unused = [other for other in self._hosts if other not in in_use] if in_use else []
            hosts = [self._hosts.pop(other) for other in unused]
        for host in hosts:
            host.close()

    def close(self) -> None:
        """Free all models."""
        with self._lock:
            hosts = list(self._hosts.values())
            self._hosts.clear()
        for host in hosts:
            host.close()


@dataclass(frozen=True)
class ClientBackend:
    """The shared backend as one client uses it: requests and indexed texts carry the client."""

    shared: Backend
    """The backend that all clients share."""
    client: str
    """A name that is no other client's name, nor a prefix of one."""
    shares_caches: bool
    """True if this client shares its caches with other clients."""

    @property
    def info(self) -> ModelInfo:
        """Return the facts about the loaded model."""
        return self.shared.info

    @property
    def _cache_owner(self) -> str:
        """Return the owner of the caches in use; empty for the shared ones."""
        return "" if self.shares_caches else self.client

    def encode(self, text: str, client: str = "") -> list[int]:
        """Return the ids of `text`."""
        return self.shared.encode(text, client or self._cache_owner)

    def encode_chat(self, messages: Sequence[Mapping[str, str]], client: str = "") -> list[int]:
        """Return the ids of a conversation in the model's chat format."""
        return self.shared.encode_chat(messages, client or self._cache_owner)

    def decode_prompt(self, ids: Sequence[int]) -> str:
        """Return a prompt as readable text."""
        return self.shared.decode_prompt(ids)

    def generate(self, request: GenerationRequest) -> Iterator[Chunk]:
        """Continue a prompt for the client."""
        return self.shared.generate(replace(request, client=self._cache_owner))

    def learn(self, name: str, parts: Sequence[Sequence[int]]) -> None:
        """Index the client's document `name` for drafting."""
        self.shared.learn(self.client + name, parts)

    def forget(self, name: str) -> None:
        """Remove the client's document `name` from the index."""
        self.shared.forget(self.client + name)

    def watch(self, on_trouble: TroubleCallback) -> None:
        """Watch the shared backend."""
        self.shared.watch(on_trouble)

    def close(self) -> None:
        """Do nothing, as other clients may use the model."""
