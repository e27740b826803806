"""A model that exists as the beginning of a training: its weights and its tokenizer are kept."""

import hashlib
import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load
from torch import Tensor
from transformers import AutoConfig

from assist_server.errors import InputError
from assist_server.training.exporting import model_config
from assist_server.training.network import Network, Shape
from assist_server.training.resources import disk_error
from assist_server.training.sizes import Size
from assist_server.training.tokenizer import END, PAD, control_ids, read_tokenizer

_TOKENIZER_FILES = ("tokenizer.json", "tokenizer_config.json")
_FREE_KEYS = frozenset({
    "_name_or_path", "dtype", "max_position_embeddings", "transformers_version",
})  # fmt: skip
"""Of `config.json`: what may differ from what the size would be given."""


@dataclass(frozen=True)
class StartingModel:
    """A folder with a model of the size that is trained."""

    folder: Path
    config: Mapping[str, Any]
    """As it was read; the trained model keeps it, with the number of positions."""
    weights: Mapping[str, Tensor]
    """By the names that the network gives them."""
    sha256: str
    """Of the file with the weights."""

    @classmethod
    def open(cls, folder: Path, size: Size) -> "StartingModel":
        """Read a model and compare it with a size.

        Raises:
            InputError: the folder holds no model, or one of another shape.
        """
        try:
            config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
            found = AutoConfig.from_pretrained(folder).to_dict()
            content = (folder / "model.safetensors").read_bytes()
            tensors = load(content)
            tokenizer = read_tokenizer(folder)
        except Exception as error:  # each of three libraries raises its own kinds
            raise InputError(
                f"--from {str(folder)!r} is not a folder with config.json, model.safetensors and "
                f"tokenizer.json ({error}); name one that `train` has made"
            ) from error
        shape = Shape.of(size, tokenizer.get_vocab_size())
        ids = control_ids(tokenizer)
        wanted = model_config(shape, size.context_tokens, ids[END], ids[PAD])
        for key in sorted(wanted.keys() - _FREE_KEYS):
            if found.get(key) != wanted[key]:
                _refuse(folder, size, f"its {key} is {found.get(key)!r}, not {wanted[key]!r}")
        with torch.device("meta"):
            shapes = {name: w.shape for name, w in Network(shape).named_parameters()}
        weights = {name.removeprefix("model."): tensor for name, tensor in tensors.items()}
        if {name: tensor.shape for name, tensor in weights.items()} != shapes:
            _refuse(folder, size, "its weights have other names or shapes")
        return cls(folder, config, weights, hashlib.sha256(content).hexdigest())

    def copy_tokenizer(self, out: Path) -> None:
        """Give the trained model the same tokenizer."""
        try:
            for name in _TOKENIZER_FILES:
                shutil.copyfile(self.folder / name, out / name)
        except OSError as error:
            raise disk_error(error, "make room, or choose another folder with --out") from error

    def put_weights(self, network: Network) -> None:
        """Begin with the weights of this model instead of random ones."""
        with torch.no_grad():
            for name, weight in network.named_parameters():
                weight.copy_(self.weights[name])


def _refuse(folder: Path, size: Size, why: str) -> None:
    raise InputError(
        f"--from {str(folder)!r} is no model of size {size.name!r}: {why}; "
        "choose its own --size, or `finetune` for any other model"
    )
