"""`assist-server models`: list local models and infilling formats, and export a model."""

import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from assist_server.engine.loading.gguf.names import is_whole, quantization_of
from assist_server.engine.loading.locate import EMBEDDED, EMBEDDED_FOLDER
from assist_server.errors import InputError, printable
from assist_server.prompts.fim import LEFT_TO_RIGHT, TEMPLATES


@dataclass(frozen=True)
class _ModelEntry:
    """A model that can be loaded offline."""

    model: str
    """Value of the setting `model`."""
    megabytes: float
    """Size of its weights in megabytes of 1,000,000 bytes."""
    where: str


def run_models(*, as_json: bool) -> None:
    """Print the list."""
    entries = [_entry(EMBEDDED, EMBEDDED_FOLDER, "in this package"), *_cached_models()]
    families = [template.family for template in (*TEMPLATES, LEFT_TO_RIGHT)]
    if as_json:
        listed = [asdict(entry) for entry in entries]
        typer.echo(json.dumps({"models": listed, "fim_templates": families}))
        return
    table = Table("model", "weights", "where", box=None, header_style="bold")
    for entry in entries:
        table.add_row(_plain(entry.model), f"{entry.megabytes:,.0f} MB", _plain(entry.where))
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
                model, out, lambda message, _: status.update(Text(message)), is_packed=is_packed
            )
        else:
            from assist_server.training.pack import export_for_text  # noqa: PLC0415 - as above

            export_for_text(model, corpus, out, status.update)
    typer.echo(f"to use it, set: model = {str(out.absolute())!r}")


def _plain(name: str) -> Text:
    return Text(printable(name))


def _entry(model: str, folder: Path, where: str) -> _ModelEntry:
    return _ModelEntry(model, _megabytes(folder.glob("*.safetensors")), where)


def _megabytes(files: Iterable[Path]) -> float:
    return sum(file.stat().st_size for file in files) / 1e6


def _cached_models() -> list[_ModelEntry]:
    """Return the models in the hub's cache whose weights can be loaded."""
    entries = []
    for folder in sorted(_cache_folder().glob("models--*--*")):
        name = folder.name.removeprefix("models--").replace("--", "/", 1)
        snapshots = sorted(folder.glob("snapshots/*"))
        for snapshot in snapshots:
            if any(snapshot.glob("*.safetensors")) and (snapshot / "config.json").exists():
                entries.append(_entry(name, snapshot, str(folder)))
                break
        entries += [
            _ModelEntry(f"{name}:{quantization}", _megabytes([file]), str(folder))
            for quantization, file in _quantized(snapshots).items()
        ]
    return entries


def _quantized(snapshots: Iterable[Path]) -> dict[str, Path]:
    """Return the GGUF files of a model by their quantization."""
    files = (file for snapshot in snapshots for file in sorted(snapshot.rglob("*.gguf")))
    return {
        quantization: file
        for file in files
        if is_whole(file.name) and (quantization := quantization_of(file.name))
    }


def _cache_folder() -> Path:
    """Return the cache folder of the hub's client; source: its documentation of HF_HUB_CACHE."""
    if "HF_HUB_CACHE" in os.environ:
        return Path(os.environ["HF_HUB_CACHE"])
    home = os.environ.get("HF_HOME")
    return (Path(home) if home else Path.home() / ".cache" / "huggingface") / "hub"
