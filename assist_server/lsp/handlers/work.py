"""What commands have in common: work with the model, and edits that the client applies."""

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

from lsprotocol import types

from assist_server.context.snapshot import Snapshot
from assist_server.engine.request import CancelToken
from assist_server.errors import InputError
from assist_server.lsp.progress import Progress
from assist_server.lsp.protocol import ask_client
from assist_server.lsp.server import AssistServer
from assist_server.text.edits import TextEdit

_T = TypeVar("_T")


async def with_model(
    ls: AssistServer, title: str, work: Callable[[Any, CancelToken, Progress], _T]
) -> _T:
    """Run work with the model, showing progress and a cancel button; waits for the model.

    The button cancels the whole request at any stage.
    """
    cancel, task = CancelToken(), asyncio.current_task()
    with ls.reports.start(title, task.cancel if task else None) as progress:
        backend = await ls.model.ready_backend()
        return await ls.model.run(lambda: work(backend, cancel, progress), cancel)


async def apply_edits(
    ls: AssistServer, snapshot: Snapshot, edits: list[TextEdit], label: str
) -> None:
    """Have the client apply edits.

    Raises:
        InputError: the document has changed since, or the client refused.
    """
    if ls.documents.find(snapshot.uri) is not snapshot:
        raise InputError("the document changed meanwhile; try again")
    edit = _workspace_edit(ls, snapshot, edits)
    answer = await ask_client(
        ls.protocol,
        types.WORKSPACE_APPLY_EDIT,
        types.ApplyWorkspaceEditParams(edit, label),
    )
    if not (isinstance(answer, dict) and answer.get("applied")):
        raise InputError("the editor did not apply the edit; try again")


def _workspace_edit(
    ls: AssistServer, snapshot: Snapshot, edits: list[TextEdit]
) -> types.WorkspaceEdit:
    """Return the edits, with the document's version if the client supports it."""
    converted = [ls.documents.edit(snapshot, edit) for edit in edits]
    workspace = ls.client_capabilities.workspace
    if workspace and workspace.workspace_edit and workspace.workspace_edit.document_changes:
        document = types.OptionalVersionedTextDocumentIdentifier(snapshot.uri, snapshot.version)
        return types.WorkspaceEdit(
            document_changes=[types.TextDocumentEdit(document, [*converted])]
        )
    return types.WorkspaceEdit(changes={snapshot.uri: converted})
