"""workspace/executeCommand: documentation, summaries, and the server's state."""

import asyncio
from collections.abc import Callable
from dataclasses import asdict
from typing import Any, TypeVar

from lsprotocol import types

from assist_server.context.selection import Selection
from assist_server.context.snapshot import Snapshot
from assist_server.engine.request import CancelToken
from assist_server.errors import InputError
from assist_server.features.comments.insertion import comment_edit
from assist_server.features.documentation.document import document
from assist_server.features.documentation.model_writer import model_phrase_writer
from assist_server.features.summarize.summarize import summarize
from assist_server.features.summarize.work import Summary
from assist_server.lsp.model_session import ModelSession
from assist_server.lsp.progress import Progress
from assist_server.lsp.protocol import ask_client
from assist_server.lsp.server import AssistServer
from assist_server.text.edits import TextEdit

DOCUMENT = "assist.document"
SUMMARIZE = "assist.summarize"
SHOW_SUMMARY = "assist.showSummary"
INSERT_SUMMARY = "assist.insertSummary"
WHY = "assist.why"
STATUS = "assist.status"

_T = TypeVar("_T")
_Json = dict[str, Any]


def register(server: AssistServer) -> None:
    """Register this family's commands."""
    handlers: dict[str, Callable[..., Any]] = {
        DOCUMENT: write_documentation,
        SUMMARIZE: return_summary,
        SHOW_SUMMARY: show_summary,
        INSERT_SUMMARY: insert_summary,
        WHY: explain_answers,
        STATUS: report_status,
    }
    for name, handler in handlers.items():
        server.protocol.add_command(name, handler)


async def write_documentation(
    ls: AssistServer, uri: str, position: types.Position, prune: list[str] | None = None
) -> _Json:
    """Document the definition at a position; the client applies the edit.

    `prune` names parameters whose entries are removed because the parameters no longer exist.
    """
    snapshot = ls.documents.get(uri)
    offset = ls.documents.offset(snapshot, position)

    def work(backend: Any, cancel: CancelToken, _: Progress) -> Any:
        writer = model_phrase_writer(snapshot.path, backend, ls.settings.current, cancel)
        return document(snapshot, offset, writer, ls.settings.current.documentation, prune or ())

    found = await with_model(ls, ls.model, "Writing documentation", work)
    await apply_edits(ls, snapshot, list(found.edits), f"Documentation of {found.name}")
    if found.gone:
        listed = ", ".join(f"`{name}`" for name in found.gone)
        ls.show(
            types.MessageType.Info,
            f"The documentation of `{found.name}` still describes {listed}, which it no "
            "longer has. Use the code action to remove that.",
        )
    return {
        "name": found.name,
        "style": found.style,
        "text": found.text,
        "gone": list(found.gone),
    }


async def return_summary(ls: AssistServer, uri: str, range_: types.Range) -> _Json:
    """Summarize a range; the client shows the Markdown that is returned."""
    summary, _ = await _summarize(ls, uri, range_)
    return {"markdown": summary.markdown, "method": summary.method}


async def show_summary(ls: AssistServer, uri: str, range_: types.Range) -> _Json:
    """Summarize a range and show it as a message, for clients that drop a command's result."""
    summary, _ = await _summarize(ls, uri, range_)
    ls.show(types.MessageType.Info, summary.markdown)
    return {"markdown": summary.markdown, "method": summary.method}


async def insert_summary(ls: AssistServer, uri: str, range_: types.Range) -> _Json:
    """Summarize a range and insert the summary above it as a comment."""
    summary, selection = await _summarize(ls, uri, range_)
    snapshot, start, end = selection.snapshot, selection.start, selection.end
    edit = await ls.model.run(
        lambda: comment_edit(snapshot, start, end, summary.markdown), CancelToken()
    )
    await apply_edits(ls, selection.snapshot, [edit], "Summary as a comment")
    return {"markdown": summary.markdown, "method": summary.method}


async def explain_answers(
    ls: AssistServer,
    uri: str,
    with_prompts: bool = False,  # noqa: FBT001, FBT002 - JSON
) -> list[_Json]:
    """Return the outcomes of a document's last requests with their reasons, newest first.

    Prompts, which contain the user's text, are included only `with_prompts`, and only those for the
    current model.
    """
    backend = await ls.model.ready_backend(0) if with_prompts else None
    explained = []
    for record in ls.history.of(uri):
        fields = asdict(record)
        prompt_ids = fields.pop("prompt_ids")
        if backend is not None and record.model == ls.model.model_name:
            fields["prompt"] = backend.decode_prompt(prompt_ids)
        explained.append(fields)
    return explained


async def report_status(ls: AssistServer, wait: bool = False) -> _Json:  # noqa: FBT001, FBT002 - JSON
    """Return the model's state; with `wait`, wait until it is ready, and fail if it cannot be."""
    if wait:
        await ls.model.ready_backend()
    return ls.status()


async def _summarize(ls: AssistServer, uri: str, range_: types.Range) -> tuple[Summary, Selection]:
    snapshot = ls.documents.get(uri)
    start = ls.documents.offset(snapshot, range_.start)
    end = ls.documents.offset(snapshot, range_.end)
    selection = Selection(snapshot, min(start, end), max(start, end))

    def work(backend: Any, cancel: CancelToken, progress: Progress) -> Summary:
        return summarize(
            selection, backend, ls.settings.current, cancel=cancel, report=progress.report
        )

    return await with_model(ls, ls.text, "Summarizing", work), selection


async def with_model(
    ls: AssistServer,
    model: ModelSession,
    title: str,
    work: Callable[[Any, CancelToken, Progress], _T],
) -> _T:
    """Run work with a model, showing progress and a cancel button; waits for the model.

    The button cancels the whole request at any stage.
    """
    cancel, task = CancelToken(), asyncio.current_task()
    with ls.reports.start(title, task.cancel if task else None) as progress:
        backend = await model.ready_backend()
        return await model.run(lambda: work(backend, cancel, progress), cancel)


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
