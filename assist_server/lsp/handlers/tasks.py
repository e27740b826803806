"""workspace/executeCommand: tasks for a chat model."""

from collections.abc import Callable, Iterator
from typing import Any

from lsprotocol import types

from assist_server.context.selection import Selection
from assist_server.context.snapshot import Snapshot
from assist_server.engine.request import CancelToken
from assist_server.features.comments.insertion import comment_below
from assist_server.features.tasks.answer import fenced_blocks
from assist_server.features.tasks.prompt import fenced
from assist_server.features.tasks.run import NO_CHAT_MODEL, Draft, Outcome, run_task
from assist_server.lsp.handlers.commands import apply_edits, with_model
from assist_server.lsp.progress import Progress
from assist_server.lsp.server import AssistServer
from assist_server.prompts.tasks import Kinds, Need, Output, Task, load_tasks
from assist_server.syntax.definitions import Span
from assist_server.text.edits import TextEdit
from assist_server.text.inert_markdown import inert_document

RUN_TASK = "assist.task"
PREVIEW_TASK = "assist.previewTask"
SHOW_TASK = "assist.showTask"
LIST_TASKS = "assist.tasks"
CHOOSE_MODEL = "assist.chooseChatModel"

TASK_KIND = "refactor.rewrite.assist"

_Json = dict[str, Any]


def register(server: AssistServer) -> None:
    """Register this family's commands."""
    handlers: dict[str, Callable[..., Any]] = {
        RUN_TASK: run_named,
        PREVIEW_TASK: preview_named,
        SHOW_TASK: show_named,
        LIST_TASKS: list_tasks,
        CHOOSE_MODEL: advise_on_models,
    }
    for name, handler in handlers.items():
        server.protocol.add_command(name, handler)


async def list_tasks(ls: AssistServer) -> _Json:
    """Return all tasks by name, problems of the user's files, and whether the model can run them.

    `reason` says why it cannot; it is empty while the model is loading.
    """
    tasks = load_tasks()
    return {
        "tasks": [_described(tasks.by_name[name]) for name in sorted(tasks.by_name)],
        "problems": list(tasks.problems),
        "reason": "" if ls.can_run_tasks else NO_CHAT_MODEL,
    }


def _described(task: Task) -> _Json:
    return {
        "name": task.name,
        "title": task.title,
        "kinds": task.kinds,
        "output": task.output,
        "needs": sorted(task.needs),
    }


async def run_named(  # noqa: PLR0913, PLR0917 - the arguments of a command
    ls: AssistServer, name: str, uri: str, range_: types.Range, words: str = "", token: str = ""
) -> _Json:
    """Run a task on a range; the client applies its edit, or shows the text that is returned.

    With a `token`, the answer is sent by `$/progress` while it is written.
    """
    task, selection = load_tasks().find(name), _selection(ls, uri, range_)
    found = _if_unchanged(ls, selection, await _run(ls, task, selection, words, token))
    if found.edits:
        await apply_edits(ls, selection.snapshot, list(found.edits), task.title)
    return {**_answer(ls, task, selection, found), "applied": bool(found.edits)}


async def preview_named(  # noqa: PLR0913, PLR0917 - the arguments of a command
    ls: AssistServer,
    name: str,
    uri: str,
    range_: types.Range,
    words: str = "",
    again: bool = False,  # noqa: FBT001, FBT002 - JSON
    token: str = "",
) -> _Json:
    """Run a task for a client that shows its edit, and applies it if the user keeps it.

    `again` asks for another answer than the likeliest.
    """
    task, selection = load_tasks().find(name), _selection(ls, uri, range_)
    outcome = await _run(ls, task, selection, words, token, is_again=again)
    found = _if_unchanged(ls, selection, outcome)
    edits = [ls.documents.edit(selection.snapshot, edit) for edit in found.edits]
    return {**_answer(ls, task, selection, found), "edit": ls.to_json(edits[0]) if edits else None}


async def show_named(
    ls: AssistServer, name: str, uri: str, range_: types.Range, words: str = ""
) -> _Json:
    """Run a task and show what is not applied, for clients that drop a command's result."""
    found = await run_named(ls, name, uri, range_, words)
    shown = [found["note"], "" if found["applied"] else found["text"]]
    if any(shown):
        ls.show(types.MessageType.Info, "\n\n".join(filter(None, shown)))
    return found


def advise_on_models(ls: AssistServer) -> None:
    """Show which model can run tasks, for clients that do not let the user choose one."""
    ls.show(types.MessageType.Info, f"assist-server: {NO_CHAT_MODEL}")


def _selection(ls: AssistServer, uri: str, range_: types.Range) -> Selection:
    snapshot = ls.documents.get(uri)
    start = ls.documents.offset(snapshot, range_.start)
    end = ls.documents.offset(snapshot, range_.end)
    return Selection(snapshot, min(start, end), max(start, end))


async def _run(  # noqa: PLR0913 - what it is about, and how
    ls: AssistServer,
    task: Task,
    selection: Selection,
    words: str,
    token: str,
    *,
    is_again: bool = False,
) -> Outcome:
    stream = _Stream(ls, selection.snapshot, token)

    def work(backend: Any, cancel: CancelToken, _: Progress) -> Outcome:
        settings = ls.settings.current
        return run_task(
            task,
            selection,
            words,
            backend,
            settings,
            cancel=cancel,
            is_again=is_again,
            on_draft=stream.send if token else lambda _: None,
        )

    return await with_model(ls, ls.text, task.title, work)


class _Stream:
    """The partial results of one task."""

    def __init__(self, ls: AssistServer, snapshot: Snapshot, token: str) -> None:
        self._ls, self._snapshot, self._token = ls, snapshot, token
        self._sent: str | None = None

    def send(self, draft: Draft) -> None:
        """Send what is new in a draft; all of it if it does not begin with what was sent."""
        value: _Json = {}
        if self._sent is None:
            value = {"range": _range(self._ls, self._snapshot, draft.about)}
            if draft.replaced:
                value["replaced"] = _range(self._ls, self._snapshot, draft.replaced)
        sent = self._sent or ""
        if draft.text.startswith(sent):
            value["text"] = draft.text[len(sent) :]
        else:
            value |= {"text": draft.text, "restart": True}
        if value["text"] or "range" in value or "restart" in value:
            self._sent = draft.text
            params = types.ProgressParams(token=self._token, value=value)
            self._ls.protocol.notify(types.PROGRESS, params)


def _range(ls: AssistServer, snapshot: Snapshot, span: Span) -> Any:
    return ls.to_json(ls.documents.edit(snapshot, TextEdit(span.start, span.end, "")).range)


def _if_unchanged(ls: AssistServer, selection: Selection, found: Outcome) -> Outcome:
    """Return an outcome that edits nothing if its document has changed, so that it is not lost."""
    if not found.edits or ls.documents.find(selection.snapshot.uri) is selection.snapshot:
        return found
    return Outcome(found.text, found.about, note="not applied: the document changed meanwhile")


def _answer(ls: AssistServer, task: Task, selection: Selection, found: Outcome) -> _Json:
    is_shown = task.output is Output.SHOW
    code, may_replace = _insertion(task, selection.snapshot, found)
    return {
        "title": task.title,
        "text": found.text,
        "markdown": inert_document(found.text) if is_shown else fenced(found.text),
        "code": code,
        "mayReplace": may_replace,
        "note": found.note,
        "range": _range(ls, selection.snapshot, found.about),
    }


def _insertion(task: Task, snapshot: Snapshot, found: Outcome) -> tuple[str, bool]:
    """Return what may be written below the text, and whether it may take its place as well.

    Words about code are written as a comment, which cannot take its place.
    """
    if task.output is not Output.SHOW:
        return found.text, True
    if code := "\n\n".join(fenced_blocks(found.text)):
        return code, True
    if snapshot.is_prose or task.kinds is Kinds.TEXT:
        return found.text, True
    return comment_below(snapshot, found.about.start, found.about.end, found.text), False


def task_actions(
    ls: AssistServer, snapshot: Snapshot, range_: types.Range
) -> Iterator[types.CodeAction]:
    """Yield the actions for a selection: the tasks that need nothing else.

    Without a chat model, there is one, which says how to choose one.
    """
    if ls.model.loaded is None and not ls.has_text_model:
        return
    if not ls.can_run_tasks:
        title = "Choose a chat model for explanations, fixes and other tasks"
        advice = types.Command(title=title, command=CHOOSE_MODEL)
        yield types.CodeAction(title, kind=TASK_KIND, command=advice)
        return
    other = Kinds.CODE if snapshot.is_prose else Kinds.TEXT
    for task in load_tasks().by_name.values():
        if task.needs == {Need.SELECTION} and task.kinds is not other:
            arguments = [task.name, snapshot.uri, range_]
            call = types.Command(title=task.title, command=SHOW_TASK, arguments=arguments)
            yield types.CodeAction(
                task.title, kind=TASK_KIND, command=call, tags=_tags(ls.client_capabilities)
            )


def _tags(client: types.ClientCapabilities) -> list[types.CodeActionTag] | None:
    """Return the mark of what a model wrote, for a client that shows it."""
    document = client.text_document
    supported = document and document.code_action and document.code_action.tag_support
    generated = types.CodeActionTag.LlmGenerated
    return [generated] if supported and generated in supported.value_set else None
