"""The open documents and notebooks of an editor, as far as another server must be told of them.

The messages are the editor's own, unchecked. What the server would not understand makes it forget a
document, so that the relay forgets it, too.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from assist_server.text.lines import LineIndex, Position, PositionEncoding

_Json = dict[str, Any]


@dataclass(frozen=True)
class _Document:
    """A document with its newest text."""

    item: _Json
    """LSP's TextDocumentItem, without the text."""
    text: str
    lines: LineIndex

    @classmethod
    def of(cls, item: _Json) -> "_Document":
        """Return a document that was opened."""
        return cls({**item, "text": ""}, item["text"], LineIndex(item["text"]))

    def changed(
        self, version: Any, changes: list[_Json], encoding: PositionEncoding
    ) -> "_Document":
        """Return the document after changes."""
        text, lines = self.text, self.lines
        for change in changes:
            if change.get("range") is None:  # the server takes a null for a missing one, too
                text, lines = change["text"], LineIndex(change["text"])
                continue
            start, end = sorted(
                lines.offset_at(Position(int(place["line"]), int(place["character"])), encoding)
                for place in (change["range"]["start"], change["range"]["end"])
            )
            text, lines = lines.after_edit(start, end, change["text"])
        return _Document({**self.item, "version": version}, text, lines)

    def as_item(self) -> _Json:
        """Return the document as it would be opened now."""
        return {**self.item, "text": self.text}


class OpenDocuments:
    """The documents and notebooks that an editor has open, from its notifications."""

    def __init__(self) -> None:
        self.encoding = PositionEncoding.UTF16
        self._documents: dict[str, _Document] = {}
        self._notebooks: dict[str, _Json] = {}

    def note(self, method: str, params: Any) -> None:
        """Apply a notification that opens, changes or closes something; ignore any other."""
        known = {
            "textDocument/didOpen": self._open,
            "textDocument/didChange": self._change,
            "textDocument/didClose": self._close,
            "notebookDocument/didOpen": self._open_notebook,
            "notebookDocument/didChange": self._change_notebook,
            "notebookDocument/didClose": self._close_notebook,
        }
        try:
            if method in known:
                known[method](params)
        except (AttributeError, KeyError, TypeError, ValueError):
            self._forget(params)

    def opening(self) -> Iterator[_Json]:
        """Yield the notifications that open everything as it is now."""
        in_notebooks = set()
        for notebook in self._notebooks.values():
            cells = [cell["document"] for cell in notebook["cells"]]
            in_notebooks.update(cells)
            texts = [self._documents[uri].as_item() for uri in cells if uri in self._documents]
            params = {"notebookDocument": notebook, "cellTextDocuments": texts}
            yield {"method": "notebookDocument/didOpen", "params": params}
        for uri, document in self._documents.items():
            if uri not in in_notebooks:
                params = {"textDocument": document.as_item()}
                yield {"method": "textDocument/didOpen", "params": params}

    def _open(self, params: _Json) -> None:
        self._open_item(params["textDocument"])

    def _open_item(self, item: _Json) -> None:
        self._documents[item["uri"]] = _Document.of(item)

    def _change(self, params: _Json) -> None:
        self._change_text(params["textDocument"], params["contentChanges"])

    def _change_text(self, document: _Json, changes: list[_Json]) -> None:
        uri = document["uri"]
        if uri in self._documents:
            before = self._documents[uri]
            self._documents[uri] = before.changed(document["version"], changes, self.encoding)

    def _close(self, params: _Json) -> None:
        self._documents.pop(params["textDocument"]["uri"], None)

    def _open_notebook(self, params: _Json) -> None:
        notebook = params["notebookDocument"]
        self._notebooks[notebook["uri"]] = {**notebook, "cells": _checked(notebook["cells"])}
        for item in params["cellTextDocuments"]:
            self._open_item(item)

    def _change_notebook(self, params: _Json) -> None:
        notebook = self._notebooks.get(params["notebookDocument"]["uri"])
        changes = params["change"].get("cells") or {}
        if notebook is None:
            return
        notebook["version"] = params["notebookDocument"]["version"]
        cells = notebook["cells"]
        if structure := changes.get("structure"):
            array = structure["array"]
            start, deleted = array["start"], array["deleteCount"]
            cells[start : start + deleted] = _checked(array.get("cells") or [])
            for item in structure.get("didOpen") or ():
                self._open_item(item)
            for closed in structure.get("didClose") or ():
                self._documents.pop(closed["uri"], None)
        changed = {cell["document"]: cell for cell in changes.get("data") or ()}
        cells[:] = [changed.get(cell["document"], cell) for cell in cells]
        for content in changes.get("textContent") or ():
            self._change_text(content["document"], content["changes"])

    def _close_notebook(self, params: _Json) -> None:
        self._forget_notebook(params["notebookDocument"]["uri"])
        for document in params["cellTextDocuments"]:
            self._documents.pop(document["uri"], None)

    def _forget(self, params: Any) -> None:
        match params:
            case {"textDocument": {"uri": str(uri)}}:
                self._documents.pop(uri, None)
            case {"notebookDocument": {"uri": str(uri)}}:
                self._forget_notebook(uri)

    def _forget_notebook(self, uri: str) -> None:
        for cell in self._notebooks.pop(uri, {}).get("cells", ()):
            self._documents.pop(cell["document"], None)


def _checked(cells: list[_Json]) -> list[_Json]:
    """Return a copy of a list of cells.

    Raises:
        ValueError: one of them names no document.
    """
    if not all(isinstance(cell["document"], str) for cell in cells):
        raise ValueError("a cell's document is no URI")
    return list(cells)
