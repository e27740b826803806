"""Completions of one document: the newest request wins, and no work is done twice.

A request is answered, in this order: with the rest of the last completion, if the user has typed
its beginning; with the completion prefetched for the place after its acceptance; with the running
generation (never a prefetch), if what was typed agrees with it so far; with a new generation, after
stopping the running one. Older requests that still wait get an empty answer at once, because Neovim
never cancels a request while the user types.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from assist_server.context.cursor import CursorContext
from assist_server.engine.request import CancelToken, Priority
from assist_server.errors import AssistError, ModelLoadingError
from assist_server.features.alternatives import alternatives
from assist_server.features.inline_completion import (
    InlineCompletion,
    Outcome,
    check_confidence,
    complete,
    place_after_accepting,
)
from assist_server.features.reuse import is_reusable, reusable_rest
from assist_server.lsp.documents import DocumentStore, NotebookStore
from assist_server.lsp.history import RequestHistory, RequestRecord
from assist_server.lsp.model_session import ModelSession
from assist_server.lsp.prefetch import CursorPlace, Prefetcher
from assist_server.lsp.settings_store import SettingsStore

_PREFETCH_AFTER_S = 0.15
"""A pause in typing after which the user is assumed to be reading the completion."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Resources:
    """Parts that the completion sessions of one client share."""

    documents: DocumentStore
    notebooks: NotebookStore
    model: ModelSession
    settings: SettingsStore
    history: RequestHistory
    prefetcher: Prefetcher


@dataclass(frozen=True)
class _Conditions:
    """How a request or prefetch is to be answered."""

    is_automatic: bool
    """True if the editor sent the request while the user typed; False if the user invoked it."""
    wait_ms: float = 0
    """Longest time to wait for a model that is still loading."""
    priority: Priority = Priority.INTERACTIVE


_PREFETCH = _Conditions(is_automatic=True, priority=Priority.SPECULATIVE)


@dataclass(frozen=True)
class _Proposal:
    """A completion and the place where it was proposed."""

    context: CursorContext
    completion: InlineCompletion

    def rest_at(self, place: CursorContext) -> InlineCompletion | None:
        """Return the part of it that is still to be proposed at a place."""
        return reusable_rest(self.completion, self.context, place)


class _RunningGeneration:
    """A running generation, the place it is for, and its text so far."""

    task: "asyncio.Future[InlineCompletion]"

    def __init__(self, context: CursorContext, *, is_prefetch: bool) -> None:
        self.context = context
        self.is_prefetch = is_prefetch
        self.text = ""

    def on_text(self, text: str) -> None:  # called on the feature's thread; assignment is atomic
        """Store the text so far."""
        self.text = text


class CompletionSession:
    """Generation and last completion of one document and method; used on the loop only."""

    def __init__(self, uri: str, method: str, resources: Resources) -> None:
        self._uri = uri
        self._method = method
        self._resources = resources
        self._running: _RunningGeneration | None = None
        self._shown: _Proposal | None = None
        self._prefetched: _Proposal | None = None
        self._prefetch_timer: asyncio.TimerHandle | None = None
        self._superseded: asyncio.Future[None] | None = None

    async def propose(
        self, offset: int, *, is_automatic: bool, wait_ms: float = 0
    ) -> list[InlineCompletion]:
        """Return the completions to show: none, one, or several if the user invoked it.

        The outcome is recorded for `assist.why`; nothing but cancellation is raised.

        Args:
            offset: The place in the newest version of the document.
            is_automatic: True if the editor sent the request while the user typed; False if the
                user invoked it.
            wait_ms: Longest time to wait for a model that is still loading.
        """
        multi_line = self._resources.settings.current.completion.multi_line
        context = self._resources.notebooks.context_at(self._uri, offset, multi_line)
        if context is None:
            return []
        place = CursorPlace(self._uri, context.snapshot.version, offset, has_request=True)
        self._resources.prefetcher.move_to(place)
        first = await self._first(context, _Conditions(is_automatic, wait_ms))
        if first.text is None:
            return []
        if is_automatic:
            return [first]
        others = await self._alternatives(context, first.text)
        return [first, *others] if self._is_newest_version(context) else []

    async def _first(self, context: CursorContext, conditions: _Conditions) -> InlineCompletion:
        """Return the likeliest completion, or why there is none."""
        try:
            completion = await self._complete(context, conditions)
        except asyncio.CancelledError:
            self._record(InlineCompletion(Outcome.CANCELLED))
            raise
        if completion.text is not None and not self._is_newest_version(context):
            completion = InlineCompletion(Outcome.OUTDATED)
        self._record(completion)
        if self._resources.settings.current.log.include_source_text:  # opted in, to find a fault
            _log.debug("completion: %r", completion.text)
        return completion

    async def _complete(self, context: CursorContext, conditions: _Conditions) -> InlineCompletion:
        """Answer the newest request; one that still waits is answered as superseded."""
        superseded = self._supersede()
        answer = self._known(context, conditions)
        if answer is not None:
            self._stop_unless_for(place_after_accepting(context, answer))
        while answer is None:
            running = self._reuse_or_start(context, conditions)
            either: set[asyncio.Future[Any]] = {running.task, superseded}
            try:
                await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            except asyncio.CancelledError:
                if self._superseded is superseded:
                    self.stop()
                raise
            if superseded.done():
                return InlineCompletion(Outcome.SUPERSEDED)
            answer = self._take(running, context, conditions)
        self._prefetch_later(context, answer)
        return answer

    async def _alternatives(self, context: CursorContext, first: str) -> list[InlineCompletion]:
        """Return further completions; none once a newer request has come."""
        superseded = self._supersede()
        task = asyncio.ensure_future(self._draw_alternatives(context, first))
        try:
            either: set[asyncio.Future[Any]] = {task, superseded}
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            others = [] if superseded.done() else task.result()
        except AssistError:
            return []  # the first is still shown, and its record has the error
        except Exception as error:  # noqa: BLE001 - a bug of ours must not interrupt typing
            _log.error("alternatives failed", exc_info=error)
            return []
        finally:
            task.cancel()
        for other in others:
            self._record(replace(other, detail="an alternative"))
        return others

    async def _draw_alternatives(
        self, context: CursorContext, first: str
    ) -> list[InlineCompletion]:
        model, cancel = self._resources.model, CancelToken()
        backend = await model.ready_backend(0)
        settings = self._resources.settings.current
        work = partial(alternatives, context, backend, settings, first, cancel)
        return await model.run(work, cancel, Priority.INTERACTIVE)

    def stop(self) -> None:
        """Stop the generation and answer the request that waits; keep what was shown last."""
        self._stop_generating()
        self._supersede()

    def _stop_generating(self) -> None:
        if self._running is not None:
            self._running.task.cancel()
            self._running = None

    def _supersede(self) -> "asyncio.Future[None]":
        """Answer the waiting request and cancel the planned prefetch.

        Return the future that ends the next request's wait.
        """
        if self._prefetch_timer is not None:
            self._prefetch_timer.cancel()
        if self._superseded is not None and not self._superseded.done():
            self._superseded.set_result(None)
        self._superseded = asyncio.get_running_loop().create_future()
        return self._superseded

    def _known(self, context: CursorContext, conditions: _Conditions) -> InlineCompletion | None:
        """Return a completion that needs no new generation, if there is one."""
        known = {
            "the rest of the last completion": self._shown,
            "prefetched after the last completion": self._prefetched,
        }
        for detail, proposal in known.items():
            rest = proposal.rest_at(context) if proposal else None
            if proposal is not None and rest is not None:
                self._shown = proposal
                rest = replace(rest, detail=detail, milliseconds=0.0, first_token_ms=None)
                return self._checked(rest, context, conditions)
        return None

    def _checked(
        self, rest: InlineCompletion, context: CursorContext, conditions: _Conditions
    ) -> InlineCompletion:
        """Check again whether a hidden completion may be shown here; a shown one stays shown."""
        backend = self._resources.model.loaded
        if rest.text is not None or backend is None:
            return rest
        rest = check_confidence(
            rest,
            context,
            backend.info.calibration,
            self._resources.settings.current.completion,
            is_automatic=conditions.is_automatic,
        )
        if rest.text is not None:
            self._shown = _Proposal(context, rest)
        return rest

    def _reuse_or_start(
        self, context: CursorContext, conditions: _Conditions
    ) -> _RunningGeneration:
        self._stop_unless_for(context)
        running = self._running
        if running is None or running.is_prefetch:
            # A prefetch has the lowest priority, so no request may wait for it. Its prefilled
            # prompt stays in the cache.
            self._stop_generating()
            running = self._start(context, conditions)
        return running

    def _stop_unless_for(self, place: CursorContext) -> None:
        """Stop the running generation unless it can still give the completion at a place."""
        running = self._running
        if running is not None and not is_reusable(running.text, running.context, place):
            self._stop_generating()

    def _take(
        self, running: _RunningGeneration, context: CursorContext, conditions: _Conditions
    ) -> InlineCompletion | None:
        """Return the part of a generation's result that is still to be typed at a place.

        None if the generation began elsewhere and the user has typed something else.
        """
        if self._running is running:
            self._running = None
        if running.task.cancelled():
            return InlineCompletion(Outcome.SUPERSEDED)
        completion = running.task.result()
        self._shown = _Proposal(running.context, completion)
        if running.context is context:
            return completion
        rest = self._shown.rest_at(context)
        if rest is None:
            return None
        rest = replace(rest, detail="from a generation that was running")
        return self._checked(rest, context, conditions)

    def _start(self, context: CursorContext, conditions: _Conditions) -> _RunningGeneration:
        running = _RunningGeneration(context, is_prefetch=conditions is _PREFETCH)
        running.task = asyncio.ensure_future(self._generate(context, conditions, running.on_text))
        self._running = running
        return running

    async def _generate(
        self, context: CursorContext, conditions: _Conditions, on_text: Callable[[str], None]
    ) -> InlineCompletion:
        """Run the model; turn any failure into an outcome."""
        model, cancel = self._resources.model, CancelToken()
        try:
            backend = await model.ready_backend(conditions.wait_ms)
            work = partial(
                complete,
                context,
                backend,
                self._resources.settings.current,  # they may have changed while it waited
                is_automatic=conditions.is_automatic,
                cancel=cancel,
                priority=conditions.priority,
                on_text=on_text,
            )
            return await model.run(work, cancel, conditions.priority)
        except ModelLoadingError as error:
            return InlineCompletion(Outcome.MODEL_LOADING, str(error))
        except AssistError as error:
            return InlineCompletion(Outcome.FAILED, str(error))
        except Exception as error:  # noqa: BLE001 - a bug of ours must not interrupt typing
            _log.error("completion failed", exc_info=error)
            return InlineCompletion(Outcome.FAILED, f"internal error: {type(error).__name__}")

    def _prefetch_later(self, context: CursorContext, answer: InlineCompletion) -> None:
        """After a pause, prefetch the completion that would follow this one once accepted."""
        if self._resources.settings.current.completion.predict_next and answer.text is not None:
            self._prefetch_timer = asyncio.get_running_loop().call_later(
                _PREFETCH_AFTER_S, self._prefetch, context, answer
            )

    def _prefetch(self, context: CursorContext, answer: InlineCompletion) -> None:
        place, running = place_after_accepting(context, answer), self._running
        if running is not None and not running.task.done():
            return
        if running is not None and running.is_prefetch:
            self._keep(running)  # its callback may not have run yet
        if self._prefetched is not None and self._prefetched.rest_at(place) is not None:
            return
        running = self._start(place, _PREFETCH)
        running.task.add_done_callback(lambda _: self._keep(running))

    def _keep(self, prefetch: _RunningGeneration) -> None:
        if not prefetch.task.cancelled() and prefetch.task.exception() is None:
            self._prefetched = _Proposal(prefetch.context, prefetch.task.result())

    def _is_newest_version(self, context: CursorContext) -> bool:
        return self._resources.documents.find(self._uri) is context.snapshot

    def _record(self, completion: InlineCompletion) -> None:
        model = self._resources.model.model_name
        record = RequestRecord.of(self._uri, self._method, model, completion)
        if self._resources.documents.find(self._uri) is not None:  # else it was closed meanwhile
            self._resources.history.add(record)
        _log.info(
            "%s: %s %s (%d + %d tokens, %.0f ms)",
            self._method,
            record.outcome,
            record.detail,
            record.prompt_tokens,
            record.new_tokens,
            record.milliseconds,
        )


class CompletionSessions:
    """The sessions of open documents, by URI and method."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources
        self._sessions: dict[tuple[str, str], CompletionSession] = {}

    def __len__(self) -> int:
        return len(self._sessions)

    def get(self, uri: str, method: str) -> CompletionSession:
        """Return the session of a document, which is kept until the document is closed."""
        known = self._sessions.get((uri, method))
        if known is None:
            known = self._sessions[uri, method] = CompletionSession(uri, method, self._resources)
        return known

    def close(self, uri: str) -> None:
        """Stop and forget the sessions of a document."""
        for key in [key for key in self._sessions if key[0] == uri]:
            self._sessions.pop(key).stop()

    def clear(self) -> None:
        """Stop and forget all sessions, as when the model changes."""
        for uri in {uri for uri, _ in self._sessions}:
            self.close(uri)
