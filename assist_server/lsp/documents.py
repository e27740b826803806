r"""The open documents and notebooks, synchronized with the editor.

The store keeps the editor's exact text, because `\r` and `\n` from two edits can form one line end.
The rest of the program gets snapshots, whose lines end in `\n`; line numbers and columns are the
same in both.

pygls' own documents are not used: they treat form feeds and U+2028 as line ends, which corrupts the
text, and they clamp positions wrongly at the end of a text without a final line end.
"""

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Literal
from urllib.parse import unquote, urlsplit

from lsprotocol import types

from assist_server.context.cursor import CursorContext
from assist_server.context.snapshot import Snapshot
from assist_server.errors import InputError
from assist_server.text.edits import TextEdit
from assist_server.text.lines import LineIndex, Position, PositionEncoding
from assist_server.text.newlines import with_newline

_log = logging.getLogger(__name__)

MAX_DOCUMENT_CHARS = 8 * 1024 * 1024
"""The lines, syntax tree and copies of a longer text would take gigabytes."""

TOO_LONG = (
    f"the document has more than {MAX_DOCUMENT_CHARS / 1e6:.0f} million characters, "
    "which is too long to work with; split it"
)


@dataclass(frozen=True)
class _Document:
    """A document's snapshot, and its text and lines as in the editor."""

    snapshot: Snapshot
    text: str
    lines: LineIndex

    @classmethod
    def of(cls, snapshot: Snapshot, text: str, lines: LineIndex | None = None) -> "_Document":
        """Create a document from a snapshot and a new text."""
        lines = lines or LineIndex(text)
        changed = replace(snapshot, text=text, newline="")
        if changed.text is text:
            changed.__dict__["lines"] = lines  # where `cached_property` keeps it
        return cls(changed, text, lines)


class DocumentStore:
    """The open documents, by URI; used on the server's loop only."""

    def __init__(
        self,
        on_close: Callable[[str], None] = lambda _: None,
        on_too_long: Callable[[Snapshot], None] = lambda _: None,
    ) -> None:
        """Start without documents.

        Args:
            on_close: Called with the URI of each document that is closed.
            on_too_long: Called with each document that is dropped because of its length.
        """
        self._documents: dict[str, _Document] = {}
        self._too_long: set[str] = set()
        self._on_close = on_close
        self._on_too_long = on_too_long
        self.encoding = PositionEncoding.UTF16
        self.root_uri: str | None = None

    def __len__(self) -> int:
        return len(self._documents)

    def open(self, item: types.TextDocumentItem) -> None:
        """Open a document, replacing one that is already open."""
        self._too_long.discard(item.uri)
        project, path = display_path(item.uri, self.root_uri)
        empty = Snapshot(item.uri, path, "", str(item.language_id), item.version, project=project)
        if self._fits(empty, item.text):
            self._documents[item.uri] = _Document.of(empty, item.text)

    def change(
        self,
        uri: str,
        version: int,
        changes: Sequence[types.TextDocumentContentChangeEvent],
    ) -> int | None:
        """Apply changes in order; ignore those of a document that is not open.

        Version numbers are not checked, as messages come in order.

        Returns:
            The offset in the snapshot at the end of the last change; None without changes.
        """
        document = self._documents.get(uri)
        if document is None:
            return None
        before = document.snapshot
        if before.version is not None and version < before.version:
            _log.warning("a document's version went back from %d to %d", before.version, version)
        text, lines, end = document.text, document.lines, None
        for change in changes:
            text, lines, end = self._changed(text, lines, change)
        if not self._fits(before, text):
            return None
        changed = _Document.of(replace(before, version=version), text, lines)
        self._documents[uri] = changed
        return None if end is None else _moved(end, lines, changed.snapshot.lines)

    def close(self, uri: str) -> None:
        """Forget a document."""
        self._documents.pop(uri, None)
        self._too_long.discard(uri)
        self._on_close(uri)

    def _fits(self, snapshot: Snapshot, text: str) -> bool:
        """Return whether a text is short enough; if not, drop its document."""
        is_short = len(text) <= MAX_DOCUMENT_CHARS
        if not is_short:
            self.close(snapshot.uri)
            self._too_long.add(snapshot.uri)
            self._on_too_long(snapshot)
        return is_short

    def uris(self) -> list[str]:
        """Return the URIs of the open documents."""
        return list(self._documents)

    def find(self, uri: str) -> Snapshot | None:
        """Return the newest version of a document; None when it is not open."""
        document = self._documents.get(uri)
        return document.snapshot if document else None

    def get(self, uri: str) -> Snapshot:
        """Return the newest version of a document.

        Raises:
            InputError: it is not open, or too long.
        """
        snapshot = self.find(uri)
        if uri in self._too_long:
            raise InputError(TOO_LONG)
        if snapshot is None:
            raise InputError("the document is not open; open it in the editor and ask again")
        return snapshot

    def offset(self, snapshot: Snapshot, position: types.Position) -> int:
        """Convert a client's position to an offset."""
        return snapshot.lines.offset_at(Position(position.line, position.character), self.encoding)

    def position(self, snapshot: Snapshot, offset: int) -> types.Position:
        """Convert an offset to a position for the client."""
        position = snapshot.lines.position_at(offset, self.encoding)
        return types.Position(position.line, position.character)

    def range(self, snapshot: Snapshot, start: int, end: int) -> types.Range:
        """Convert offsets to a range for the client."""
        return types.Range(self.position(snapshot, start), self.position(snapshot, end))

    def edit(self, snapshot: Snapshot, edit: TextEdit) -> types.TextEdit:
        """Convert an edit for the client, with the document's line ends."""
        text = with_newline(edit.new_text, snapshot.newline)
        return types.TextEdit(self.range(snapshot, edit.start, edit.end), text)

    def _changed(
        self, text: str, lines: LineIndex, change: types.TextDocumentContentChangeEvent
    ) -> tuple[str, LineIndex, int]:
        """Apply a change; return the text, its lines, and the offset at the end of the change."""
        if isinstance(change, types.TextDocumentContentChangeWholeDocument):
            return change.text, LineIndex(change.text), len(change.text)
        places = (change.range.start, change.range.end)
        # Some clients send reversed ranges, which the specification allows.
        start, end = sorted(
            lines.offset_at(Position(place.line, place.character), self.encoding)
            for place in places
        )
        text, lines = lines.after_edit(start, end, change.text)
        return text, lines, start + len(change.text)


class NotebookStore:
    """The cells of each open notebook, in order; their texts are ordinary documents."""

    def __init__(self, documents: DocumentStore) -> None:
        self._documents = documents
        self._cells: dict[str, list[types.NotebookCell]] = {}

    def __len__(self) -> int:
        return len(self._cells)

    def open(self, params: types.DidOpenNotebookDocumentParams) -> None:
        """Open a notebook and the texts of its cells."""
        self._cells[params.notebook_document.uri] = list(params.notebook_document.cells)
        for item in params.cell_text_documents:
            self._documents.open(item)

    def change(self, params: types.DidChangeNotebookDocumentParams) -> None:
        """Apply changes to the order, the kinds and the texts of cells."""
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
        """Forget a notebook and its known cells."""
        for cell in self._cells.pop(uri, ()):
            self._documents.close(cell.document)

    def forget_all(self) -> None:
        """Forget every notebook, when it is unknown which one has changed."""
        for uri in list(self._cells):
            self.forget(uri)

    def context_at(
        self, uri: str, offset: int, multi_line: Literal["auto", "never", "always"]
    ) -> CursorContext | None:
        """Return the context of a place in the newest version of a document or notebook cell.

        None if the document is not open.
        """
        snapshot = self._documents.find(uri)
        if snapshot is None:
            return None
        above, below = self.surrounding_cells(uri)
        return CursorContext(snapshot, offset, multi_line, above, below)

    def surrounding_cells(self, uri: str) -> tuple[str, str]:
        """Return the code of the cells above and below a cell; empty for other documents."""
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


def _moved(offset: int, source: LineIndex, target: LineIndex) -> int:
    """Return the offset in `target` of an offset in `source`; only their line ends differ."""
    line = source.line_at(offset)
    within = min(offset, source.end_of(line)) - source.start_of(line)
    return target.start_of(line) + within


def display_path(uri: str, root_uri: str | None) -> tuple[str, str]:
    """Return a project's name and a path in it, as shown to the model.

    Outside of the project, the name is empty, and the path is the file's name.
    """
    path = PurePosixPath(unquote(urlsplit(uri).path) or uri)
    if root_uri is not None:
        root = PurePosixPath(unquote(urlsplit(root_uri).path))
        if path.is_relative_to(root) and path != root:
            return root.name, str(path.relative_to(root))
    return "", path.name or "untitled"
