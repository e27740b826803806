"""`assist-server document`: document the function or class at a line."""

import json
from collections.abc import Collection, Mapping
from enum import Enum, auto
from pathlib import Path

import typer

from assist_server.cli.diff import unified_diff
from assist_server.cli.file_replacement import replace_file
from assist_server.cli.inputs import (
    line_start,
    load_settings,
    opened_model,
    read_source,
    snapshot_of,
)
from assist_server.cli.terminal import say
from assist_server.engine.request import CancelToken
from assist_server.features.documentation.document import document
from assist_server.features.documentation.model_writer import model_phrase_writer
from assist_server.text.newlines import edit_original


class Output(Enum):
    """Output of the documentation."""

    TEXT = auto()
    DIFF = auto()
    WRITE = auto()
    JSON = auto()


def run_document(
    file: Path,
    line: int,
    flags: Mapping[str, object],
    output: Output,
    prune: Collection[str] = (),
) -> None:
    """Document the definition at a line counted from 1.

    Raises:
        AssistError: the file, the line or the model is unusable, or there is nothing to document.
    """
    source = read_source(file)
    snapshot = snapshot_of(file, source)
    offset = line_start(snapshot, line)
    settings = load_settings(flags)
    with opened_model(settings) as backend:
        writer = model_phrase_writer(snapshot.path, backend, settings, CancelToken())
        found = document(snapshot, offset, writer, settings.documentation, prune)
    changed = edit_original(source, found.edits)
    if output is Output.JSON:
        answer = {"name": found.name, "style": found.style, "text": found.text}
        typer.echo(json.dumps(answer, ensure_ascii=False))
    elif output is Output.DIFF:
        say(unified_diff(snapshot.path, source, changed), nl=False)
    elif output is Output.WRITE:
        replace_file(file, source.encode("utf-8"), changed.encode("utf-8"))
    else:
        say(found.text)
    for name in found.gone:
        typer.echo(
            f"assist-server: `{name}` is documented, but is not a parameter of `{found.name}`; "
            f"its entry stays: --prune {name} removes it",
            err=True,
        )
