"""textDocument/inlineCompletion."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from lsprotocol import types

from assist_server.context.cursor import CursorContext
from assist_server.context.snapshot import Snapshot
from assist_server.engine.backend import Backend
from assist_server.engine.request import CancelToken, Priority
from assist_server.errors import AssistError, ModelLoadingError
from assist_server.features.alternatives import alternatives
from assist_server.features.inline_completion import (
    InlineCompletion,
    Outcome,
    check_confidence,
    complete,
)
from assist_server.lsp.history import RequestRecord
from assist_server.lsp.prefetch import Touched
from assist_server.lsp.server import AssistServer
from assist_server.text.edits import TextEdit

_log = logging.getLogger(__name__)


def register(server: AssistServer) -> None:
    """Register this family's handlers."""
    # pygls announces the capability only when options are given.
    options = types.InlineCompletionOptions()
    server.feature(types.TEXT_DOCUMENT_INLINE_COMPLETION, options)(inline_completion)


async def inline_completion(
    server: AssistServer, params: types.InlineCompletionParams
) -> types.InlineCompletionList:
    """Answer with one item, several where the user asks, or none; never with an error or null."""
    is_automatic = params.context.trigger_kind == types.InlineCompletionTriggerKind.Automatic
    place = Place(params.text_document.uri, params.position, types.TEXT_DOCUMENT_INLINE_COMPLETION)
    wait_ms = server.settings.completion.model_wait_ms
    answer = await complete_at(server, place, is_automatic=is_automatic, wait_ms=wait_ms)
    if answer is None or answer.completion.text is None:
        return types.InlineCompletionList([])
    shown = [answer.completion]
    if not is_automatic:
        shown += await _alternatives(server, place, answer)
        if server.documents.find(place.uri) is not answer.snapshot:
            return types.InlineCompletionList([])
    return types.InlineCompletionList([_item(server, answer.snapshot, each) for each in shown])


def _item(
    server: AssistServer, snapshot: Snapshot, completion: InlineCompletion
) -> types.InlineCompletionItem:
    wanted = TextEdit(completion.start, completion.end, completion.text or "")
    edit = server.documents.edit(snapshot, wanted)
    return types.InlineCompletionItem(insert_text=edit.new_text, range=edit.range)


@dataclass(frozen=True)
class Place:
    """Where a completion is wanted, and by which method."""

    uri: str
    position: types.Position
    method: str


@dataclass(frozen=True)
class Answer:
    """A completion and the place in a version of the document that it belongs to."""

    context: CursorContext
    completion: InlineCompletion

    @property
    def snapshot(self) -> Snapshot:
        """The version of the document."""
        return self.context.snapshot


async def complete_at(
    server: AssistServer, place: Place, *, is_automatic: bool, wait_ms: float
) -> Answer | None:
    """Complete at a place unless a newer request takes over; None when there is no document.

    Whatever happens is recorded for `assist.why`; nothing but cancellation is raised.
    """
    snapshot = server.documents.find(place.uri)
    if snapshot is None:
        return None
    offset = server.documents.offset(snapshot, place.position)
    server.reading_ahead.touch(Touched(place.uri, snapshot.version, offset, is_asked=True))
    above, below = server.notebooks.neighbours(place.uri)
    multi_line = server.settings.completion.multi_line
    context = CursorContext(snapshot, offset, multi_line, above, below)

    def generate(
        context: CursorContext, on_text: Callable[[str], None]
    ) -> Awaitable[InlineCompletion]:
        how = _How(Priority.INTERACTIVE, is_automatic, wait_ms, on_text)
        return _generate(server, context, how)

    def prepare(
        context: CursorContext, on_text: Callable[[str], None]
    ) -> Awaitable[InlineCompletion]:
        how = _How(Priority.SPECULATIVE, is_automatic=True, wait_ms=0, on_text=on_text)
        return _generate(server, context, how)

    def judge(known: InlineCompletion, context: CursorContext) -> InlineCompletion:
        return check_confidence(
            known, context, server.settings.completion, is_automatic=is_automatic
        )

    prepares = server.settings.completion.predict_next
    try:
        of_document = server.completions.of(place.uri, place.method)
        completion = await of_document.complete(
            context, generate, prepare if prepares else None, judge
        )
    except asyncio.CancelledError:
        _record(server, place, InlineCompletion(Outcome.CANCELLED))
        raise
    if completion.text is not None and server.documents.find(place.uri) is not snapshot:
        completion = InlineCompletion(Outcome.OUTDATED)
    _record(server, place, completion)
    if server.settings.log.include_source_text:  # the user asked for it, to find out a fault
        _log.debug("completion: %r", completion.text)
    return Answer(context, completion)


async def _alternatives(
    server: AssistServer, place: Place, answer: Answer
) -> list[InlineCompletion]:
    """Make what else may be meant; nothing once the user has gone on."""
    cancel = CancelToken()
    first = answer.completion.text or ""

    async def generate() -> list[InlineCompletion]:
        backend = await server.ready_backend(0)
        return await server.run(
            lambda: alternatives(answer.context, backend, server.settings, first, cancel),
            cancel,
            Priority.INTERACTIVE,
        )

    try:
        others = await server.completions.of(place.uri, place.method).more(generate)
    except AssistError:
        return []  # the first one is there, and its record tells how the model is
    except Exception as error:  # noqa: BLE001 - a defect of ours must not disturb the typing
        _log.error("alternatives failed", exc_info=error)
        return []
    for other in others:
        _record(server, place, replace(other, detail="an alternative"))
    return others


@dataclass(frozen=True)
class _How:
    """The conditions of one generation."""

    priority: Priority
    is_automatic: bool
    wait_ms: float
    on_text: Callable[[str], None]


async def _generate(server: AssistServer, context: CursorContext, how: _How) -> InlineCompletion:
    """Run the model; whatever fails becomes an outcome."""
    cancel = CancelToken()

    def work(backend: Backend) -> InlineCompletion:
        return complete(
            context,
            backend,
            server.settings,  # those of the moment, as it may have waited for the model
            is_automatic=how.is_automatic,
            priority=how.priority,
            cancel=cancel,
            on_text=how.on_text,
        )

    try:
        backend = await server.ready_backend(how.wait_ms)
        return await server.run(lambda: work(backend), cancel, how.priority)
    except ModelLoadingError as error:
        return InlineCompletion(Outcome.MODEL_LOADING, str(error))
    except AssistError as error:
        return InlineCompletion(Outcome.FAILED, str(error))
    except Exception as error:  # noqa: BLE001 - a defect of ours must not disturb the typing
        _log.error("completion failed", exc_info=error)
        return InlineCompletion(Outcome.FAILED, f"internal error: {type(error).__name__}")


def _record(server: AssistServer, place: Place, completion: InlineCompletion) -> None:
    record = RequestRecord(
        uri=place.uri,
        method=place.method,
        outcome=completion.outcome,
        detail=completion.detail,
        prompt_tokens=len(completion.prompt_ids),
        new_tokens=completion.new_tokens,
        milliseconds=completion.milliseconds,
        first_token_ms=completion.first_token_ms,
        mean_log_prob=completion.mean_log_prob,
        model=server.settings.model,
        prompt_ids=completion.prompt_ids,
        text=completion.hidden_text if completion.text is None else completion.text,
    )
    server.history.add(record)
    _log.info(
        "%s: %s %s (%d + %d tokens, %.0f ms)",
        place.method,
        record.outcome,
        record.detail,
        record.prompt_tokens,
        record.new_tokens,
        record.milliseconds,
    )
