"""`assist-server run`: run a task of a chat model on a file, some lines, or standard input."""

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from enum import Enum, auto
from pathlib import Path

import typer
from rich.console import Console
from rich.live import Live

from assist_server.cli.diff import unified_diff
from assist_server.cli.file_replacement import replace_file
from assist_server.cli.inputs import (
    load_settings,
    opened_model,
    read_source,
    shown_path,
    snapshot_of,
)
from assist_server.cli.selection import named_file, read_standard_input, select_lines
from assist_server.cli.terminal import last_lines, say
from assist_server.context.selection import Selection
from assist_server.context.snapshot import Snapshot
from assist_server.errors import InputError
from assist_server.features.tasks.run import Draft, Outcome, TakeDraft, run_task
from assist_server.prompts.tasks import Need, Task, Tasks, load_tasks
from assist_server.prompts.tasks import Output as Effect
from assist_server.text.newlines import edit_original, with_newline


class Output(Enum):
    """Output of a task that changes a text."""

    TEXT = auto()
    DIFF = auto()
    WRITE = auto()


def list_tasks() -> None:
    """Print the names of all tasks, with their titles and what they need."""
    tasks = _load()
    width = max(map(len, tasks.by_name))
    for name in sorted(tasks.by_name):
        task = tasks.by_name[name]
        needs = " and ".join(sorted(task.needs, reverse=True))
        say(f"{name:{width}}  {task.title} ({needs or 'nothing'} needed; {task.output})")


def run_named(  # noqa: PLR0913, PLR0917 - as on the command line
    name: str,
    file: Path | None,
    lines: str | None,
    words: str,
    flags: Mapping[str, object],
    output: Output,
) -> None:
    """Run a task, and print its answer, print a diff or write to the file.

    Raises:
        AssistError: the task, the file, the lines or the model cannot be used, the answer changes
            nothing, or it must not be written.
    """
    task = _load().find(name)
    named = named_file(file)
    if output is not Output.TEXT and (named is None or task.output is Effect.SHOW):
        what = "a file" if named is None else f"a task that changes it, which {name!r} does not"
        raise InputError(f"--{output.name.lower()} needs {what}; leave it out")
    source = "" if named is None else read_source(named)
    snapshot = _standard_input(task) if named is None else snapshot_of(named, source)
    selection = _select(task, snapshot, lines, is_file=named is not None)
    settings = load_settings(flags)
    is_streamed = task.output is Effect.SHOW
    with opened_model(settings.for_text()) as backend, _shown(is_final=is_streamed) as on_draft:
        outcome = run_task(task, selection, words, backend, settings, on_draft=on_draft)
    if is_streamed:
        typer.echo()
    elif output is Output.TEXT:
        say(with_newline(outcome.text, snapshot.newline))
    elif named is not None:
        _change(named, source, outcome, output)
    if outcome.note:
        typer.echo(f"assist-server: {outcome.note}", err=True)


def _load() -> Tasks:
    tasks = load_tasks()
    for problem in tasks.problems:
        typer.echo(f"assist-server: {problem}", err=True)
    return tasks


def _standard_input(task: Task) -> Snapshot:
    is_optional = not task.needs & {Need.SELECTION, Need.CURSOR}
    if is_optional and sys.stdin.isatty():
        return Snapshot("stdin:", "text.txt", "")
    return read_standard_input()


def _select(task: Task, snapshot: Snapshot, lines: str | None, *, is_file: bool) -> Selection:
    """Return the selected lines, or the cursor on a single line for a task that needs one."""
    selection = select_lines(snapshot, lines)
    if Need.CURSOR not in task.needs or not is_file:
        return selection
    if lines is None:
        raise InputError(f"the task {task.name!r} needs a place; add --lines with its line")
    if ":" in lines:
        return selection
    start = selection.start + len(selection.text) - len(selection.text.lstrip())
    return Selection(snapshot, start, start)


def _change(file: Path, source: str, outcome: Outcome, output: Output) -> None:
    if not outcome.edits:
        raise InputError(f"{outcome.note}; {str(file)!r} is unchanged")
    changed = edit_original(source, outcome.edits)
    if output is Output.DIFF:
        say(unified_diff(shown_path(file), source, changed), nl=False)
    else:
        replace_file(file, source.encode("utf-8"), changed.encode("utf-8"))


@contextmanager
def _shown(*, is_final: bool) -> Iterator[TakeDraft]:
    """Show an answer while it is written: at once, or for now on a terminal if it may change."""
    n_printed = 0

    def print_more(draft: Draft) -> None:
        nonlocal n_printed
        say(draft.text[n_printed:], nl=False)
        sys.stdout.flush()
        n_printed = len(draft.text)

    if is_final:
        yield print_more
        return
    console = Console(stderr=True)
    with Live(console=console, transient=True, vertical_overflow="crop") as live:
        yield lambda draft: live.update(last_lines(draft.text, console))
