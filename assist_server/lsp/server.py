"""The server object of one client, which lives as long as its connection."""

import contextlib
import logging
from typing import Any

from lsprotocol import types
from pygls.lsp.server import LanguageServer

from assist_server import __version__
from assist_server.config import Layer
from assist_server.context.snapshot import Snapshot
from assist_server.engine.backend import ModelChoice
from assist_server.engine.loading.model_pool import HostState, ModelPool, Phase
from assist_server.errors import printable
from assist_server.lsp.completion_session import CompletionSessions, Resources
from assist_server.lsp.documents import TOO_LONG, DocumentStore, NotebookStore
from assist_server.lsp.history import RequestHistory
from assist_server.lsp.lenient_converter import lenient_converter
from assist_server.lsp.model_session import ModelSession
from assist_server.lsp.prefetch import Prefetcher
from assist_server.lsp.progress import ProgressReports
from assist_server.lsp.protocol import AssistProtocol
from assist_server.lsp.settings_store import FollowLog, SettingsStore, ignore_log

_log = logging.getLogger(__name__)

_NOTEBOOKS = types.NotebookDocumentSyncOptions(
    [types.NotebookDocumentFilterWithCells(cells=[types.NotebookCellLanguage("python")])]
)
STATUS_NOTIFICATION, STATUS_CAPABILITY = "assist/status", "assistStatus"


class AssistServer(LanguageServer):
    """The parts that serve one client; `create_server` registers the handlers."""

    protocol: AssistProtocol

    def __init__(
        self, pool: ModelPool, flags: Layer | None = None, follow_log: FollowLog = ignore_log
    ) -> None:
        """Create a server; no model is loaded yet.

        Args:
            pool: Loads models and shares them with other clients.
            flags: Settings from the command line, which win over all others.
            follow_log: Called with the settings of the log when they change.
        """
        super().__init__(
            "assist-server",
            __version__,
            notebook_document_sync=_NOTEBOOKS,
            protocol_cls=AssistProtocol,
            converter_factory=lenient_converter,
        )
        self.closing = contextlib.ExitStack()
        """Callbacks for the end of the connection."""
        self.settings = SettingsStore(flags, follow_log, self._warn)
        self.documents = DocumentStore(self._forget_document, self._warn_too_long)
        self.notebooks = NotebookStore(self.documents)
        self.reports = ProgressReports(self)
        self.history = RequestHistory()
        self.model = ModelSession(
            pool, self.settings, self.reports, self._on_model_change, self._on_model_leave
        )
        self._text = ModelSession(
            pool, self.settings, self.reports, lambda _: self._notify_status(), is_for_text=True
        )
        self._shown_failure = ""
        self.prefetcher = Prefetcher(self.notebooks, self.model, self.settings)
        self.completions = CompletionSessions(
            Resources(
                self.documents,
                self.notebooks,
                self.model,
                self.settings,
                self.history,
                self.prefetcher,
            )
        )
        self.protocol.on_shutdown = self.stop_work

    @property
    def can_show_progress(self) -> bool:
        """Return whether the client shows progress started by the server."""
        window = self.client_capabilities.window
        return bool(window and window.work_done_progress)

    @property
    def _shows_status(self) -> bool:
        experimental = self.client_capabilities.experimental
        return isinstance(experimental, dict) and bool(experimental.get(STATUS_CAPABILITY))

    def to_json(self, value: Any) -> Any:
        """Convert a protocol value to plain JSON."""
        return self.protocol._converter.unstructure(value)  # noqa: SLF001 - pygls has no public way

    def show(self, kind: types.MessageType, message: str) -> None:
        """Show the user one message."""
        self.window_show_message(types.ShowMessageParams(kind, message))

    def report_server_error(self, error: Exception, source: Any) -> None:
        """Log errors outside of requests; pygls would show them as popups."""
        _log.error("%s: %s", source.__name__, type(error).__name__, exc_info=error)

    @property
    def has_text_model(self) -> bool:
        """Return whether summaries and tasks have a model of their own."""
        settings = self.settings.current
        return ModelChoice.of(settings.for_text()) != ModelChoice.of(settings)

    @property
    def text(self) -> ModelSession:
        """Return the model for summaries and tasks, which starts loading if it is another one.

        One that could not be loaded is tried again: memory may be free now.
        """
        if not self.has_text_model:
            return self.model
        if self._text.has_given_up:
            self._text.leave()
        self._text.shares_caches = self.model.shares_caches
        self._text.start()
        return self._text

    @property
    def can_run_tasks(self) -> bool:
        """Return whether the model for text has a chat format; True while that is not known."""
        session = self._text if self.has_text_model else self.model
        return session.loaded is None or session.loaded.info.has_chat_template

    @property
    def _text_model_name(self) -> str | None:
        return self._text.model_name if self.has_text_model else None

    def status(self) -> dict[str, Any]:
        """Return the models' state as plain JSON."""
        return {**self.model.status(), "text_model": self._text_model_name}

    def _notify_status(self) -> None:
        """Send the state to a client that shows it; this is not part of LSP."""
        if self._shows_status:
            self.protocol.notify(STATUS_NOTIFICATION, self.status())

    def apply_settings(self) -> None:
        """Read all sources of settings again, and change the model if they name another.

        Completions under the old settings are dropped. Before `initialized`, there are none, and
        the model is chosen later.
        """
        hints, text_model = self.settings.current.documentation.hints, self._text_model_name
        if self.settings.read() and self.model.is_started:
            self.completions.clear()
            self.model.start()
            if not self.has_text_model or self._text.is_outdated:
                self._text.leave()
            if text_model != self._text_model_name:
                self._notify_status()
        if hints != self.settings.current.documentation.hints:
            self._refresh_hints()

    def _refresh_hints(self) -> None:
        workspace = self.client_capabilities.workspace
        if workspace and workspace.diagnostics and workspace.diagnostics.refresh_support:
            self.protocol.send_request(types.WORKSPACE_DIAGNOSTIC_REFRESH, None)

    def stop_work(self) -> None:
        """Cancel everything that runs for the client, without waiting for it."""
        self.prefetcher.stop()
        for future in self.protocol.running_handlers():
            future.cancel()
        self.completions.clear()

    def close(self) -> None:
        """Stop all work and release all resources at the end of the connection."""
        self.stop_work()
        for uri in self.documents.uris():
            self._forget_document(uri)
        self.closing.close()
        self._text.close()  # first, as the last model that is released stays loaded
        self.model.close()

    def _on_model_change(self, state: HostState) -> None:
        """Report the model's state: by a notification or, if it failed, by a message."""
        self._notify_status()
        is_new_failure = state.phase is Phase.FAILED and state.message != self._shown_failure
        if is_new_failure and not self._shows_status:
            self._shown_failure = state.message  # a server may fail again and again
            self.show(types.MessageType.Error, f"assist-server: {state.message}")
        if state.phase is not Phase.LOADING:
            self.prefetcher.retry()

    def _on_model_leave(self) -> None:
        """Leave no document in a model that other clients may go on with."""
        self._shown_failure = ""
        self.prefetcher.retry()
        for uri in self.documents.uris():
            self._forget_drafts(uri)

    def _forget_document(self, uri: str) -> None:
        """Remove all data about a closed document."""
        self.prefetcher.forget(uri)
        self.completions.close(uri)
        self.history.forget(uri)
        self._forget_drafts(uri)

    def _forget_drafts(self, uri: str) -> None:
        if (backend := self.model.loaded) is not None:
            backend.forget(uri)

    def _warn(self, message: str) -> None:
        self.show(types.MessageType.Warning, message)

    def _warn_too_long(self, snapshot: Snapshot) -> None:
        self._warn(f"assist-server: {printable(snapshot.path)}: {TOO_LONG}")
