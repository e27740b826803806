"""textDocument/completion: the same text as a menu item, for editors without ghost text."""

import re

from lsprotocol import types

from assist_server.lsp.handlers.inline_completion import Answer, Place, complete_at
from assist_server.lsp.server import AssistServer
from assist_server.text.edits import TextEdit

_LABEL_CHARS = 60
_WORD = re.compile(r"\w*")


def register_for_client(server: AssistServer) -> None:
    """Offer the menu item where it is wanted: by default, where there is no ghost text."""
    text_document = server.client_capabilities.text_document
    has_ghost_text = bool(text_document and text_document.inline_completion)
    wanted = server.settings.completion.menu
    if wanted == "always" or (wanted == "auto" and not has_ghost_text):
        options = types.CompletionOptions(trigger_characters=[".", "(", " ", "="])
        server.feature(types.TEXT_DOCUMENT_COMPLETION, options)(completion)


async def completion(server: AssistServer, params: types.CompletionParams) -> types.CompletionList:
    """Answer with one item at most; a menu does not wait for a model that is still loading."""
    # Editors call the menu "invoked" for every letter of a word, so nobody can tell a key press.
    place = Place(params.text_document.uri, params.position, types.TEXT_DOCUMENT_COMPLETION)
    answer = await complete_at(server, place, is_automatic=True, wait_ms=0)
    items = [] if answer is None or answer.completion.text is None else [_item(server, answer)]
    return types.CompletionList(is_incomplete=True, items=items)


def _item(server: AssistServer, answer: Answer) -> types.CompletionItem:
    """The completion as an item that replaces the word before the cursor by itself and the rest.

    Editors filter items by the word being typed, so the item must begin with it.
    """
    snapshot, found = answer.snapshot, answer.completion
    text = found.text or ""
    line_start = snapshot.lines.start_of(snapshot.lines.line_at(found.start))
    # From the cursor backwards: forwards, every run of letters would be tried from each of them.
    backwards = _WORD.match(snapshot.text[line_start : found.start][::-1])
    word = backwards.group()[::-1] if backwards else ""
    wanted = TextEdit(found.start - len(word), found.end, word + text)
    label = wanted.new_text.strip().splitlines()[0]
    return types.CompletionItem(
        label=label if len(label) <= _LABEL_CHARS else label[: _LABEL_CHARS - 1] + "…",
        kind=types.CompletionItemKind.Text,
        detail="assist-server",
        filter_text=word or label,
        text_edit=server.documents.edit(snapshot, wanted),
        insert_text_mode=types.InsertTextMode.AsIs,
    )
