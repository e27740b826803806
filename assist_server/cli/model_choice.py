"""`assist-server models suggest` and `models use`: choose a model for this machine."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

import tomlkit
import typer
from pydantic import ValidationError
from rich.console import Console
from rich.table import Table
from tomlkit.exceptions import TOMLKitError

from assist_server.cli.file_replacement import replace_file
from assist_server.cli.inputs import refuse_special
from assist_server.config import user_file_path
from assist_server.engine.loading.hub import cached_model
from assist_server.engine.loading.locate import locate_model, looks_like_hub_id
from assist_server.engine.loading.open_models import (
    LINE_TOKENS,
    Fit,
    Machine,
    OpenModel,
    Rating,
    open_models,
    rate,
)
from assist_server.errors import InputError, printable
from assist_server.settings import Settings

_WRITES = {"completion": "code", "text": "text"}
_COLOURS = {Fit.FITS: "green", Fit.SLOW: "yellow", Fit.TIGHT: "yellow", Fit.NO: "red"}


def run_suggest(*, as_json: bool) -> None:
    """Print the known open models, rated for this machine."""
    from assist_server.engine.models.machine import (  # noqa: PLC0415 - imports torch
        measure_machine,
    )

    machine = measure_machine()
    rated = [(model, rate(model, machine)) for model in open_models()]
    if as_json:
        rows = [asdict(model) | asdict(rating) for model, rating in rated]
        typer.echo(json.dumps({"machine": asdict(machine), "models": rows}))
        return
    console = Console(highlight=False, soft_wrap=True)
    console.print(_described(machine))
    console.print(_table(rated))
    console.print(
        "\nMemory is the most that loading takes. A line is the least time for a completion of "
        f"{LINE_TOKENS} tokens.\nTo use a model: assist-server models use NAME"
    )


def run_use(model: str) -> None:
    """Write the setting `model` to the user's settings file; everything else there stays.

    Raises:
        InputError: the name is no model, or the file cannot be read or written.
        ModelError: there is no such folder, or the hub would not allow the name.
    """
    path = user_file_path()
    value = _checked(model, Path.cwd())
    is_here = not looks_like_hub_id(value) or cached_model(value) is not None
    before = _content(path)
    try:
        document = tomlkit.parse(before.decode("utf-8-sig"))
    except (TOMLKitError, UnicodeDecodeError) as error:
        raise InputError(f"correct {str(path)!r} first: {error}") from error
    document["model"] = value
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    replace_file(path, before, tomlkit.dumps(document).encode())
    typer.echo(f"model = {value!r} is set in {path}; restart the server in your editor")
    if not is_here:
        typer.echo(f"its first use downloads it; to do so now: assist-server models pull {value}")
    remote = document.get("remote")
    if isinstance(remote, Mapping) and remote.get("url") and remote.get("used_for") != "text":
        typer.echo(
            "remote.url is set in the same file, so the model of that server is still used; remove "
            "it to use this one"
        )


def _checked(model: str, folder: Path) -> str:
    """Return the value of the setting, with a folder made absolute."""
    try:
        value = Settings.model_validate({"model": model}, context=folder).model
    except ValidationError as error:
        raise InputError(f"{printable(model)!r} is no model: {error.errors()[0]['msg']}") from error
    locate_model(value)
    return value


def _content(path: Path) -> bytes:
    if not path.exists():
        return b""
    refuse_special(path)
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"cannot read {str(path)!r}: {error.strerror}") from error


def _described(machine: Machine) -> str:
    memory, bandwidth = machine.available_bytes / 1e9, machine.bandwidth / 1e9
    device = "No GPU was found." if machine.device == "cpu" else f"Device: {machine.device}."
    return f"{device} {memory:.1f} GB of memory are free, read at {bandwidth:.0f} GB/s.\n"


def _table(rated: list[tuple[OpenModel, Rating]]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 1), header_style="bold")
    table.add_column("model", no_wrap=True)
    for column in ("memory", "a line"):
        table.add_column(column, justify="right", no_wrap=True)
    for column in ("here", "writes", "licence"):
        table.add_column(column)
    for model, rating in rated:
        table.add_row(
            model.name,
            f"{rating.loading_bytes / 1e9:.1f} GB",
            f"{rating.token_ms * LINE_TOKENS / 1000:.1f} s",
            f"[{_COLOURS[rating.fit]}]{rating.fit}[/]",
            ", ".join(_WRITES[task] for task in model.tasks),
            model.licence,
        )
    return table
