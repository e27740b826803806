"""An existing model as the start of a training run, with its weights and its tokenizer.

It may be any checkpoint of Llama's, Qwen2's or Qwen3's architecture. Missing control tokens for
infilling replace unused ones of its tokenizer, or get new rows of the embedding.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load
from torch import Tensor
from transformers import AutoConfig

from assist_server.engine.loading.packed_weights import PACKED_FILE, unpack
from assist_server.errors import InputError
from assist_server.training.loop.resources import disk_error
from assist_server.training.model.export import write_json
from assist_server.training.model.network import Network
from assist_server.training.model.sizes import Shape
from assist_server.training.model.tokenizer import END, PAD, add_control_tokens

_MODEL_TYPES = frozenset({"llama", "qwen2", "qwen3"})
_COPIED_FILES = ("chat_template.jinja",)
EMBEDDING, HEAD = "embed_tokens.weight", "lm_head.weight"
_NEW_ROW_STD = 0.02
"""Relative, around the mean of all rows, for the rows of new tokens."""


@dataclass(frozen=True)
class InitialModel:
    """A model with control tokens for infilling; pruning returns a new one."""

    shape: Shape
    config: Mapping[str, Any]
    """The original one; the trained model keeps its values, unless training changes them."""
    weights: Mapping[str, Tensor]
    """The weights by their names in the network."""
    tokenizer: Mapping[str, Any]
    """The content of `tokenizer.json`, with control tokens for infilling."""
    tokenizer_config: Mapping[str, Any]
    files: Mapping[str, str]
    """Other files to copy to the trained model, such as the chat template."""
    sha256: str
    """Hash of the weights file."""

    @classmethod
    def open(cls, folder: Path) -> "InitialModel":
        """Read a model.

        Raises:
            InputError: the folder holds no model, or one of an unsupported architecture.
        """
        try:
            config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
            shape = _shape_of(AutoConfig.from_pretrained(folder))
            content, tensors = _read_weights(folder)
            tokenizer = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))
            file = folder / "tokenizer_config.json"
            tokenizer_config = json.loads(file.read_text(encoding="utf-8"))
        except InputError:
            raise
        except Exception as error:  # each of three libraries has its own exceptions
            raise InputError(
                f"--from {str(folder)!r} is not a folder with config.json, model.safetensors and "
                f"tokenizer.json ({error}); name one that `train` or `save_pretrained` has made"
            ) from error
        weights = {name.removeprefix("model."): tensor for name, tensor in tensors.items()}
        if shape.is_tied:
            weights.pop(HEAD, None)  # some files contain it twice
        _check_weights(weights, shape, folder)
        files = {
            name: (folder / name).read_text(encoding="utf-8")
            for name in _COPIED_FILES
            if (folder / name).is_file()
        }
        digest = hashlib.sha256(content).hexdigest()
        whole = cls(shape, config, weights, tokenizer, tokenizer_config, files, digest)
        return whole.with_tokenizer(add_control_tokens(tokenizer))

    @property
    def context_tokens(self) -> int:
        """Return the number of positions that the model supports."""
        return int(self.config["max_position_embeddings"])

    def with_tokenizer(self, tokenizer: Mapping[str, Any]) -> "InitialModel":
        """Return the model with another tokenizer; additional tokens get new rows."""
        missing = 1 + max(token_ids(tokenizer).values()) - self.shape.vocabulary
        if missing <= 0:
            return replace(self, tokenizer=tokenizer)
        rows = torch.Generator().manual_seed(0)
        weights = dict(self.weights)
        for name in {EMBEDDING, HEAD} & weights.keys():
            old = weights[name]
            noise = torch.randn(missing, old.size(1), generator=rows) * _NEW_ROW_STD
            new = (old.float().mean(0) + noise * old.float().std()).to(old.dtype)
            weights[name] = torch.cat([old, new])
        shape = replace(self.shape, vocabulary=self.shape.vocabulary + missing)
        return replace(self, shape=shape, weights=weights, tokenizer=tokenizer)

    def copy_weights_to(self, network: Network) -> None:
        """Copy the weights to a network."""
        with torch.no_grad():
            for name, weight in network.named_parameters():
                weight.copy_(self.weights[name])

    def trained_config(self) -> dict[str, Any]:
        """Return the content of `config.json` for the trained model.

        Infilling ends with the control token for it, a chat answer with the model's own end token.
        """
        ids = token_ids(self.tokenizer)
        own = self.config.get("eos_token_id")
        ends = [own] if isinstance(own, int) else list(own or [])
        ends = list(dict.fromkeys([ids[END], *ends]))
        kept = {key: value for key, value in self.config.items() if not key.startswith("_")}
        return kept | {
            "vocab_size": self.shape.vocabulary,
            "num_hidden_layers": self.shape.layers,
            "eos_token_id": ends if len(ends) > 1 else ends[0],
            "pad_token_id": ids[PAD],
            "fim_template": "assist",
        }

    def write_tokenizer(self, out: Path) -> None:
        """Write the tokenizer and the chat template.

        Raises:
            AssistError: they cannot be written.
        """
        try:
            write_json(out / "tokenizer.json", self.tokenizer)
            write_json(out / "tokenizer_config.json", {**self.tokenizer_config, "pad_token": PAD})
            for name, text in self.files.items():
                (out / name).write_text(text, encoding="utf-8")
        except OSError as error:
            raise disk_error(error, "make room, or choose another folder with --out") from error


def _read_weights(folder: Path) -> tuple[bytes, dict[str, Tensor]]:
    """Return the content of the weights file, and the weights."""
    packed = folder / PACKED_FILE
    if packed.is_file():
        content = packed.read_bytes()
        return content, unpack(load(content))
    content = (folder / "model.safetensors").read_bytes()
    return content, load(content)


def token_ids(tokenizer: Mapping[str, Any]) -> dict[str, int]:
    """Return the id of each token of a `tokenizer.json`, control tokens included."""
    added = {token["content"]: int(token["id"]) for token in tokenizer["added_tokens"]}
    return {**tokenizer["model"]["vocab"], **added}


def _shape_of(config: Any) -> Shape:
    """Return the shape of a transformers configuration.

    Raises:
        InputError: the architecture is not supported.
    """
    rope = getattr(config, "rope_parameters", None) or {}
    slides = {*(getattr(config, "layer_types", None) or ())} - {"full_attention"}
    if config.model_type not in _MODEL_TYPES or config.hidden_act != "silu" or slides:
        raise InputError(
            f"--from names a model of type {config.model_type!r}, whose layers are not supported; "
            "choose one of Llama's, Qwen2's or Qwen3's architecture, or use `finetune`"
        )
    if rope.get("rope_type", "default") != "default":
        raise InputError(
            f"--from names a model with scaled positions ({rope['rope_type']!r}), which are not "
            "supported; use `finetune`"
        )
    heads = config.num_attention_heads
    return Shape(
        config.vocab_size,
        config.hidden_size,
        config.num_hidden_layers,
        heads,
        config.num_key_value_heads or heads,
        getattr(config, "head_dim", None) or config.hidden_size // heads,
        config.intermediate_size,
        norms_heads=config.model_type == "qwen3",
        has_biases=config.model_type == "qwen2",
        is_tied=config.tie_word_embeddings,
        norm_eps=config.rms_norm_eps,
        rope_theta=float(rope.get("rope_theta", 10_000.0)),
    )


def _check_weights(weights: Mapping[str, Tensor], shape: Shape, folder: Path) -> None:
    with torch.device("meta"):
        wanted = {name: w.shape for name, w in Network(shape).named_parameters()}
    found = {name: tensor.shape for name, tensor in weights.items()}
    if found != wanted:
        odd = sorted(name for name in found.keys() | wanted if found.get(name) != wanted.get(name))
        raise InputError(
            f"--from {str(folder)!r} has weights that its config.json does not describe, such as "
            f"{odd[0]}; save the model again, or use `finetune`"
        )
