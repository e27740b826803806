"""`assist-server models info`: what a model is, on this machine or on the hub."""

import contextlib
import json
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import typer
from huggingface_hub import ModelCard
from rich.filesize import decimal

from assist_server.engine.loading.gguf.header import Header, read_header
from assist_server.engine.loading.gguf.names import is_gguf_name
from assist_server.engine.loading.hub import HubModel, cached_model, config_on_hub, find_on_hub
from assist_server.engine.loading.locate import EMBEDDED, locate_model, read_json
from assist_server.errors import printable
from assist_server.prompts.fim import choose_template

_UNKNOWN = "unknown"
_EMBEDDED_LICENCE = "Apache-2.0"


@dataclass(frozen=True)
class _Facts:
    """Facts about a model that are known without loading it."""

    model: str
    """Value of the setting `model`."""
    where: str
    licence: str
    architecture: str
    """`model_type` in `config.json`, or the architecture in a GGUF file."""
    infilling: str
    """The infilling format of its family; `left-to-right` if it has none."""
    context_tokens: int | None
    commit: str
    """Empty for a model that is not from the hub."""
    files: Mapping[str, int]
    """Sizes in bytes."""


def run_info(model: str, *, as_json: bool) -> None:
    """Print what is known about a model without loading it.

    Raises:
        ModelError: there is no such model.
    """
    path = Path(locate_model(model))
    found = path if path.exists() else cached_model(model)
    facts = _of_path(model, found) if found else _of_hub_model(find_on_hub(model))
    if as_json:
        typer.echo(json.dumps(asdict(facts)))
        return
    total = f"{decimal(sum(facts.files.values()))} in {len(facts.files)} files"
    context = f"{facts.context_tokens:,} tokens" if facts.context_tokens else _UNKNOWN
    rows = {
        "model": facts.model,
        "licence": facts.licence,
        "architecture": facts.architecture,
        "infilling": facts.infilling,
        "context": context,
        "commit": facts.commit,
        "where": facts.where,
        "size": total,
    }
    rows |= {f"  {name}": decimal(size) for name, size in facts.files.items()}
    width = max(map(len, rows))
    for name, value in rows.items():
        if value:
            typer.echo(printable(f"{name:<{width}}  {value}"))


def _of_path(model: str, path: Path) -> _Facts:
    files = sorted(
        [path] if path.is_file() else (file for file in path.iterdir() if file.is_file())
    )
    commit = path.relative_to(parent).parts[0] if (parent := _snapshots(path)) else ""
    sizes = {file.name: file.stat().st_size for file in files}
    if is_gguf_name(path.name):
        header = read_header(path)
        licence = str(header.metadata.get("general.license", _UNKNOWN))
        tokens = header.metadata.get("tokenizer.ggml.tokens", ())
        infilling = choose_template(set(tokens), model_type=header.architecture, name=model).family
        facts = (licence, header.architecture, infilling, _gguf_context(header))
    else:
        config = read_json(path / "config.json")
        licence = _EMBEDDED_LICENCE if model == EMBEDDED else _licence_in(path / "README.md")
        facts = (licence, *_of_config(model, config, _control_tokens(path)))
    return _Facts(model, str(path), *facts, commit, sizes)


def _of_hub_model(model: HubModel) -> _Facts:
    sizes = {file.rfilename: file.size or 0 for file in model.files}
    card = model.about.card_data
    licence = str((card and card.license) or _UNKNOWN)
    gguf, config = model.about.gguf, {} if model.about.gguf else config_on_hub(model)
    architecture, _, context = _of_config(model.name, config, ())
    if gguf:
        architecture, context = gguf.get("architecture", _UNKNOWN), gguf.get("context_length")
    where, infilling = "on the hub; not on this machine", "known when it is downloaded"
    return _Facts(model.name, where, licence, architecture, infilling, context, model.commit, sizes)


def _of_config(
    model: str, config: Mapping[str, Any], tokens: Collection[str]
) -> tuple[str, str, int | None]:
    """Return the architecture, the infilling format and the context of a `config.json`."""
    architecture = str(config.get("model_type", _UNKNOWN))
    setting = str(config.get("fim_template", "auto"))
    text = {**config, **(config.get("text_config") or {})}
    context = text.get("max_position_embeddings") or text.get("n_positions")
    infilling = (
        choose_template(tokens, model_type=architecture, name=model, setting=setting).family
        if tokens
        else _UNKNOWN
    )
    return architecture, infilling, context


def _control_tokens(folder: Path) -> set[str]:
    added = read_json(folder / "tokenizer.json").get("added_tokens", ())
    return {token["content"] for token in added}


def _gguf_context(header: Header) -> int | None:
    context = header.metadata.get(f"{header.architecture}.context_length")
    return context if isinstance(context, int) else None


def _licence_in(card: Path) -> str:
    with contextlib.suppress(Exception):  # people write these by hand
        data = ModelCard.load(card, ignore_metadata_errors=True).data
        return str(data.license_name or data.license or _UNKNOWN)
    return _UNKNOWN


def _snapshots(path: Path) -> Path | None:
    """Return the folder of a model's commits in the cache, if the path is in one."""
    return next((parent for parent in path.parents if parent.name == "snapshots"), None)
