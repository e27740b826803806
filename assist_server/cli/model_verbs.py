"""The verbs of `assist-server models`; the module of each is imported when chosen."""

from pathlib import Path
from typing import Annotated

import typer

from assist_server.cli.options import Json

models = typer.Typer(help="List, download, choose, remove and export models.")
_HubModel = Annotated[
    str, typer.Argument(help="Hub id: org/name, org/name:Q4_K_M, with @REVISION after it.")
]


@models.callback(invoke_without_command=True)
def _list_by_default(context: typer.Context, *, as_json: Json = False) -> None:
    """List the models on this machine and the supported infilling formats."""
    from assist_server.cli.models import run_models  # noqa: PLC0415

    if context.invoked_subcommand is None:
        run_models(as_json=as_json)


@models.command("list")
def list_models(*, as_json: Json = False) -> None:
    """List the models on this machine: size, commit and last use."""
    from assist_server.cli.models import run_models  # noqa: PLC0415

    run_models(as_json=as_json)


@models.command()
def pull(model: _HubModel) -> None:
    """Download a model from the hub, or what is new in it; a download that broke off goes on."""
    from assist_server.cli.hub_models import run_pull  # noqa: PLC0415

    run_pull(model)


@models.command()
def remove(
    model: _HubModel,
    *,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Remove a downloaded model, all its commits or the one that is named."""
    from assist_server.cli.hub_models import run_remove  # noqa: PLC0415

    run_remove(model, is_agreed=yes)


@models.command()
def info(
    model: Annotated[
        str, typer.Argument(help="Model: embedded, a folder, a GGUF file, or a hub id.")
    ],
    *,
    as_json: Json = False,
) -> None:
    """Show a model's licence, architecture, context, size and files without loading it."""
    from assist_server.cli.model_info import run_info  # noqa: PLC0415

    run_info(model, as_json=as_json)


@models.command()
def suggest(*, as_json: Json = False) -> None:
    """Rate well-known open models for this machine: memory, and time per token."""
    from assist_server.cli.model_choice import run_suggest  # noqa: PLC0415

    run_suggest(as_json=as_json)


@models.command()
def use(
    model: Annotated[
        str, typer.Argument(help="Model: embedded, a folder, a GGUF file, or a hub id.")
    ],
) -> None:
    """Set the model in your settings file, for all editors and commands."""
    from assist_server.cli.model_choice import run_use  # noqa: PLC0415

    run_use(model)


@models.command()
def export(
    out: Annotated[Path, typer.Argument(metavar="FOLDER", help="A new folder for the model.")],
    *,
    model: Annotated[
        str, typer.Option(help="Model: embedded, a folder, a GGUF file, or a hub id.")
    ] = "embedded",
    packed: Annotated[
        bool, typer.Option("--packed", help="Write 4-bit weights, which only this server loads.")
    ] = False,
    corpus: Annotated[
        Path | None,
        typer.Option(
            help="With --packed: folder with a corpus, such as the training data; weights are "
            "rounded to lose the least on its texts.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Write a model to a folder: in bfloat16, which transformers can load, or packed."""
    from assist_server.cli.models import run_export  # noqa: PLC0415

    run_export(model, out, is_packed=packed, corpus=corpus)
