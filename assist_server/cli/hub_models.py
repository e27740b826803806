"""`assist-server models pull` and `models remove`: models of the hub on this machine."""

import contextlib
import sys

import typer
from rich.console import Console
from rich.filesize import decimal
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TaskProgressColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from assist_server.engine.loading.hub import cached_model, download_model, find_on_hub
from assist_server.engine.loading.hub_cache import plan_removal
from assist_server.engine.loading.locate import locate_model, looks_like_hub_id
from assist_server.errors import InputError, printable


def run_pull(name: str) -> None:
    """Download the newest commit of a model, or the one that is named.

    Raises:
        InputError: the name is not one of the hub's.
        ModelError: the hub does not have it, or the download broke off.
    """
    _check_hub_id(name)
    locate_model(name)
    console = Console(stderr=True, highlight=False)
    is_seen = console.is_terminal
    with console.status(f"asking the hub for {name}") if is_seen else contextlib.nullcontext():
        model = find_on_hub(name)
    size = f"{len(model.files)} files, {decimal(model.total_bytes)}"
    console.print(f"{name}: commit {model.commit}, {size}", markup=False, soft_wrap=True)
    columns = (
        *(TaskProgressColumn(), BarColumn(), DownloadColumn()),
        *(TransferSpeedColumn(), TimeRemainingColumn()),
    )
    with Progress(*columns, console=console, disable=not is_seen) as progress:
        task = progress.add_task("", total=model.total_bytes)
        path = download_model(
            model, lambda done, total: progress.update(task, completed=done, total=total)
        )
    typer.echo(printable(str(path)))
    console.print(f"to use it: assist-server models use {name}", markup=False, soft_wrap=True)


def run_remove(name: str, *, is_agreed: bool) -> None:
    """Remove a model from the cache after asking; print what that has freed.

    Raises:
        InputError: the name is not one of the hub's, or nobody can be asked.
        ModelError: it is not in the cache.
    """
    _check_hub_id(name)
    removal = plan_removal(name)
    size = decimal(removal.freed_bytes)
    if not is_agreed:
        if not sys.stdin.isatty():
            raise InputError(f"removing {name!r} would free {size}; add --yes to do it")
        typer.confirm(f"Remove {name} from this machine ({size})?", abort=True)
    removal.execute()
    typer.echo(f"{name} is removed; {size} are free again")
    if "@" not in name and cached_model(name) is not None:
        raise InputError(f"some files of {name!r} could not be removed; close what uses them")


def _check_hub_id(name: str) -> None:
    if not looks_like_hub_id(name):
        raise InputError(
            f"{name!r} is no model of the hub; name one, such as 'Qwen/Qwen2.5-Coder-0.5B', "
            "'org/name:Q4_K_M' or 'org/name@v1.0'"
        )
