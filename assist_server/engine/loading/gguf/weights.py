"""The weights of a GGUF file, unquantized and named as in transformers."""

import re
from functools import partial
from io import BufferedReader
from typing import Any

import gguf
import numpy as np
import torch

from assist_server.engine.loading.deferred import UnreadWeight
from assist_server.engine.loading.gguf.architectures import Architecture
from assist_server.engine.loading.gguf.config import ROPE_FACTORS
from assist_server.engine.loading.gguf.header import Header, Tensor
from assist_server.errors import ModelError

_OUTSIDE_LAYERS = {
    "token_embd": "model.embed_tokens",
    "output_norm": "model.norm",
    "output": "lm_head",
}
_NAME = re.compile(r"(?:blk\.(\d+)\.)?(\w+)\.(weight|bias)")
_PART_WEIGHTS = 1 << 20
"""Weights that are unquantized at a time, so that little memory is needed beside the result."""


def weights_dtype(header: Header) -> torch.dtype:
    """Return the smallest dtype for a file's matrices.

    It is float16 for quantized ones: their scales are float16, so the error is far below that of
    their codes.
    """
    kinds = {tensor.kind for tensor in header.tensors.values() if len(tensor.shape) > 1}
    if kinds == {gguf.GGMLQuantizationType.F32}:
        return torch.float32
    is_bfloat16 = gguf.GGMLQuantizationType.BF16 in kinds
    return torch.bfloat16 if is_bfloat16 else torch.float16


def unread_weights(
    header: Header, architecture: Architecture, config: Any, dtype: torch.dtype
) -> dict[str, UnreadWeight]:
    """Return all weights by their names in transformers.

    Raises:
        ModelError: there is a tensor that the architecture does not have.
    """
    heads = {"attn_q": config.num_attention_heads, "attn_k": config.num_key_value_heads}
    found = {}
    for name, tensor in header.tensors.items():
        if name == ROPE_FACTORS:
            continue
        part, new_name = _named(name, header, architecture)
        is_raised = architecture.has_raised_norms and part.endswith("norm")
        paired_heads = heads.get(part, 0) if architecture.has_rotary_pairs else 0
        read = partial(_read, header, tensor, dtype, 1.0 if is_raised else 0.0, paired_heads)
        found[new_name] = UnreadWeight(torch.Size(tensor.shape), dtype, read)
    return found


def read_rope_factors(header: Header) -> list[float]:
    """Return the divisors of the rotary frequencies; none if the file has none."""
    tensor = header.tensors.get(ROPE_FACTORS)
    if tensor is None:
        return []
    return [float(each) for each in _read(header, tensor, torch.float32)]


def _named(name: str, header: Header, architecture: Architecture) -> tuple[str, str]:
    """Return the part of the model that a tensor is of, and the tensor's name in transformers."""
    match = _NAME.fullmatch(name)
    layer, part, kind = match.groups() if match else (None, "", "")
    known = _OUTSIDE_LAYERS if layer is None else architecture.layer
    if part not in known:
        raise ModelError(
            f"{str(header.file)!r} has the tensor {name[:80]!r}, which the supported models of the "
            f"architecture {header.architecture!r} do not have; choose another model"
        )
    where = "" if layer is None else f"model.layers.{int(layer)}."
    return part, f"{where}{known[part]}.{kind}"


def _read(
    header: Header,
    tensor: Tensor,
    dtype: torch.dtype,
    subtracted: float = 0.0,
    paired_heads: int = 0,
) -> torch.Tensor:
    """Return a tensor of the file, its heads' rows as in transformers.

    Raises:
        OSError: the file cannot be read.
        EOFError: it has become shorter.
    """
    with header.file.open("rb") as file:
        weight = _unquantized(file, tensor, dtype, subtracted)
    return _halves(weight, paired_heads) if paired_heads else weight


def _unquantized(
    file: BufferedReader, tensor: Tensor, dtype: torch.dtype, subtracted: float
) -> torch.Tensor:
    """Return a tensor, read and converted in parts."""
    kind = gguf.GGMLQuantizationType(tensor.kind)
    row_weights = tensor.shape[-1]
    rows = int(np.prod(tensor.shape[:-1]))
    row_bytes = tensor.size_bytes // rows
    found = torch.empty(rows, row_weights, dtype=dtype)
    step = max(1, _PART_WEIGHTS // row_weights)
    file.seek(tensor.offset)
    for start in range(0, rows, step):
        count = min(step, rows - start)
        content = np.empty((count, row_bytes), np.uint8)
        if file.readinto(content.data) != content.nbytes:
            raise EOFError("the file became shorter while it was read")
        values = torch.from_numpy(gguf.quants.dequantize(content, kind))
        found[start : start + count] = values - subtracted if subtracted else values
    return found.view(tensor.shape)


def _halves(weight: torch.Tensor, heads: int) -> torch.Tensor:
    """Reorder a head's rows: from neighbours that rotate together to the halves of the head."""
    pairs = weight.view(heads, -1, 2, *weight.shape[1:])
    return pairs.transpose(1, 2).reshape(weight.shape)
