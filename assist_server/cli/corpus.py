"""`assist-server corpus`: build the training data in advance, so that it can be inspected."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer
from rich.console import Console
from rich.table import Table

from assist_server.errors import InputError

if TYPE_CHECKING:
    from assist_server.training.data.corpus import Summary

_MEGABYTE = 1_000_000


@dataclass(frozen=True)
class CorpusChoice:
    """Sources, size and folder of a corpus."""

    out: Path
    packages: Sequence[Path]
    """Folders with packages; empty for this environment."""
    has_standard_library: bool
    most_megabytes: int | None


def run_corpus(choice: CorpusChoice) -> None:
    """Build a corpus and print what is in it.

    Raises:
        InputError: there is one already, or nothing that may be used for training.
    """
    from assist_server.training.data.corpus import (  # noqa: PLC0415 - numpy
        SUMMARY,
        build_corpus,
        has_corpus,
    )

    if has_corpus(choice.out):
        raise InputError(f"{str(choice.out)!r} already contains a corpus; choose another folder")
    for folder in choice.packages:
        if not folder.is_dir():
            raise InputError(f"there is no folder {str(folder)!r}; choose one with packages")
    with Console(stderr=True).status("starting") as status:
        summary = build_corpus(
            choice.out,
            choice.packages or None,
            status.update,
            has_standard_library=choice.has_standard_library,
            most_bytes=choice.most_megabytes and choice.most_megabytes * _MEGABYTE,
        )
    _print(summary)
    typer.echo(f"excluded files and reasons: {choice.out / SUMMARY}")


def _print(summary: "Summary") -> None:
    splits = ("train", "validation", "test")
    table = Table("megabytes", *splits, box=None, header_style="bold")
    for language, sizes in summary.languages.items():
        table.add_row(language, *(f"{sizes.get(split, 0) / _MEGABYTE:.2f}" for split in splits))
    Console(highlight=False).print(table)
