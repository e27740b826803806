"""`assist-server complete`: print the completion at a place in a file."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import typer

from assist_server.cli.inputs import load_settings, offset_at, opened_model, read_snapshot
from assist_server.cli.terminal import say
from assist_server.context.cursor import CursorContext
from assist_server.context.snapshot import Snapshot
from assist_server.features.inline_completion import InlineCompletion, complete
from assist_server.text.lines import PositionEncoding
from assist_server.text.newlines import with_newline


def run_complete(
    file: Path, line: int, column: int, flags: Mapping[str, object], *, as_json: bool
) -> None:
    """Print the completion, or the reason why there is none.

    Raises:
        AssistError: the file, the place or the model cannot be used.
    """
    snapshot = read_snapshot(file)
    offset = offset_at(snapshot, line, column)
    settings = load_settings(flags)
    context = CursorContext(snapshot, offset, settings.completion.multi_line)
    with opened_model(settings) as backend:
        completion = complete(context, backend, settings)
    if completion.text is not None:
        completion = replace(completion, text=with_newline(completion.text, snapshot.newline))
    if as_json:
        typer.echo(json.dumps(_as_json(snapshot, completion), ensure_ascii=False))
    elif completion.text is None:
        why = ", ".join(filter(None, (completion.outcome, completion.detail)))
        typer.echo(f"nothing to show: {why}", err=True)
    else:
        say(completion.text)


def _as_json(snapshot: Snapshot, completion: InlineCompletion) -> dict[str, Any]:
    """Return a JSON object; lines and columns count from 1, columns in characters."""
    return {
        "text": completion.text,
        "range": {
            "start": _place(snapshot, completion.start),
            "end": _place(snapshot, completion.end),
        },
        "outcome": completion.outcome.name.lower(),
        "detail": completion.detail,
        "prompt_tokens": len(completion.prompt_ids),
        "new_tokens": completion.new_tokens,
        "milliseconds": round(completion.milliseconds, 1),
        "finish_reason": completion.finish_reason,
        "mean_log_prob": completion.mean_log_prob,
    }


def _place(snapshot: Snapshot, offset: int) -> dict[str, int]:
    position = snapshot.lines.position_at(offset, PositionEncoding.UTF32)
    return {"line": position.line + 1, "column": position.character + 1}
