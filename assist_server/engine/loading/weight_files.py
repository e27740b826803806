"""The files of a model's folder: whether all are there, and none is a program."""

import json
from pathlib import Path
from typing import Any

from assist_server.errors import ModelError

_INDEX = "*.safetensors.index.json"
_TOKENIZERS = ("tokenizer.json", "tokenizer.model", "vocab.json", "tekken.json")


def is_complete(folder: Path) -> bool:
    """Tell whether everything that a model needs is in a folder."""
    weights = _names_in_indexes(folder) or {path.name for path in folder.glob("*.safetensors")}
    has_tokenizer = any((folder / name).is_file() for name in _TOKENIZERS)
    is_whole = bool(weights) and all((folder / name).is_file() for name in weights)
    return is_whole and has_tokenizer and (folder / "config.json").is_file()


def check_weight_files(folder: Path) -> None:
    """Refuse weights that are no safetensors: other formats hold programs that run when read.

    Raises:
        ModelError: an index or the configuration names such a file, or one outside of the folder.
    """
    if (folder / "adapter_config.json").is_file():
        raise ModelError(
            f"the model folder {str(folder)!r} holds an adapter; merge it into its model and save "
            "that with save_pretrained"
        )
    names = _names_in_indexes(folder)
    named = _read_json(folder / "config.json").get("transformers_weights")
    if named and not str(named).endswith(".index.json"):
        names.add(str(named))
    for name in sorted(names):
        if not name.endswith(".safetensors") or Path(name).name != name:
            raise ModelError(
                f"the model folder {str(folder)!r} names {name!r} as weights; only *.safetensors "
                "in the folder itself are read, as other files may run code: save the model anew "
                "with save_pretrained"
            )


def _names_in_indexes(folder: Path) -> set[str]:
    """Return the files that indexes map weights to."""
    names: set[str] = set()
    for index in [*folder.glob(_INDEX), *folder.glob("*/" + _INDEX)]:
        weights = _read_json(index).get("weight_map")
        names |= set(map(str, weights.values())) if isinstance(weights, dict) else set()
    return names


def _read_json(file: Path) -> dict[str, Any]:
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, RecursionError) as error:
        raise ModelError(
            f"{str(file)!r} cannot be read ({type(error).__name__}); save or download the model "
            "again"
        ) from error
    return content if isinstance(content, dict) else {}
