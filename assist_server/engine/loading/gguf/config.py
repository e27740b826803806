"""The configuration of the model in a GGUF file, as transformers has it."""

import math
import re
from collections.abc import Sequence
from typing import Any

from assist_server.engine.loading.gguf.architectures import ARCHITECTURES, Architecture
from assist_server.engine.loading.gguf.header import Header
from assist_server.errors import ModelError

ROPE_FACTORS = "rope_freqs.weight"
"""The tensor of divisors of the rotary frequencies, one for each pair of dimensions."""
_LARGEST_NUMBER = 1 << 20
"""Far above the sizes of real models, and small enough for a table of positions."""
_DEFAULT_THETA = 10_000.0
_LAYER_NAME = re.compile(r"blk\.(\d+)\.")
_LLAMA3 = {
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 8192,
}
"""Those of every Llama 3 model with scaled positions."""


def supported_architecture(header: Header) -> Architecture:
    """Return the architecture of a file.

    Raises:
        ModelError: there is no support for it, or for the variant in the file.
    """
    architecture = ARCHITECTURES.get(header.architecture)
    if architecture is None:
        raise ModelError(
            f"{str(header.file)!r} holds a model of the architecture {header.architecture!r}; "
            f"supported are {', '.join(ARCHITECTURES)}"
        )
    if header.value("expert_count"):
        raise _unsupported(header, "a mixture of experts")
    return architecture


def config_values(header: Header, rope_factors: Sequence[float] = ()) -> dict[str, Any]:
    """Return the values of a file's `config.json`, `model_type` included.

    Args:
        header: The header of the file.
        rope_factors: The content of the tensor `ROPE_FACTORS`, if the file has it.

    Raises:
        ModelError: the metadata contradicts the tensors, or names an unsupported variant.
    """
    architecture = supported_architecture(header)
    found = {name: header.value(key) for key, name in architecture.keys.items()}
    found = {name: value for name, value in found.items() if value is not None}
    needed = ("max_position_embeddings", "hidden_size", "num_hidden_layers", "num_attention_heads")
    for name in needed:
        _check_size(header, name, found.get(name))
    for name in ("num_key_value_heads", "intermediate_size"):
        _check_size(header, name, found.setdefault(name, found["num_attention_heads"]))
    for name in found:
        _check_number(header, name, found[name])
    layers = {match[1] for name in header.tensors if (match := _LAYER_NAME.match(name))}
    embedding = header.tensors.get("token_embd.weight")
    if embedding is None or len(layers) != found["num_hidden_layers"]:
        raise _contradiction(header, "lacks layers")
    head_dim = header.value("attention.key_length")
    if head_dim is None:
        head_dim = found["hidden_size"] // found["num_attention_heads"]
    _check_size(header, "head_dim", head_dim)
    return {
        "model_type": architecture.model_type,
        **found,
        **architecture.constants,
        "head_dim": head_dim,
        "vocab_size": embedding.shape[0],
        "tie_word_embeddings": "output.weight" not in header.tensors,
        "attention_bias": "blk.0.attn_q.bias" in header.tensors,
        "mlp_bias": "blk.0.ffn_up.bias" in header.tensors,
        "rope_parameters": _rope(header, head_dim, rope_factors),
        **{
            f"{name}_token_id": header.metadata.get(f"tokenizer.ggml.{key}_token_id")
            for name, key in (("bos", "bos"), ("eos", "eos"), ("pad", "padding"))
        },
    }


def _check_number(header: Header, name: str, value: object) -> None:
    if not isinstance(value, int | float) or not 0 < value < math.inf:
        raise _contradiction(header, f"has no usable {name}")


def _check_size(header: Header, name: str, value: object) -> None:
    if not isinstance(value, int) or not 0 < value <= _LARGEST_NUMBER:
        raise _contradiction(header, f"has no usable {name}")


def _rope(header: Header, head_dim: int, factors: Sequence[float]) -> dict[str, Any]:
    """Return the parameters of the rotary embedding."""
    if header.value("rope.dimension_count") not in {None, head_dim}:
        raise _unsupported(header, "rotary embeddings of a part of each head")
    theta = header.value("rope.freq_base") or _DEFAULT_THETA
    for name, value in (("rope.freq_base", theta), *((ROPE_FACTORS, each) for each in factors)):
        _check_number(header, name, value)
    if factors:
        return _llama3_rope(header, theta, factors)
    factor = header.value("rope.scaling.factor") or header.value("rope.scale_linear")
    if factor:
        _check_number(header, "rope.scaling.factor", factor)
    type_ = str(header.value("rope.scaling.type") or ("linear" if factor else "none"))[:80]
    if type_ == "none" or (type_ == "linear" and factor in {None, 0.0, 1.0}):
        return {"rope_type": "default", "rope_theta": theta}
    if type_ not in {"linear", "yarn"} or not factor:
        raise _unsupported(header, f"rotary embeddings scaled by {type_!r}")
    scaled = {"rope_type": type_, "rope_theta": theta, "factor": factor}
    if type_ == "yarn":
        original = header.value("rope.scaling.original_context_length")
        _check_size(header, "original_context_length", original)
        scaled["original_max_position_embeddings"] = original
    return scaled


def _llama3_rope(header: Header, theta: float, factors: Sequence[float]) -> dict[str, Any]:
    """Return the parameters that give these divisors, which llama.cpp computes from them."""
    factor = max(factors)
    low, high = _LLAMA3["low_freq_factor"], _LLAMA3["high_freq_factor"]
    for pair, found in enumerate(factors):
        wave_length = 2 * math.pi * theta ** (pair / len(factors))
        turns = _LLAMA3["original_max_position_embeddings"] / wave_length
        kept = min(max((turns - low) / (high - low), 0.0), 1.0)
        if not math.isclose(1 / found, kept + (1 - kept) / factor, rel_tol=1e-3):
            raise _unsupported(header, "rotary embeddings scaled in an unknown way")
    return {"rope_type": "llama3", "rope_theta": theta, "factor": factor, **_LLAMA3}


def _unsupported(header: Header, what: str) -> ModelError:
    return ModelError(
        f"{str(header.file)!r} holds a {header.architecture} model with {what}, which is not "
        "supported; choose another model"
    )


def _contradiction(header: Header, what: str) -> ModelError:
    return ModelError(
        f"the GGUF file {str(header.file)!r} {what}; download it again, or set `model` to another "
        "one"
    )
