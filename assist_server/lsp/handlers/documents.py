"""didOpen, didChange and didClose of documents and notebooks."""

from functools import partial
from typing import Any

from lsprotocol import types

from assist_server.lsp.documents import DocumentStore, NotebookStore
from assist_server.lsp.prefetch import CursorPlace, Prefetcher
from assist_server.lsp.server import AssistServer


def register(server: AssistServer) -> None:
    """Register this family's handlers, in place of pygls' own."""
    documents, notebooks = server.documents, server.notebooks
    builtin = server.protocol.fm.builtin_features
    builtin[types.TEXT_DOCUMENT_DID_OPEN] = partial(did_open, documents, server.prefetcher)
    builtin[types.TEXT_DOCUMENT_DID_CHANGE] = partial(did_change, documents, server.prefetcher)
    builtin[types.TEXT_DOCUMENT_DID_CLOSE] = partial(did_close, documents)
    builtin[types.NOTEBOOK_DOCUMENT_DID_OPEN] = notebooks.open
    builtin[types.NOTEBOOK_DOCUMENT_DID_CHANGE] = notebooks.change
    builtin[types.NOTEBOOK_DOCUMENT_DID_CLOSE] = notebooks.close
    for method in (types.TEXT_DOCUMENT_DID_CHANGE, types.NOTEBOOK_DOCUMENT_DID_CHANGE):
        server.protocol.on_invalid_params[method] = partial(forget_changed, documents, notebooks)
    server.protocol.on_skipped = partial(report_skipped, server)


def did_open(
    documents: DocumentStore, prefetcher: Prefetcher, params: types.DidOpenTextDocumentParams
) -> None:
    """Open a document.

    The client does not send the cursor's place. For families with the prefix first, a prefill up to
    the end serves every place, if the whole document fits into the prompt.
    """
    document = params.text_document
    documents.open(document)
    snapshot = documents.find(document.uri)
    if snapshot is None:
        return  # it is too long
    prefetcher.move_to(CursorPlace(document.uri, document.version, len(snapshot.text)))


def did_change(
    documents: DocumentStore, prefetcher: Prefetcher, params: types.DidChangeTextDocumentParams
) -> None:
    """Apply the changes."""
    document = params.text_document
    end = documents.change(document.uri, document.version, params.content_changes)
    if end is not None:
        prefetcher.move_to(CursorPlace(document.uri, document.version, end))


def did_close(documents: DocumentStore, params: types.DidCloseTextDocumentParams) -> None:
    """Forget the document."""
    documents.close(params.text_document.uri)


def forget_changed(documents: DocumentStore, notebooks: NotebookStore, params: Any) -> None:
    """Forget a document whose change was not understood, as its text is no longer known."""
    match params:
        case {"textDocument": {"uri": str(uri)}}:
            documents.close(uri)
        case {"notebookDocument": {"uri": str(uri)}}:
            notebooks.forget(uri)


def report_skipped(server: AssistServer, method: str, uri: str | None, reason: str) -> None:
    """Show that a message was too long, and forget the documents it may have changed."""
    if method.startswith("notebookDocument/"):
        server.notebooks.forget_all()
    elif not method or method.endswith(("/didChange", "/didOpen")):
        for changed in [uri] if method and uri is not None else server.documents.uris():
            server.documents.close(changed)
    server.show(types.MessageType.Warning, f"assist-server: {reason}")
