"""workspace/executeCommand: summaries, and the server's state."""

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
from assist_server.features.summarize.summarize import summarize
from assist_server.features.summarize.work import Summary
from assist_server.lsp.model_session import ModelSession
from assist_server.lsp.progress import Progress
from assist_server.lsp.protocol import ask_client
from assist_server.lsp.server import AssistServer
from assist_server.lsp.tab_stops import snippet_edit
from assist_server.text.edits import TextEdit

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
        SUMMARIZE: return_summary,
        SHOW_SUMMARY: show_summary,
        INSERT_SUMMARY: insert_summary,
        WHY: explain_answers,
        STATUS: report_status,
    }
    for name, handler in handlers.items():
        server.protocol.add_command(name, handler)


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
    percent: int | None = None,
) -> _T:
    """Run work with a model, showing progress and a cancel button; waits for the model.

    The button cancels the whole request at any stage. Work that reports how much of it is done
    starts with 0 percent.
    """
    cancel, task = CancelToken(), asyncio.current_task()
    with ls.reports.start(title, task.cancel if task else None, percent) as progress:
        backend = await model.ready_backend()
        return await model.run(lambda: work(backend, cancel, progress), cancel)


async def apply_edits(
    ls: AssistServer,
    snapshot: Snapshot,
    edits: list[TextEdit],
    label: str,
    *,
    needs_preview: bool = False,
) -> bool:
    """Have the client apply edits in one step; return whether it did.

    Placeholders become tab stops in clients that have them. With `needs_preview`, clients that can
    show the edits let the user choose first, and may apply none.

    Raises:
        InputError: the document has changed since, or the client refused.
    """
    if ls.documents.find(snapshot.uri) is not snapshot:
        raise InputError("the document changed meanwhile; try again")
    edit = _workspace_edit(ls, snapshot, edits, label if needs_preview else None)
    answer = await ask_client(
        ls.protocol,
        types.WORKSPACE_APPLY_EDIT,
        types.ApplyWorkspaceEditParams(edit, label),
    )
    is_applied = isinstance(answer, dict) and bool(answer.get("applied"))
    if not (is_applied or edit.change_annotations):
        raise InputError("the editor did not apply the edit; try again")
    return is_applied


_PREVIEW = "preview"
"""Name of the annotation on edits that the user confirms."""


def _workspace_edit(
    ls: AssistServer, snapshot: Snapshot, edits: list[TextEdit], preview: str | None
) -> types.WorkspaceEdit:
    """Return the edits, with the document's version if the client supports it."""
    converted = [ls.documents.edit(snapshot, edit) for edit in edits]
    workspace = ls.client_capabilities.workspace
    client = workspace.workspace_edit if workspace else None
    if client is None or not client.document_changes:
        return types.WorkspaceEdit(changes={snapshot.uri: converted})
    document = types.OptionalVersionedTextDocumentIdentifier(snapshot.uri, snapshot.version)
    if preview and client.change_annotation_support:
        marked = [types.AnnotatedTextEdit(_PREVIEW, one.range, one.new_text) for one in converted]
        return types.WorkspaceEdit(
            document_changes=[types.TextDocumentEdit(document, [*marked])],
            change_annotations={_PREVIEW: types.ChangeAnnotation(preview, needs_confirmation=True)},
        )
    shown: list[types.TextEdit | types.AnnotatedTextEdit | types.SnippetTextEdit] = [*converted]
    if client.snippet_edit_support and not preview and (one := snippet_edit(snapshot.text, edits)):
        place = ls.documents.edit(snapshot, one)
        shown = [types.SnippetTextEdit(place.range, types.StringValue(place.new_text))]
    return types.WorkspaceEdit(document_changes=[types.TextDocumentEdit(document, shown)])
