"""`assist-server models`: list local models and infilling formats, and export a model."""

import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from assist_server.engine.loading.hub_cache import CachedModel, cached_models
from assist_server.engine.loading.locate import EMBEDDED, EMBEDDED_FOLDER
from assist_server.errors import InputError, printable
from assist_server.prompts.fim import LEFT_TO_RIGHT, TEMPLATES

_SHOWN_DIGITS = 12
"""Of a commit."""


@dataclass(frozen=True)
class _ModelEntry:
    """A model on this machine."""

    model: str
    """Value of the setting `model`."""
    megabytes: float
    """Size of its files in megabytes of 1,000,000 bytes."""
    where: str
    commit: str = ""
    """Of the hub's repository; empty if there is none."""
    used: str | None = None
    """When a file of it was last read: the day, such as 2026-11-28."""
    is_whole: bool = True
    """False if its download was not finished."""


def run_models(*, as_json: bool) -> None:
    """Print the list."""
    embedded = _ModelEntry(EMBEDDED, _megabytes(EMBEDDED_FOLDER), "in this package")
    entries = [embedded, *map(_entry, cached_models())]
    families = [template.family for template in (*TEMPLATES, LEFT_TO_RIGHT)]
    if as_json:
        listed = [asdict(entry) for entry in entries]
        typer.echo(json.dumps({"models": listed, "fim_templates": families}))
        return
    table = Table("model", box=None, header_style="bold")
    table.add_column("size", justify="right", no_wrap=True)
    for column in ("commit", "last used"):
        table.add_column(column, no_wrap=True)
    for entry in entries:
        commit = entry.commit[:_SHOWN_DIGITS] if entry.is_whole else "unfinished"
        table.add_row(
            Text(printable(entry.model)), f"{entry.megabytes:,.0f} MB", commit, entry.used
        )
    console = Console()
    console.print(table)
    console.print(
        "\nAny folder, GGUF file or hub id of a causal language model works as `model`, too."
    )
    console.print(f"Infilling formats: {', '.join(families)}", highlight=False)


def run_export(model: str, out: Path, *, is_packed: bool, corpus: Path | None) -> None:
    """Write a model to a new folder, and print how to use it.

    Raises:
        AssistError: it cannot be read or written.
    """
    from assist_server.engine.loading.checkpoint import export_model  # noqa: PLC0415 - imports torch

    if corpus is not None and not is_packed:
        raise InputError("--corpus is for the rounding of packed weights; add --packed")
    with Console(stderr=True).status("reading the model") as status:
        if corpus is None:
            export_model(
                model,
                out,
                lambda message, _, **__: status.update(Text(message)),
                is_packed=is_packed,
            )
        else:
            from assist_server.training.pack import export_for_text  # noqa: PLC0415 - as above

            export_for_text(model, corpus, out, status.update)
    typer.echo(f"to use it, set: model = {str(out.absolute())!r}")


def _entry(model: CachedModel) -> _ModelEntry:
    used = datetime.fromtimestamp(model.used_at, UTC).astimezone().date().isoformat()
    megabytes, where = model.size_bytes / 1e6, str(model.folder)
    return _ModelEntry(model.name, megabytes, where, model.commit, used, model.is_whole)


def _megabytes(folder: Path) -> float:
    return sum(file.stat().st_size for file in folder.glob("*.safetensors")) / 1e6
