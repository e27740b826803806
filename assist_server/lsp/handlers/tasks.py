"""workspace/executeCommand: tasks for a chat model."""

from collections.abc import Callable, Iterator
from typing import Any

from lsprotocol import types

from assist_server.context.selection import Selection
from assist_server.context.snapshot import Snapshot
from assist_server.engine.request import CancelToken
from assist_server.features.tasks.prompt import fenced
from assist_server.features.tasks.run import NO_CHAT_MODEL, Outcome, run_task
from assist_server.lsp.handlers.commands import apply_edits, with_model
from assist_server.lsp.progress import Progress
from assist_server.lsp.server import AssistServer
from assist_server.prompts.tasks import Kinds, Need, Output, Task, load_tasks
from assist_server.text.inert_markdown import inert_document

RUN_TASK = "assist.task"
SHOW_TASK = "assist.showTask"
LIST_TASKS = "assist.tasks"

TASK_KIND = "refactor.rewrite.assist"

_Json = dict[str, Any]


def register(server: AssistServer) -> None:
    """Register this family's commands."""
    handlers: dict[str, Callable[..., Any]] = {
        RUN_TASK: run_named,
        SHOW_TASK: show_named,
        LIST_TASKS: list_tasks,
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

    With a `token`, each piece of the answer is sent by `$/progress` while it is written.
    """
    task = load_tasks().find(name)
    snapshot = ls.documents.get(uri)
    start = ls.documents.offset(snapshot, range_.start)
    end = ls.documents.offset(snapshot, range_.end)
    selection = Selection(snapshot, min(start, end), max(start, end))

    def send(piece: str) -> None:
        if token:
            params = types.ProgressParams(token=token, value={"text": piece})
            ls.protocol.notify(types.PROGRESS, params)

    def work(backend: Any, cancel: CancelToken, _: Progress) -> Outcome:
        settings = ls.settings.current
        return run_task(task, selection, words, backend, settings, cancel=cancel, on_text=send)

    found = await with_model(ls, ls.text, task.title, work)
    if found.edits:
        await apply_edits(ls, snapshot, list(found.edits), task.title)
    return {
        "title": task.title,
        "text": found.text,
        "markdown": (
            inert_document(found.text) if task.output is Output.SHOW else fenced(found.text)
        ),
        "applied": bool(found.edits),
        "note": found.note,
    }


async def show_named(
    ls: AssistServer, name: str, uri: str, range_: types.Range, words: str = ""
) -> _Json:
    """Run a task and show what is not applied, for clients that drop a command's result."""
    found = await run_named(ls, name, uri, range_, words)
    shown = [found["note"], "" if found["applied"] else found["text"]]
    if any(shown):
        ls.show(types.MessageType.Info, "\n\n".join(filter(None, shown)))
    return found


def task_actions(
    ls: AssistServer, snapshot: Snapshot, range_: types.Range
) -> Iterator[types.CodeAction]:
    """Yield the actions for a selection: the tasks that need nothing else, with a chat model."""
    if not ls.can_run_tasks or (ls.model.loaded is None and not ls.has_text_model):
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
