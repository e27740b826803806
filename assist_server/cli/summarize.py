"""`assist-server summarize`: summarize a file, some of its lines, or standard input."""

import json
from collections.abc import Mapping
from pathlib import Path

import typer
from rich.console import Console
from rich.markdown import Markdown

from assist_server.cli.inputs import load_settings, opened_model, read_snapshot
from assist_server.cli.selection import named_file, read_standard_input, select_lines
from assist_server.cli.terminal import is_terminal, spelled_out
from assist_server.features.summarize.summarize import summarize


def run_summarize(
    file: Path | None, lines: str | None, flags: Mapping[str, object], *, as_json: bool
) -> None:
    """Print the summary: rendered on a terminal, Markdown elsewhere.

    Raises:
        AssistError: the file, the lines or the model cannot be used.
    """
    named = named_file(file)
    snapshot = read_snapshot(named) if named else read_standard_input()
    selection = select_lines(snapshot, lines)
    settings = load_settings(flags)
    with opened_model(settings.for_text()) as backend:
        summary = summarize(selection, backend, settings)
    if as_json:
        answer = {"markdown": summary.markdown, "method": summary.method}
        typer.echo(json.dumps(answer, ensure_ascii=False))
    elif is_terminal():
        Console().print(Markdown(spelled_out(summary.markdown)))
    else:
        typer.echo(summary.markdown)
