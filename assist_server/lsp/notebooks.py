"""Notebooks: which documents are cells of one, and what stands above and below each."""

from collections.abc import Iterable
from typing import Literal

from lsprotocol import types

from assist_server.context.cursor import CursorContext
from assist_server.lsp.documents import DocumentStore


class NotebookStore:
    """The order of the cells of each open notebook; their texts are ordinary documents."""

    def __init__(self, documents: DocumentStore) -> None:
        self._documents = documents
        self._cells: dict[str, list[types.NotebookCell]] = {}

    def __len__(self) -> int:
        return len(self._cells)

    def open(self, params: types.DidOpenNotebookDocumentParams) -> None:
        """Take over a notebook and the texts of its cells."""
        self._cells[params.notebook_document.uri] = list(params.notebook_document.cells)
        for item in params.cell_text_documents:
            self._documents.open(item)

    def change(self, params: types.DidChangeNotebookDocumentParams) -> None:
        """Follow changes of the order of cells, of what they are, and of their texts."""
        cells = self._cells.get(params.notebook_document.uri)
        changes = params.change.cells
        if cells is None or changes is None:
            return
        if changes.structure is not None:
            array = changes.structure.array
            cells[array.start : array.start + array.delete_count] = array.cells or []
            for item in changes.structure.did_open or ():
                self._documents.open(item)
            for closed in changes.structure.did_close or ():
                self._documents.close(closed.uri)
        changed = {cell.document: cell for cell in changes.data or ()}
        cells[:] = [changed.get(cell.document, cell) for cell in cells]
        for content in changes.text_content or ():
            document = content.document
            self._documents.change(document.uri, document.version, content.changes)

    def close(self, params: types.DidCloseNotebookDocumentParams) -> None:
        """Forget a notebook and its cells."""
        self.forget(params.notebook_document.uri)
        for document in params.cell_text_documents:
            self._documents.close(document.uri)

    def forget(self, uri: str) -> None:
        """Forget a notebook and the cells that it is known to have."""
        for cell in self._cells.pop(uri, ()):
            self._documents.close(cell.document)

    def forget_all(self) -> None:
        """Forget every notebook, when it is not known which one has changed."""
        for uri in list(self._cells):
            self.forget(uri)

    def context_at(
        self, uri: str, offset: int, multi_line: Literal["auto", "never", "always"]
    ) -> CursorContext | None:
        """Return a place in the newest version of a document, notebook cells around it included.

        None where the document is not open.
        """
        snapshot = self._documents.find(uri)
        if snapshot is None:
            return None
        above, below = self.neighbours(uri)
        return CursorContext(snapshot, offset, multi_line, above, below)

    def neighbours(self, uri: str) -> tuple[str, str]:
        """Return the code of the cells above and below a cell; nothing for other documents."""
        for cells in self._cells.values():
            uris = [cell.document for cell in cells if cell.kind == types.NotebookCellKind.Code]
            if uri in uris:
                place = uris.index(uri)
                above, below = self._texts(uris[:place]), self._texts(uris[place + 1 :])
                return "".join(f"{text}\n\n" for text in above), "".join(
                    f"\n\n{text}" for text in below
                )
        return "", ""

    def _texts(self, uris: Iterable[str]) -> list[str]:
        found = (self._documents.find(uri) for uri in uris)
        return [snapshot.text for snapshot in found if snapshot is not None]
