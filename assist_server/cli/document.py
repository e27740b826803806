"""`assist-server document`: document the function or class at a line, or all of them."""

import json
from collections.abc import Collection, Iterable, Mapping
from enum import Enum, auto
from pathlib import Path

import typer
from rich.console import Console
from rich.text import Text

from assist_server.cli.diff import unified_diff
from assist_server.cli.file_replacement import replace_file
from assist_server.cli.inputs import (
    line_start,
    load_settings,
    opened_model,
    read_source,
    shown_path,
    snapshot_of,
)
from assist_server.cli.terminal import say
from assist_server.context.source_files import source_files
from assist_server.engine.backend import Backend
from assist_server.engine.request import CancelToken
from assist_server.errors import AssistError, InputError, printable
from assist_server.features.documentation.document import document
from assist_server.features.documentation.model_writer import model_phrase_writer
from assist_server.features.documentation.whole_file import FileDocumentation, document_file
from assist_server.settings import Settings
from assist_server.syntax.definitions import LANGUAGE_IDS
from assist_server.syntax.languages import language_for
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
        say(unified_diff(shown_path(file), source, changed), nl=False)
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


def files_to_document(paths: Iterable[Path]) -> list[Path]:
    """Return the files among paths, and the supported source files below the folders among them.

    Raises:
        InputError: there are none.
    """
    found = [
        file
        for path in paths
        for file in (source_files(path) if path.is_dir() else [path])
        if file == path or language_for("", str(file)).id in LANGUAGE_IDS
    ]
    if not found:
        raise InputError(
            "there are no source files that can be documented; choose another file or folder"
        )
    return list(dict.fromkeys(found))


def run_document_all(paths: Iterable[Path], flags: Mapping[str, object], output: Output) -> None:
    """Document all undocumented definitions of files and folders; finished files stay written.

    Raises:
        AssistError: a file that was named, or the model, is unusable.
    """
    named, settings = list(paths), load_settings(flags)
    files = files_to_document(named)
    totals = {"definitions": 0, "placeholders": 0, "files": 0}
    with opened_model(settings) as backend, Console(stderr=True).status("") as status:
        for number, file in enumerate(files, start=1):
            place = f"{printable(str(file))} ({number} of {len(files)})"
            status.update(Text(f"documenting {place}"))
            try:
                found = _document_file(file, backend, settings, output)
            except AssistError as error:
                if file in named:
                    raise
                typer.echo(f"assist-server: {error}", err=True)
                continue
            totals["definitions"] += len(found.documented)
            totals["placeholders"] += found.placeholders
            totals["files"] += bool(found.documented)
    done = "documented" if output is Output.WRITE else "would document"
    typer.echo(
        f"assist-server: {done} {totals['definitions']} definitions in {totals['files']} of "
        f"{len(files)} files; {totals['placeholders']} placeholders are left to you",
        err=True,
    )


def _document_file(
    file: Path, backend: Backend, settings: Settings, output: Output
) -> FileDocumentation:
    source, cancel = read_source(file), CancelToken()
    snapshot = snapshot_of(file, source)
    writer = model_phrase_writer(snapshot.path, backend, settings, cancel)
    found = document_file(snapshot, writer, settings.documentation, cancel)
    shown = shown_path(file)
    changed = edit_original(source, found.edits)
    if output is Output.JSON:
        refused = [{"name": one.name, "line": one.line} for one in found.refused]
        answer = {"path": shown, "documented": found.documented, "refused": refused}
        typer.echo(json.dumps(answer, ensure_ascii=False))
    elif output is not Output.WRITE:
        say(unified_diff(shown, source, changed), nl=False)
    elif found.edits:
        replace_file(file, source.encode("utf-8"), changed.encode("utf-8"))
    for one in found.refused:
        typer.echo(f"assist-server: {shown}:{one.line}: {one.reason}", err=True)
    return found
