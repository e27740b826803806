"""The model of one client: choice, loading state, and threads for work that uses it."""

import asyncio
import concurrent.futures
import contextlib
import itertools
import logging
import math
import threading
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any, TypeVar

from assist_server.engine.backend import Backend, ModelChoice, host_of
from assist_server.engine.loading.model_pool import (
    ClientBackend,
    HostState,
    ModelHost,
    ModelPool,
    Phase,
)
from assist_server.engine.request import CancelToken, Priority
from assist_server.errors import ModelLoadingError, printable
from assist_server.lsp.progress import Progress, ProgressReports
from assist_server.lsp.settings_store import SettingsStore

INTERACTIVE_THREADS, BACKGROUND_THREADS = 4, 4
"""Features block while the model is busy with other requests; separate pools keep a completion from
waiting for a thread that a summary holds."""

_NOT_STARTED = HostState(Phase.LOADING, "not started", 0)

_LANGUAGE_NAMES = {
    "javascript": "JavaScript",
    "typescript": "TypeScript",
    "tsx": "TSX",
    "cpp": "C++",
    "json": "JSON",
    "toml": "TOML",
    "yaml": "YAML",
    "html": "HTML",
    "css": "CSS",
}
"""Names of the languages that are not simply capitalized."""

_T = TypeVar("_T")
_log = logging.getLogger(__name__)
_numbers = itertools.count(1)


class ModelSession:
    """One client's share of a model; used on the server's loop only."""

    def __init__(  # noqa: PLR0913 - the parts that it connects
        self,
        pool: ModelPool,
        settings: SettingsStore,
        reports: ProgressReports,
        on_change: Callable[[HostState], None],
        on_leave: Callable[[], None] = lambda: None,
        *,
        is_for_text: bool = False,
    ) -> None:
        """Start without a model.

        Args:
            pool: Loads models and shares them with other clients.
            settings: Where the model is named.
            reports: Where the progress of loading is shown.
            on_change: Called with each new state of the current model.
            on_leave: Called before another model replaces it.
            is_for_text: True for the model of `text_model`, beside the one that completes.
        """
        self._pool = pool
        self._settings = settings
        self._reports = reports
        self._on_change = on_change
        self._on_leave = on_leave
        self._is_for_text = is_for_text
        self._host: ModelHost | None = None
        self._choice: ModelChoice | None = None
        self._changed = asyncio.Event()
        self._loading: Progress | None = None
        self._is_download = False
        self._loop: asyncio.AbstractEventLoop | None = None
        pool_of = concurrent.futures.ThreadPoolExecutor
        self._interactive = pool_of(INTERACTIVE_THREADS, "assist-interactive")
        self._background = pool_of(BACKGROUND_THREADS, "assist-background")
        self._client = f"client-{next(_numbers)} "
        self.shares_caches = True
        """Whether this client may use cache entries of other clients' prompts."""

    @property
    def is_started(self) -> bool:
        """Return whether a model has been chosen."""
        return self._host is not None

    @property
    def has_given_up(self) -> bool:
        """Return whether the model could not be loaded."""
        return self._host is not None and self._host.has_given_up

    def start(self) -> None:
        """Use the model that the current settings name; start loading it if necessary."""
        choice = self._named_choice
        if choice == self._choice:
            return
        old_choice = self._choice
        if old_choice is not None:
            self._on_leave()
        self._stop_listening()  # first: its states would be taken for those of the new one
        self._end_loading()
        self._loop = asyncio.get_running_loop()
        self._choice, self._host = choice, self._pool.acquire(choice)
        self._host.wake(self._unload_after_s)
        self._host.listen(self._on_host_change)
        self._release(old_choice)

    async def ready_backend(self, wait_ms: float | None = None) -> Backend:
        """Return the loaded backend, waiting for at most `wait_ms` (None: without limit).

        This includes waiting for the client's settings, which name the model. A model that was
        unloaded is loaded again.

        Raises:
            ModelLoadingError: the model is not ready yet.
            ModelError: it could not be loaded.
        """
        if self._host is not None:
            self._host.wake(self._unload_after_s)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(None if wait_ms is None else wait_ms / 1000):
                while self._state.phase is Phase.LOADING:
                    was_started = self.is_started
                    await self._changed.wait()
                    if was_started and not self.is_started:
                        break  # the settings no longer name a model for this
        if self._host is None:
            raise ModelLoadingError("the model is not loaded yet")
        return self._of_client(self._host.backend())

    @property
    def loaded(self) -> Backend | None:
        """Return the backend, if it is loaded."""
        backend = self._host.loaded if self._host else None
        return backend and self._of_client(backend)

    def _of_client(self, backend: Backend) -> Backend:
        return ClientBackend(backend, self._client, self.shares_caches)

    async def run(
        self, work: Callable[[], _T], cancel: CancelToken, priority: Priority = Priority.BACKGROUND
    ) -> _T:
        """Run blocking work on a thread; cancelling the caller also sets `cancel`."""
        is_interactive = priority is Priority.INTERACTIVE
        threads = self._interactive if is_interactive else self._background
        try:
            return await asyncio.get_running_loop().run_in_executor(threads, self._using, work)
        except asyncio.CancelledError:
            cancel.cancel()
            raise

    def _using(self, work: Callable[[], _T]) -> _T:
        """Do work, and keep the model loaded meanwhile."""
        host = self._host
        with contextlib.nullcontext() if host is None else host.in_use():
            return work()

    @property
    def _unload_after_s(self) -> float:
        return self._settings.current.unload_after_minutes * 60 or math.inf

    @property
    def _state(self) -> HostState:
        return self._host.state if self._host else _NOT_STARTED

    @property
    def model_name(self) -> str:
        """Return the model's name for the user, with the server that it runs on, if any."""
        backend = self.loaded
        if backend is not None and backend.info.host:
            return f"{backend.info.name} at {backend.info.host}"
        return self._named_choice.label

    @property
    def _named_choice(self) -> ModelChoice:
        settings = self._settings.current
        named = ModelChoice.of(settings.for_text() if self._is_for_text else settings)
        return replace(named, is_second=self._is_for_text)

    @property
    def is_outdated(self) -> bool:
        """Return whether the settings name another model than the one in use."""
        return self._choice not in {None, self._named_choice}

    def status(self) -> dict[str, Any]:
        """Return the model's state as plain JSON."""
        state, backend = self._state, self.loaded
        is_remote = backend is not None and bool(backend.info.host)
        plan = backend.info.plan if backend else None
        languages = backend.info.languages if backend else None
        only = f" (for {_listed(languages)})" if languages is not None else ""
        return {
            "phase": state.phase,
            "message": state.message + only,
            "percent": state.percent,
            "model": backend.info.name if backend and is_remote else self.model_name,
            "host": host_of(self._named_choice.remote.url) or None,
            "device": plan.device if plan else None,
            "dtype": plan.dtype if plan else None,
            "reasons": [*plan.reasons, *plan.memory_steps] if plan else [],
            "languages": None if languages is None else list(languages),
        }

    def close(self) -> None:
        """Release the model and the threads."""
        for threads in (self._interactive, self._background):
            threads.shutdown(wait=False, cancel_futures=True)
        self.leave()

    def leave(self) -> None:
        """Release the model; `start` takes one again."""
        self._stop_listening()
        self._end_loading()
        self._release(self._choice)
        self._choice, self._host, self._loop = None, None, None
        self._wake_waiting()

    def _wake_waiting(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    def _stop_listening(self) -> None:
        if self._host is not None:
            self._host.stop_listening(self._on_host_change)

    def _release(self, choice: ModelChoice | None) -> None:
        """Release a model, on a thread because that may wait for a decoding step."""
        if choice is not None:
            threading.Thread(target=self._pool.release, args=(choice,), daemon=True).start()

    def _on_host_change(self, state: HostState) -> None:
        """Pass a new state on to the loop; called on any thread."""
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop is closed: the server is stopping
                self._loop.call_soon_threadsafe(self._enter, self._choice, state)

    def _enter(self, choice: ModelChoice | None, state: HostState) -> None:
        if choice != self._choice:
            return  # the model has been replaced since
        self._wake_waiting()
        level = logging.DEBUG if state.is_download else logging.INFO  # it says much
        _log.log(level, "model: %s: %s", state.phase, state.message)
        self._on_change(state)
        if state.phase is Phase.LOADING:
            self._report_loading(state)
        else:
            self._end_loading()

    def _report_loading(self, state: HostState) -> None:
        """Show a download, which can be cancelled, and what follows it, each from 0 percent on."""
        if state.is_download is not self._is_download:
            self._end_loading()
        if self._loading is None and self._host is not None:
            self._is_download = state.is_download
            work = "Downloading" if state.is_download else "Loading"
            title = f"{work} the model {printable(self.model_name)}"
            on_cancel = self._host.cancel if state.is_download else None
            self._loading = self._reports.start(title, on_cancel, percent=0)
        if self._loading is not None:
            self._loading.report(state.message, state.percent)

    def _end_loading(self) -> None:
        if self._loading:
            self._loading.end()
            self._loading = None


def _listed(languages: Iterable[str]) -> str:
    return ", ".join(_LANGUAGE_NAMES.get(each, each.capitalize()) for each in languages)
