"""The server object of one client: what lives as long as its connection."""

import asyncio
import concurrent.futures
import contextlib
import itertools
import logging
import threading
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import unquote, urlsplit

from lsprotocol import types
from pygls.lsp.server import LanguageServer

from assist_server import __version__
from assist_server.config import Layer, Problems, SettingProblem, read_settings, summarized
from assist_server.context.cursor import CursorContext
from assist_server.context.snapshot import Snapshot
from assist_server.engine.backend import Backend, ClientBackend, ModelChoice
from assist_server.engine.loading.model_pool import (
    HostState,
    ModelHost,
    ModelPool,
    Phase,
)
from assist_server.engine.request import CancelToken, Priority
from assist_server.errors import AssistError, ModelLoadingError, printable
from assist_server.features.languages import Offer, offer_in
from assist_server.features.prefetch import learn_around, read_prompt
from assist_server.lsp.completion_session import Completions
from assist_server.lsp.documents import TOO_LONG, DocumentStore
from assist_server.lsp.history import RequestHistory
from assist_server.lsp.lenient_converter import lenient_converter
from assist_server.lsp.notebooks import NotebookStore
from assist_server.lsp.prefetch_timer import ReadingAhead, Touched
from assist_server.lsp.progress import Progress, ProgressReports
from assist_server.lsp.protocol import AssistProtocol
from assist_server.settings import LogSettings, Settings

_T = TypeVar("_T")
_log = logging.getLogger(__name__)

_NOTEBOOKS = types.NotebookDocumentSyncOptions(
    [types.NotebookDocumentFilterWithCells(cells=[types.NotebookCellLanguage("python")])]
)
STATUS_NOTIFICATION, STATUS_CAPABILITY = "assist/status", "assistStatus"
INTERACTIVE_THREADS, BACKGROUND_THREADS = 4, 4
"""Features block while the model works for others; a completion never waits for a thread that a
summary has."""

_numbers = itertools.count(1)

FollowLog = Callable[[LogSettings], str]
"""Has the process log as settings say; the reason, for the user, where it does not."""


def ignore_log(_: LogSettings) -> str:
    """A `FollowLog` of a process whose log is none of the settings' business."""
    return ""


class AssistServer(LanguageServer):
    """State of one connection; handlers are registered on it by `create_server`."""

    protocol: AssistProtocol

    def __init__(
        self, pool: ModelPool, flags: Layer | None = None, follow_log: FollowLog = ignore_log
    ) -> None:
        """A server that has not met its client yet; nothing is loaded.

        Args:
            pool: Where models are loaded and shared with other clients.
            flags: Settings from the command line, which win over all others.
            follow_log: Is told the settings of the log.
        """
        super().__init__(
            "assist-server",
            __version__,
            notebook_document_sync=_NOTEBOOKS,
            protocol_cls=AssistProtocol,
            converter_factory=lenient_converter,
        )
        self._pool = pool
        self._flags = flags
        self._follow_log = follow_log
        self._layers: dict[str, Layer] = {}
        self._host: ModelHost | None = None
        self._choice: ModelChoice | None = None
        self._host_changed = asyncio.Event()
        self._loading: Progress | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        pool_of = concurrent.futures.ThreadPoolExecutor
        self._interactive = pool_of(INTERACTIVE_THREADS, "assist-interactive")
        self._background = pool_of(BACKGROUND_THREADS, "assist-background")
        self._shown_problems: set[str] = set()
        self._name = f"client-{next(_numbers)} "
        self.shares_caches = True
        """Whether what the model remembers of other clients' prompts may make answers faster."""
        self.closing = contextlib.ExitStack()
        """What is to be undone when the connection ends."""
        self.settings = Settings()
        self.reading_ahead = ReadingAhead(self._read_ahead)
        self.completions = Completions()
        self.documents = DocumentStore(self._forget_document, self._tell_too_long)
        self.notebooks = NotebookStore(self.documents)
        self.reports = ProgressReports(self)
        self.history = RequestHistory()
        self.protocol.on_shutdown = self.stop_work

    # The client

    @property
    def can_show_progress(self) -> bool:
        """Whether the client shows progress that the server starts."""
        window = self.client_capabilities.window
        return bool(window and window.work_done_progress)

    def to_json(self, value: Any) -> Any:
        """A protocol value as plain JSON."""
        return self.protocol._converter.unstructure(value)  # noqa: SLF001 - pygls offers no other way

    def show(self, kind: types.MessageType, message: str) -> None:
        """Show the user one message."""
        self.window_show_message(types.ShowMessageParams(kind, message))

    def report_server_error(self, error: Exception, source: Any) -> None:
        """Errors outside of requests go to the log; pygls would show them as popups."""
        _log.error("%s: %s", source.__name__, type(error).__name__, exc_info=error)

    # Settings

    def put_layer(self, source: str, values: Any) -> None:
        """Take settings from the client; a later layer of the same source replaces the earlier."""
        root = _folder(self.documents.root_uri)
        self._layers[source] = Layer(source, values, root)

    def apply_settings(self) -> None:
        """Read all sources again; problems are shown once each, and the model follows.

        What was proposed under other settings is forgotten. Before the model is chosen for the
        first time, there is no such thing.
        """
        overrides = [*self._layers.values(), *([self._flags] if self._flags else [])]
        before = self.settings
        self.settings, problems = read_settings(_folder(self.documents.root_uri), overrides)
        messages = summarized(self._named_once(problems))
        if self.settings.log != before.log:
            messages += filter(None, [self._follow_log(self.settings.log)])
        self._show_problems(messages)
        if self._host is not None and self.settings != before:
            self.completions.clear()
            self.start_model()

    def _named_once(self, problems: Problems) -> Iterable[SettingProblem]:
        """Return problems, each once: editors send what is set when they start and when asked."""
        return dict.fromkeys(
            replace(problem, source="the editor's settings")
            if problem.source in self._layers
            else problem
            for problem in problems
        )

    def _show_problems(self, messages: Iterable[str]) -> None:
        for message in messages:
            if message not in self._shown_problems:
                self._shown_problems.add(message)
                _log.warning("settings: %s", message)
                self.show(types.MessageType.Warning, f"assist-server: {message}")

    # The model

    def start_model(self) -> None:
        """Use the model of the current settings: loaded, on its way, or loading from now on."""
        choice = ModelChoice.of(self.settings)
        if choice == self._choice:
            return
        old_choice, old_host = self._choice, self._host
        self._end_loading()
        self._loop = asyncio.get_running_loop()
        self._choice, self._host = choice, self._pool.acquire(choice)
        self._host.listen(self._on_host_change)
        self._leave_model(old_choice, old_host)

    async def ready_backend(self, wait_ms: float | None = None) -> Backend:
        """The loaded backend, after at most `wait_ms` (None: as long as it takes).

        Which model is loaded is known once the client has told its settings; that is waited for.

        Raises:
            ModelLoadingError: it is not ready yet.
            ModelError: it could not be loaded.
        """
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(None if wait_ms is None else wait_ms / 1000):
                while self.model_state.phase is Phase.LOADING:
                    await self._host_changed.wait()
        if self._host is None:
            raise ModelLoadingError("the model is not loaded yet")
        return self._own(self._host.backend())

    def _own(self, backend: Backend) -> Backend:
        """A backend that is told whose the requests are."""
        return ClientBackend(backend, self._name, self.shares_caches)

    @property
    def _loaded(self) -> Backend | None:
        backend = self._host.loaded if self._host else None
        return backend and self._own(backend)

    @property
    def model_state(self) -> HostState:
        """The state of the current model."""
        return self._host.state if self._host else HostState(Phase.LOADING, "not started", 0)

    def _leave_model(self, choice: ModelChoice | None, host: ModelHost | None) -> None:
        """Give a model back; freeing it may take a decoding step, so not on the loop."""
        if choice is not None and host is not None:
            host.stop_listening(self._on_host_change)
            threading.Thread(target=self._pool.release, args=(choice,), daemon=True).start()

    def _on_host_change(self, state: HostState) -> None:
        """Called on any thread."""
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop is closed: the server is leaving
                self._loop.call_soon_threadsafe(self._show_host_state, self._choice, state)

    def _show_host_state(self, choice: ModelChoice | None, state: HostState) -> None:
        if choice != self._choice:
            return  # of a model that was replaced meanwhile
        self._host_changed.set()
        self._host_changed = asyncio.Event()
        self._tell_status()
        _log.info("model: %s: %s", state.phase, state.message)
        if state.phase is Phase.LOADING:
            title = f"Loading the model {printable(self.settings.model)}"
            self._loading = self._loading or self.reports.start(title, percent=0)
            self._loading.report(state.message, state.percent)
            return
        self._end_loading()
        self.reading_ahead.again()
        if state.phase is Phase.FAILED and not self._wants_status:  # who does shows it, and its end
            self.show(types.MessageType.Error, f"assist-server: {state.message}")

    @property
    def _wants_status(self) -> bool:
        experimental = self.client_capabilities.experimental
        return isinstance(experimental, dict) and bool(experimental.get(STATUS_CAPABILITY))

    def status(self) -> dict[str, Any]:
        """The model's state, as plain JSON."""
        state = self.model_state
        backend = self._loaded
        plan = backend.info.plan if backend else None
        languages = backend.info.languages if backend else None
        only = f" (completes {', '.join(languages)})" if languages is not None else ""
        return {
            "phase": state.phase,
            "message": state.message + only,
            "percent": state.percent,
            "model": self.settings.model,
            "device": plan.device if plan else None,
            "dtype": plan.dtype if plan else None,
            "reasons": list(plan.reasons) if plan else [],
            "languages": None if languages is None else list(languages),
        }

    def _tell_status(self) -> None:
        """Notify clients that show the model's state; it is no part of the protocol."""
        if self._wants_status:
            self.protocol.notify(STATUS_NOTIFICATION, self.status())

    def _end_loading(self) -> None:
        if self._loading:
            self._loading.end()
            self._loading = None

    # Work

    async def run(
        self, work: Callable[[], _T], cancel: CancelToken, priority: Priority = Priority.BACKGROUND
    ) -> _T:
        """Run blocking work on a thread; cancelling the caller raises `cancel`."""
        is_interactive = priority is Priority.INTERACTIVE
        threads = self._interactive if is_interactive else self._background
        try:
            return await asyncio.get_running_loop().run_in_executor(threads, work)
        except asyncio.CancelledError:
            cancel.cancel()
            raise

    async def _read_ahead(self, place: Touched) -> None:
        snapshot = self.documents.find(place.uri)
        backend = self._loaded
        limits = self.settings.completion
        if snapshot is None or backend is None or not (limits.enabled and limits.predict_next):
            return
        if offer_in(snapshot, backend.info, limits) is not Offer.ALWAYS:
            return
        before, behind = self.notebooks.neighbours(place.uri)
        context = CursorContext(snapshot, place.offset, limits.multi_line, before, behind)
        cancel = CancelToken()

        def work() -> None:
            learn_around(context, backend, place.uri, cancel)
            if not place.is_asked:
                read_prompt(context, backend, self.settings, cancel)

        with contextlib.suppress(AssistError):  # the request that is made in earnest will tell
            await self.run(work, cancel)

    def _forget_document(self, uri: str) -> None:
        """Keep nothing of a document that is closed."""
        self.reading_ahead.forget(uri)
        self.completions.close(uri)
        self.history.forget(uri)
        if (backend := self._loaded) is not None:
            backend.forget(uri)

    def _tell_too_long(self, snapshot: Snapshot) -> None:
        message = f"assist-server: {printable(snapshot.path)}: {TOO_LONG}"
        self.show(types.MessageType.Warning, message)

    def stop_work(self) -> None:
        """Stop everything that runs for the client; does not wait for it."""
        self.reading_ahead.stop()
        for future in self.protocol.running_handlers():
            future.cancel()
        self.completions.clear()

    def close(self) -> None:
        """The connection is over: stop, and hold nothing any more."""
        self.stop_work()
        for uri in self.documents.uris():
            self._forget_document(uri)
        self.closing.close()
        for threads in (self._interactive, self._background):
            threads.shutdown(wait=False, cancel_futures=True)
        self._leave_model(self._choice, self._host)
        self._choice, self._host, self._loop = None, None, None


def _folder(uri: str | None) -> Path | None:
    """The folder that a `file:` URI names."""
    if uri is None or urlsplit(uri).scheme != "file":
        return None
    return Path(unquote(urlsplit(uri).path))
