"""textDocument/inlineCompletion."""

from functools import partial

from lsprotocol import types

from assist_server.context.snapshot import Snapshot
from assist_server.features.inline_completion import InlineCompletion
from assist_server.lsp.completion_session import CompletionSessions
from assist_server.lsp.documents import DocumentStore
from assist_server.lsp.server import AssistServer
from assist_server.lsp.settings_store import SettingsStore
from assist_server.text.edits import TextEdit


def register(server: AssistServer) -> None:
    """Register this family's handlers."""
    # pygls announces the capability only when options are given.
    options = types.InlineCompletionOptions()
    handler = partial(inline_completion, server.documents, server.completions, server.settings)
    server.feature(types.TEXT_DOCUMENT_INLINE_COMPLETION, options)(handler)


async def inline_completion(
    documents: DocumentStore,
    completions: CompletionSessions,
    settings: SettingsStore,
    params: types.InlineCompletionParams,
) -> types.InlineCompletionList:
    """Return one item, several if the user invoked it, or none; never an error or null."""
    snapshot = documents.find(params.text_document.uri)
    if snapshot is None:
        return types.InlineCompletionList([])
    session = completions.get(snapshot.uri, types.TEXT_DOCUMENT_INLINE_COMPLETION)
    shown = await session.propose(
        documents.offset(snapshot, params.position),
        is_automatic=params.context.trigger_kind == types.InlineCompletionTriggerKind.Automatic,
        wait_ms=settings.current.completion.model_wait_ms,
    )
    return types.InlineCompletionList([_item(documents, snapshot, each) for each in shown])


def _item(
    documents: DocumentStore, snapshot: Snapshot, completion: InlineCompletion
) -> types.InlineCompletionItem:
    wanted = TextEdit(completion.start, completion.end, completion.text or "")
    edit = documents.edit(snapshot, wanted)
    return types.InlineCompletionItem(insert_text=edit.new_text, range=edit.range)
