"""The open documents, kept in step with the editor.

pygls' own documents are not used: they take form feeds and U+2028 for line ends and so corrupt the
text, and they clamp positions wrongly at the end of a text without a final line end.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

from lsprotocol import types

from assist_server.context.snapshot import Snapshot
from assist_server.errors import InputError
from assist_server.text.lines import Position, PositionEncoding

_log = logging.getLogger(__name__)

MAX_DOCUMENT_CHARS = 8 * 1024 * 1024
"""Lines, syntax and copies of a longer text would take gigabytes."""

TOO_LONG = (
    f"the document has more than {MAX_DOCUMENT_CHARS / 1e6:.0f} million characters, "
    "for which nothing is done; split it"
)


class DocumentStore:
    """Snapshots of the open documents, by URI; used on the server's loop only."""

    def __init__(
        self,
        on_close: Callable[[str], None] = lambda _: None,
        on_too_long: Callable[[Snapshot], None] = lambda _: None,
    ) -> None:
        """No documents yet.

        Args:
            on_close: Is told the URI of each document that is closed.
            on_too_long: Is told of each document that is not kept, once.
        """
        self._snapshots: dict[str, Snapshot] = {}
        self._too_long: set[str] = set()
        self._on_close = on_close
        self._on_too_long = on_too_long
        self.encoding = PositionEncoding.UTF16
        self.root_uri: str | None = None

    def __len__(self) -> int:
        return len(self._snapshots)

    def open(self, item: types.TextDocumentItem) -> None:
        """Take over a document; one that is open already is replaced."""
        self._too_long.discard(item.uri)
        self._keep(
            Snapshot(
                uri=item.uri,
                path=display_path(item.uri, self.root_uri),
                text=item.text,
                language_id=str(item.language_id),
                version=item.version,
            )
        )

    def change(
        self,
        uri: str,
        version: int,
        changes: Sequence[types.TextDocumentContentChangeEvent],
    ) -> int | None:
        """Apply changes in order; those of a document that is not open are ignored.

        The editor is believed whatever its version numbers do, as messages come in order.

        Returns:
            The offset behind what was changed last; None where nothing was.
        """
        snapshot, end = self._snapshots.get(uri), None
        if snapshot is None:
            return None
        if snapshot.version is not None and version < snapshot.version:
            _log.warning("a document's version went back from %d to %d", snapshot.version, version)
        if not changes:
            snapshot = snapshot.after_edit(0, 0, "", version)
        for change in changes:
            snapshot, end = self._changed(snapshot, version, change)
        return end if self._keep(snapshot) else None

    def close(self, uri: str) -> None:
        """Forget a document."""
        self._snapshots.pop(uri, None)
        self._too_long.discard(uri)
        self._on_close(uri)

    def _keep(self, snapshot: Snapshot) -> bool:
        """Take a snapshot for the newest; False where it is too long to be worked with."""
        is_kept = len(snapshot.text) <= MAX_DOCUMENT_CHARS
        if is_kept:
            self._snapshots[snapshot.uri] = snapshot
        else:
            self.close(snapshot.uri)
            self._too_long.add(snapshot.uri)
            self._on_too_long(snapshot)
        return is_kept

    def uris(self) -> list[str]:
        """Those of the open documents."""
        return list(self._snapshots)

    def find(self, uri: str) -> Snapshot | None:
        """The newest version of a document; None when it is not open."""
        return self._snapshots.get(uri)

    def get(self, uri: str) -> Snapshot:
        """The newest version of a document.

        Raises:
            InputError: it is not open.
        """
        snapshot = self.find(uri)
        if uri in self._too_long:
            raise InputError(TOO_LONG)
        if snapshot is None:
            raise InputError("the document is not open; open it in the editor and ask again")
        return snapshot

    def offset(self, snapshot: Snapshot, position: types.Position) -> int:
        """The offset that a client's position means."""
        return snapshot.lines.offset_at(Position(position.line, position.character), self.encoding)

    def position(self, snapshot: Snapshot, offset: int) -> types.Position:
        """A position for the client."""
        position = snapshot.lines.position_at(offset, self.encoding)
        return types.Position(position.line, position.character)

    def range(self, snapshot: Snapshot, start: int, end: int) -> types.Range:
        """A range for the client."""
        return types.Range(self.position(snapshot, start), self.position(snapshot, end))

    def _changed(
        self, snapshot: Snapshot, version: int, change: types.TextDocumentContentChangeEvent
    ) -> tuple[Snapshot, int]:
        """What a change makes of a snapshot, and where the new text ends."""
        if isinstance(change, types.TextDocumentContentChangeWholeDocument):
            return replace(snapshot, text=change.text, version=version), len(change.text)
        start = self.offset(snapshot, change.range.start)
        end = self.offset(snapshot, change.range.end)
        # Some clients send ranges backwards; the specification forgives them.
        start, end = min(start, end), max(start, end)
        changed = snapshot.after_edit(start, end, change.text, version)
        return changed, start + len(change.text)


def display_path(uri: str, root_uri: str | None) -> str:
    """The path shown to the model: below the project's root where possible, else the name."""
    path = PurePosixPath(unquote(urlsplit(uri).path) or uri)
    if root_uri is not None:
        root = PurePosixPath(unquote(urlsplit(root_uri).path))
        if path.is_relative_to(root) and path != root:
            return str(path.relative_to(root))
    return path.name or "untitled"
