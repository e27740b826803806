"""Locating a model from the setting `model`, and checks of the files in its folder."""

import json
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from assist_server.engine.loading.gguf.config import supported_architecture
from assist_server.engine.loading.gguf.header import read_header
from assist_server.engine.loading.gguf.names import check_whole, is_gguf_name
from assist_server.errors import ModelError

_INDEX = "*.safetensors.index.json"
_TOKENIZERS = ("tokenizer.json", "tokenizer.model", "vocab.json", "tekken.json")
_HUB_ID = re.compile(r"[\w-][\w.-]*/[\w.-]+(:[\w.-]+)?(@(?!.*\.\.)\w[\w./-]*)?", re.ASCII)
EMBEDDED = "embedded"
EMBEDDED_FOLDER = Path(__file__).parents[2] / "embedded"
_NEEDED = {
    "config.json": ("config.json",),
    "weights (*.safetensors)": ("*.safetensors",),
    "tokenizer (tokenizer.json)": (
        "tokenizer.json",
        "tokenizer.model",
        "vocab.json",
        "tekken.json",
    ),
}


@dataclass(frozen=True)
class HubName:
    """The name of a model on the hub, such as `org/name`, `org/name:Q4_K_M` or `org/name@v1.0`."""

    repository: str
    quantization: str
    """Names a GGUF file; empty for a model in safetensors."""
    revision: str | None
    """A branch, a tag or the digits of a commit; None for the newest."""

    @classmethod
    def parse(cls, name: str) -> Self:
        """Return the parts of a name."""
        model, _, revision = name.partition("@")
        repository, _, quantization = model.partition(":")
        return cls(repository, quantization, revision or None)


def locate_model(model: str) -> str:
    """Return the folder, GGUF file or hub id to load, checked as far as possible without torch.

    Args:
        model: The value of the setting `model`.

    Raises:
        ModelError: the setting names no model, or a folder or file that cannot be one.
    """
    if model == EMBEDDED:
        return str(EMBEDDED_FOLDER)
    path = Path(os.path.expanduser(model))  # noqa: PTH111 - Path's raises without a home directory
    is_spelled_as_path = model.startswith((".", "~")) or path.is_absolute()
    if is_spelled_as_path and os.path.isdir(path):  # noqa: PTH112 - Path's raises
        _check_folder(path)
        return str(path)
    if is_gguf_name(model):
        _check_gguf(model, path, is_spelled_as_path=is_spelled_as_path)
        return str(path)
    if not is_spelled_as_path and os.path.exists(path):  # noqa: PTH110 - Path's raises
        # transformers would load it, and a cloned repository may contain such a folder.
        raise ModelError(
            f"{model!r} is a hub id and also a folder here; write the folder as './{model}', "
            "or start in another working directory"
        )
    if not is_spelled_as_path and looks_like_hub_id(model):
        return model
    raise ModelError(
        f"there is no model at {model!r}; set `model` to {EMBEDDED!r}, to a folder that holds "
        "config.json and *.safetensors, to a file such as './name.gguf', or to a hub id such as "
        "'Qwen/Qwen2.5-Coder-0.5B'"
    )


def _check_folder(folder: Path) -> None:
    # transformers would create an empty tokenizer, or list missing weights at length.
    for what, patterns in _NEEDED.items():
        if not any(any(folder.glob(pattern)) for pattern in patterns):
            raise ModelError(
                f"the model folder {str(folder)!r} has no {what}; "
                "save the model there with save_pretrained, "
                "or set `model` to another folder"
            )


def _check_gguf(model: str, file: Path, *, is_spelled_as_path: bool) -> None:
    if not is_spelled_as_path:
        raise ModelError(
            f"{model!r} names a GGUF file, but is not spelled as a path; write './{model}', or for "
            "a file on the hub 'org/name:Q4_K_M'"
        )
    check_whole(model)
    if not os.path.exists(file):  # noqa: PTH110 - Path's raises
        raise ModelError(f"there is no file {str(file)!r}; set `model` to one that exists")
    supported_architecture(read_header(file))


def looks_like_hub_id(model: str) -> bool:
    """Return whether a value has the form of a name on the hub; see `HubName`."""
    return _HUB_ID.fullmatch(model) is not None


def is_complete(folder: Path) -> bool:
    """Return whether a folder has all files that a model needs."""
    weights = _names_in_indexes(folder) or {path.name for path in folder.glob("*.safetensors")}
    has_tokenizer = any((folder / name).is_file() for name in _TOKENIZERS)
    is_whole = bool(weights) and all((folder / name).is_file() for name in weights)
    return is_whole and has_tokenizer and (folder / "config.json").is_file()


def check_weight_files(folder: Path) -> None:
    """Refuse weights other than safetensors, as other formats can run code when loaded.

    Raises:
        ModelError: an index or the configuration names such a file, or one outside the folder.
    """
    if (folder / "adapter_config.json").is_file():
        raise ModelError(
            f"the model folder {str(folder)!r} holds an adapter; merge it into its model and save "
            "the result with save_pretrained"
        )
    names = _names_in_indexes(folder)
    named = read_json(folder / "config.json").get("transformers_weights")
    if named and not str(named).endswith(".index.json"):
        names.add(str(named))
    for name in sorted(names):
        if not name.endswith(".safetensors") or Path(name).name != name:
            raise ModelError(
                f"the model folder {str(folder)!r} names {name!r} as weights; only *.safetensors "
                "in the folder itself are read, as other files may run code: save the model again "
                "with save_pretrained"
            )


def _names_in_indexes(folder: Path) -> set[str]:
    """Return the files that the indexes of a folder name."""
    names: set[str] = set()
    for index in [*folder.glob(_INDEX), *folder.glob("*/" + _INDEX)]:
        weights = read_json(index).get("weight_map")
        names |= set(map(str, weights.values())) if isinstance(weights, dict) else set()
    return names


def read_json(file: Path) -> dict[str, Any]:
    """Return the object in a JSON file; an empty one if there is none.

    Raises:
        ModelError: it cannot be read.
    """
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
