"""textDocument/completion: the same text as a menu item, for editors without ghost text."""

import re
from functools import partial

from lsprotocol import types

from assist_server.context.snapshot import Snapshot
from assist_server.features.inline_completion import InlineCompletion
from assist_server.lsp.completion_session import CompletionSessions
from assist_server.lsp.documents import DocumentStore
from assist_server.lsp.server import AssistServer
from assist_server.text.edits import TextEdit

_LABEL_CHARS = 60
_WORD = re.compile(r"\w*")


def register_for_client(server: AssistServer) -> None:
    """Register the handler if wanted; by default, if the client has no ghost text."""
    text_document = server.client_capabilities.text_document
    has_ghost_text = bool(text_document and text_document.inline_completion)
    wanted = server.settings.current.completion.menu
    if wanted == "always" or (wanted == "auto" and not has_ghost_text):
        options = types.CompletionOptions(trigger_characters=[".", "(", " ", "="])
        handler = partial(completion, server.documents, server.completions)
        server.feature(types.TEXT_DOCUMENT_COMPLETION, options)(handler)


async def completion(
    documents: DocumentStore, completions: CompletionSessions, params: types.CompletionParams
) -> types.CompletionList:
    """Return at most one item; do not wait for a model that is loading."""
    # Editors report "invoked" for every letter of a word, so a key press cannot be distinguished.
    snapshot = documents.find(params.text_document.uri)
    if snapshot is None:
        return types.CompletionList(is_incomplete=True, items=[])
    session = completions.get(snapshot.uri, types.TEXT_DOCUMENT_COMPLETION)
    shown = await session.propose(documents.offset(snapshot, params.position), is_automatic=True)
    items = [_item(documents, snapshot, each) for each in shown]
    return types.CompletionList(is_incomplete=True, items=items)


def _item(
    documents: DocumentStore, snapshot: Snapshot, found: InlineCompletion
) -> types.CompletionItem:
    """Return an item that replaces the word before the cursor with that word and the completion.

    Editors filter items by the word being typed, so the item must start with it.
    """
    text = found.text or ""
    line_start = snapshot.lines.start_of(snapshot.lines.line_at(found.start))
    # Matched backwards from the cursor: a search forwards would take quadratic time.
    backwards = _WORD.match(snapshot.text[line_start : found.start][::-1])
    word = backwards.group()[::-1] if backwards else ""
    wanted = TextEdit(found.start - len(word), found.end, word + text)
    label = wanted.new_text.strip().splitlines()[0]
    return types.CompletionItem(
        label=label if len(label) <= _LABEL_CHARS else label[: _LABEL_CHARS - 1] + "…",
        kind=types.CompletionItemKind.Text,
        detail="assist-server",
        filter_text=word or label,
        text_edit=documents.edit(snapshot, wanted),
        insert_text_mode=types.InsertTextMode.AsIs,
    )
