"""Arguments and options shared by several commands."""

from pathlib import Path
from typing import Annotated

import typer

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


def flags_of(model: str | None, device: str | None) -> dict[str, object]:
    """Return the settings that were given on the command line.

    A model that is named there is used even if the settings name a server.
    """
    given: dict[str, object] = {"model": model, "device": device}
    if model is not None:
        given["remote"] = {"url": ""}
    return {name: value for name, value in given.items() if value is not None}
