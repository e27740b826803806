"""Arguments and options shared by several commands."""

from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

Model = Annotated[
    str | None,
    typer.Option(help="Model: embedded, a folder, a GGUF file, or a hub id.", show_default=False),
]
Device = Annotated[
    str | None, typer.Option(help="Device: auto, cuda, mps or cpu.", show_default=False)
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
File = Annotated[Path, typer.Argument(help="Source file.", show_default=False)]
Line = Annotated[int, typer.Option(help="Line, counted from 1.", show_default=False)]
Paths = Annotated[
    list[Path] | None,
    typer.Argument(
        metavar="[FILE|FOLDER]...",
        help="Source file; with --all or --check, files and folders.",
        show_default=False,
    ),
]
Prune = Annotated[
    list[str] | None,
    typer.Option(
        help="Remove what is described and no longer exists: the name of a parameter or exception, "
        "or Returns.",
        show_default=False,
    ),
]


_WORDS = "assist_server.words"


class CommandWithWords(TyperCommand):
    """A command that takes any words after `--`; click would take them for its arguments."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Keep the words for `words_of`, and parse the rest."""
        end = args.index("--") if "--" in args else len(args)
        ctx.meta[_WORDS] = " ".join(args[end + 1 :])
        return super().parse_args(ctx, args[:end])


def words_of(context: typer.Context) -> str:
    """Return the words after `--`."""
    return str(context.meta[_WORDS])


def flags_of(model: str | None, device: str | None) -> dict[str, object]:
    """Return the settings that were given on the command line.

    A model that is named there is used for everything, even if the settings name a server.
    """
    given: dict[str, object] = {"model": model, "device": device}
    if model is not None:
        given |= {"text_model": "", "remote": {"url": ""}}
    return {name: value for name, value in given.items() if value is not None}
