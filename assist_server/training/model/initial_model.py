"""A model that exists as the beginning of a training: its weights and its tokenizer are kept.

Any checkpoint of Llama's, Qwen2's or Qwen3's shape will do. What its tokenizer lacks for infilling
takes the place of control tokens that it does not use, or new rows of the embedding.
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
"""Around the mean of all rows: a new token is like any other at first."""


@dataclass(frozen=True)
class InitialModel:
    """A model as it was read, with what infilling needs; what is cut off it gives another one."""

    shape: Shape
    config: Mapping[str, Any]
    """As it was read; the trained model keeps what a training does not change of it."""
    weights: Mapping[str, Tensor]
    """By the names that the network gives them."""
    tokenizer: Mapping[str, Any]
    """The content of `tokenizer.json`, with our control tokens."""
    tokenizer_config: Mapping[str, Any]
    files: Mapping[str, str]
    """Others that the trained model keeps as they are, such as the chat format."""
    sha256: str
    """Of the file with the weights."""

    @classmethod
    def open(cls, folder: Path) -> "InitialModel":
        """Read a model.

        Raises:
            InputError: the folder holds no model, or one of a shape that is not trained here.
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
        except Exception as error:  # each of three libraries raises its own kinds
            raise InputError(
                f"--from {str(folder)!r} is not a folder with config.json, model.safetensors and "
                f"tokenizer.json ({error}); name one that `train` or `save_pretrained` has made"
            ) from error
        weights = {name.removeprefix("model."): tensor for name, tensor in tensors.items()}
        if shape.is_tied:
            weights.pop(HEAD, None)  # some files hold it twice
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
        """How many positions the model knows."""
        return int(self.config["max_position_embeddings"])

    def with_tokenizer(self, tokenizer: Mapping[str, Any]) -> "InitialModel":
        """Return the model with a tokenizer that may have more tokens, which get new rows."""
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

    def put_weights(self, network: Network) -> None:
        """Begin with the weights of this model instead of random ones."""
        with torch.no_grad():
            for name, weight in network.named_parameters():
                weight.copy_(self.weights[name])

    def trained_config(self) -> dict[str, Any]:
        """Return the content of `config.json` for what a training makes of the model.

        An infilling ends with our token, an answer of a chat with the model's own.
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
        """Give the trained model the tokenizer and the chat format.

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
    """Return the content of the file with the weights, and the weights."""
    packed = folder / PACKED_FILE
    if packed.is_file():
        content = packed.read_bytes()
        return content, unpack(load(content))
    content = (folder / "model.safetensors").read_bytes()
    return content, load(content)


def token_ids(tokenizer: Mapping[str, Any]) -> dict[str, int]:
    """Return the id of each token of a `tokenizer.json`, control tokens among them."""
    added = {token["content"]: int(token["id"]) for token in tokenizer["added_tokens"]}
    return {**tokenizer["model"]["vocab"], **added}


def _shape_of(config: Any) -> Shape:
    """Return the shape that a configuration of transformers describes.

    Raises:
        InputError: it is one that is not trained here.
    """
    rope = getattr(config, "rope_parameters", None) or {}
    slides = {*(getattr(config, "layer_types", None) or ())} - {"full_attention"}
    if config.model_type not in _MODEL_TYPES or config.hidden_act != "silu" or slides:
        raise InputError(
            f"--from names a model of type {config.model_type!r} with layers that are not trained "
            "here; choose one of Llama's, Qwen2's or Qwen3's shape, or use `finetune`"
        )
    if rope.get("rope_type", "default") != "default":
        raise InputError(
            f"--from names a model whose positions are scaled ({rope['rope_type']!r}), which is "
            "not trained here; use `finetune`"
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
