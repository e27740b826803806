"""didOpen, didChange, didClose, of documents and of notebooks."""

from typing import Any

from lsprotocol import types

from assist_server.lsp.prefetch import Touched
from assist_server.lsp.server import AssistServer


def register(server: AssistServer) -> None:
    """Register this family's handlers, in place of pygls' own."""
    builtin = server.protocol.fm.builtin_features
    builtin[types.TEXT_DOCUMENT_DID_OPEN] = lambda params: did_open(server, params)
    builtin[types.TEXT_DOCUMENT_DID_CHANGE] = lambda params: did_change(server, params)
    builtin[types.TEXT_DOCUMENT_DID_CLOSE] = lambda params: did_close(server, params)
    builtin[types.NOTEBOOK_DOCUMENT_DID_OPEN] = server.notebooks.open
    builtin[types.NOTEBOOK_DOCUMENT_DID_CHANGE] = server.notebooks.change
    builtin[types.NOTEBOOK_DOCUMENT_DID_CLOSE] = server.notebooks.close
    for method in (types.TEXT_DOCUMENT_DID_CHANGE, types.NOTEBOOK_DOCUMENT_DID_CHANGE):
        server.protocol.on_unreadable[method] = lambda params: unreadable_change(server, params)
    server.protocol.on_unread = lambda *what: unread_message(server, *what)


def did_open(server: AssistServer, params: types.DidOpenTextDocumentParams) -> None:
    """A document is the editor's from now on.

    Where the cursor is, nobody says. With families that want the prefix first, what is read up to
    the end is right for every place of a document that is shown as a whole.
    """
    document = params.text_document
    server.documents.open(document)
    snapshot = server.documents.find(document.uri)
    if snapshot is None:
        return  # it is too long
    server.reading_ahead.touch(Touched(document.uri, document.version, len(snapshot.text)))


def did_change(server: AssistServer, params: types.DidChangeTextDocumentParams) -> None:
    """Apply the changes."""
    document = params.text_document
    end = server.documents.change(document.uri, document.version, params.content_changes)
    if end is not None:
        server.reading_ahead.touch(Touched(document.uri, document.version, end))


def did_close(server: AssistServer, params: types.DidCloseTextDocumentParams) -> None:
    """Forget the document."""
    server.documents.close(params.text_document.uri)


def unreadable_change(server: AssistServer, params: Any) -> None:
    """Forget a document that is no longer known: better no answers than ones for another text."""
    match params:
        case {"textDocument": {"uri": str(uri)}}:
            server.documents.close(uri)
        case {"notebookDocument": {"uri": str(uri)}}:
            server.notebooks.forget(uri)


def unread_message(server: AssistServer, method: str, uri: str | None, reason: str) -> None:
    """Say that a message was too long, and forget the documents that it may have changed."""
    if method.startswith("notebookDocument/"):
        server.notebooks.forget_all()
    elif not method or method.endswith(("/didChange", "/didOpen")):
        for changed in [uri] if method and uri is not None else server.documents.uris():
            server.documents.close(changed)
    server.show(types.MessageType.Warning, f"assist-server: {reason}")
