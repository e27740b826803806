"""`assist-server summarize`: summarize a file, some of its lines, or standard input."""

import json
import re
import sys
from collections.abc import Mapping
from pathlib import Path

import typer
from rich.console import Console
from rich.markdown import Markdown

from assist_server.cli.inputs import (
    decode_source,
    line_start,
    load_settings,
    opened_model,
    read_snapshot,
)
from assist_server.cli.terminal import is_terminal, spelled_out
from assist_server.context.snapshot import Snapshot
from assist_server.errors import InputError
from assist_server.features.summarize.summarize import summarize
from assist_server.features.summarize.work import Selection


def run_summarize(
    file: Path | None, lines: str | None, flags: Mapping[str, object], *, as_json: bool
) -> None:
    """Print the summary: rendered on a terminal, Markdown elsewhere.

    Raises:
        AssistError: the file, the lines or the model cannot be used.
    """
    snapshot = _standard_input() if file is None or str(file) == "-" else read_snapshot(file)
    selection = _select(snapshot, lines)
    settings = load_settings(flags)
    with opened_model(settings) as backend:
        summary = summarize(selection, backend, settings)
    if as_json:
        answer = {"markdown": summary.markdown, "method": summary.method}
        typer.echo(json.dumps(answer, ensure_ascii=False))
    elif is_terminal():
        Console().print(Markdown(spelled_out(summary.markdown)))
    else:
        typer.echo(summary.markdown)


def _standard_input() -> Snapshot:
    text = decode_source(sys.stdin.buffer.read(), "standard input")
    return Snapshot("stdin:", "text.txt", text)


def _select(snapshot: Snapshot, lines: str | None) -> Selection:
    """Return the lines from the first to the last, counted from 1, both included."""
    if lines is None:
        return Selection(snapshot, 0, len(snapshot.text))
    match = re.fullmatch(r"(\d+)(?::(\d+))?", lines)
    if match is None:
        raise InputError(f"--lines is {lines!r}; write the first and the last line, such as 10:20")
    first, last = int(match[1]), int(match[2] or match[1])
    if last < first:
        raise InputError(f"--lines is {lines!r}; write the first line first, such as 10:20")
    start = line_start(snapshot, first)
    line_start(snapshot, last)
    return Selection(snapshot, start, snapshot.lines.end_of(last - 1))
