"""Linear layers with weights in few bits, for a CPU.

They are modules that TorchScript compiles: configuration is in attributes. Weights are packed in
parts, so that a layer takes little memory beside its weights while it is made.
"""

import math
from collections.abc import Iterator
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - its usual name
from torch.nn.utils.parametrize import type_before_parametrizations
from transformers.pytorch_utils import Conv1D

from assist_server.engine.models.nibbles import GROUP, nibbles_of

Weights = Literal["float16", "float32", "int8", "int4"]
"""The format of the weights.

Arithmetic is float32, with integer products for int8, and inputs and outputs in bfloat16 for int4;
wide passes may use bfloat16, unless the format is float32.
"""

_MIN_STEP = 1e-10
"""A row of zeros is not divided by zero."""

_PART_WEIGHTS = 1 << 22
"""Weights that are packed at a time."""

_BLOCK_ROWS = 64
"""Rows that the kernel for 4 bits packs together, at most."""

_INNER_TILES = 2
"""An argument of that kernel that a CPU ignores."""


class HalfLinear(nn.Module):
    """Weights in float16, arithmetic in float32; bfloat16 inputs give bfloat16 outputs."""

    def __init__(self, weight: Tensor, bias: Tensor | None, *, has_bfloat16: bool) -> None:
        super().__init__()
        self.takes_bfloat16 = has_bfloat16
        full = weight.float()
        bias = None if bias is None else bias.float()
        self.packed = torch.ops.quantized.linear_prepack_fp16(full, bias)
        self.wide_weight = full.to(torch.bfloat16) if has_bfloat16 else torch.empty(0)
        self.wide_bias = None if bias is None or not has_bfloat16 else bias.to(torch.bfloat16)

    def forward(self, x: Tensor) -> Tensor:
        """Return the product with inputs [..., columns], float32 or bfloat16."""
        if x.dtype == torch.bfloat16:
            return F.linear(x, self.wide_weight, self.wide_bias)
        y: Tensor = torch.ops.quantized.linear_dynamic_fp16(x, self.packed)
        return y


class FullLinear(nn.Module):
    """Weights and arithmetic in float32."""

    takes_bfloat16 = False

    def __init__(self, weight: Tensor, bias: Tensor | None) -> None:
        super().__init__()
        self.weight = weight.float().contiguous()
        self.bias = None if bias is None else bias.float()

    def forward(self, x: Tensor) -> Tensor:
        """Return the product with inputs [..., columns], float32."""
        return F.linear(x, self.weight, self.bias)


class Int8Linear(nn.Module):
    """Weights in 8 bits with a scale per row; inputs are quantized dynamically.

    A model that was prepared for it has inputs of 8 bits, with one scale for all. In other models,
    a few inputs are many times as large as the rest and would leave it no bits. There each row of
    inputs has a scale of its own and is the sum of two terms: the nearest integers, and the
    remainders as a fraction. Both are multiplied in one pass over the weights, which takes most of
    the time of a decoding step; its results are those of inputs with 14 bits.

    Processors without VNNI add pairs of products in 16 bits, which 8-bit inputs could overflow, so
    terms have 7 bits there (PyTorch's documentation of `reduce_range`).
    """

    takes_bfloat16 = False

    def __init__(self, weight: Tensor, bias: Tensor | None, *, is_prepared: bool = False) -> None:
        super().__init__()
        codes, scale = _bytes_of(weight)
        zero = torch.zeros(len(scale), dtype=torch.long)
        rows = torch._make_per_channel_quantized_tensor(codes, scale, zero, 0)  # noqa: SLF001 - torch has no public name for it
        self.packed = torch.ops.quantized.linear_prepack(rows, None)
        self.has_bias = bias is not None
        self.bias = torch.empty(0) if bias is None else bias.float()
        self.is_prepared = is_prepared
        self.reduces_range = not has_vnni()
        self.floor = _MIN_STEP
        self.largest = 63 if self.reduces_range else 127
        # QNNPACK, for processors of ARM, lacks the operator with a given scale.
        self.has_terms = torch.backends.quantized.engine in {"fbgemm", "x86"}

    def forward(self, x: Tensor) -> Tensor:
        """Return the product with inputs [..., rows, columns], float32."""
        if self.is_prepared:
            y = torch.ops.quantized.linear_dynamic(x, self.packed, self.reduces_range)
        elif self.has_terms:
            y = self.multiply_terms(x)
        else:
            scale = torch.linalg.vector_norm(x, math.inf, [-1], True).clamp_min(self.floor)
            scaled: Tensor = torch.ops.quantized.linear_dynamic(
                x / scale, self.packed, self.reduces_range
            )
            y = scaled.mul_(scale)
        result: Tensor = y + self.bias if self.has_bias else y
        return result

    def multiply_terms(self, x: Tensor) -> Tensor:
        """Return the product with inputs [..., rows, columns] in two terms."""
        largest = self.largest
        step = (torch.linalg.vector_norm(x, math.inf, [-1], True) / largest).clamp_min_(self.floor)
        steps = x / step
        coarse = steps.round()
        fine = steps.sub_(coarse).mul_(2 * largest)
        found: Tensor = torch.ops.quantized.linear_with_input_q_dq_qweight_dq_output_fp32(
            torch.cat([coarse, fine], -2), 1.0, largest + 1, self.packed
        )
        first, second = found.chunk(2, -2)
        return torch.add(first, second, alpha=0.5 / largest).mul_(step)


class ReadableInt8Linear(Int8Linear):
    """A layer in int8 in a transformers model, which may read the weights, as Jamba's does."""

    @property
    def weight(self) -> Tensor:
        """Return the weights [rows, columns] in float32, made anew."""
        packed: Tensor = torch.ops.quantized.linear_unpack(self.packed)[0]
        return packed.dequantize()


class Int4Linear(nn.Module):
    """Weights in 4 bits, in groups of 32 columns with a scale and a zero point in bfloat16.

    The kernel takes inputs in bfloat16 and rounds its sums, which are in float32, to bfloat16.
    """

    takes_bfloat16 = False

    def __init__(self, weight: Tensor, bias: Tensor | None) -> None:
        super().__init__()
        columns = weight.size(1)
        packed, scales = [], []
        step = _part_rows(columns)
        for start in range(0, len(weight), step):
            codes, scale = nibbles_of(weight[start : start + step])
            pack = torch.ops.aten._convert_weight_to_int4pack_for_cpu  # noqa: SLF001 - torch has no public name for it
            packed.append(pack(codes, _INNER_TILES))
            scales.append(scale)
        self.packed = torch.cat(packed)
        self.scales = torch.cat(scales, 1)
        self.group, self.columns = GROUP, columns
        self.has_bias = bias is not None
        self.bias = torch.empty(0) if bias is None else bias.float()

    def forward(self, x: Tensor) -> Tensor:
        """Return the product with inputs [..., columns], float32."""
        rows = x.reshape(-1, self.columns).to(torch.bfloat16).contiguous()
        y = torch.ops.aten._weight_int4pack_mm_for_cpu(rows, self.packed, self.group, self.scales)  # noqa: SLF001 - as above
        y = y.float()
        if self.has_bias:
            y = y.add_(self.bias)
        result: Tensor = torch.unflatten(y, 0, x.shape[:-1])
        return result


class ReadableInt4Linear(Int4Linear):
    """A layer in int4 in a transformers model, which may read the weights, as Jamba's does."""

    @property
    def weight(self) -> Tensor:
        """Return the weights [rows, columns] in float32, made anew: the product with units."""
        products: Tensor = self(torch.eye(self.columns))
        return (products - self.bias if self.has_bias else products).t()


class Int8Embedding(nn.Module):
    """Vectors of tokens in 8 bits, with a scale for each."""

    def __init__(self, weight: Tensor) -> None:
        super().__init__()
        self.codes, scale = _bytes_of(weight)
        self.scale = scale.float()[:, None]

    def forward(self, ids: Tensor) -> Tensor:
        """Return the vectors [tokens, columns] of ids [tokens], float32."""
        return F.embedding(ids, self.codes).float() * F.embedding(ids, self.scale)


def takes_int4(rows: int, columns: int) -> bool:
    """Return whether a matrix has whole groups, and rows as the kernel for 4 bits takes them."""
    return columns % GROUP == 0 and rows % 16 == 0


def int4_bytes(weight: Tensor, *, is_head: bool) -> int:
    """Return the bytes that a layer takes in a model in int4."""
    if is_head or not takes_int4(*weight.shape):
        return weight.numel()
    return weight.numel() // 2 + 4 * weight.numel() // GROUP


def linears_of(model: Any) -> Iterator[tuple[nn.Module, str, Any]]:
    """Yield the layers that can have few bits, each after its parent and its name there."""
    for parent in list(model.modules()):
        for name, child in list(parent.named_children()):
            if type_before_parametrizations(child) in {nn.Linear, Conv1D}:
                yield parent, name, child


def quantize_linears(model: Any, weights: Weights = "int8") -> None:
    """Replace all linear layers of a transformers model with layers in few bits, one by one.

    In int4, the output layer, which decides the tokens, has 8 bits, and so have matrices that the
    kernel for 4 bits does not take.
    """
    head = model.get_output_embeddings()
    for parent, name, child in linears_of(model):
        weight = child.weight.detach()
        is_transposed = type_before_parametrizations(child) is Conv1D  # GPT-2's
        weight = weight.t() if is_transposed else weight
        is_int4 = weights == "int4" and child is not head and takes_int4(*weight.shape)
        if is_transposed:
            layer: nn.Module = (Int4Linear if is_int4 else Int8Linear)(weight, _bias(child))
        else:
            make = ReadableInt4Linear if is_int4 else ReadableInt8Linear
            layer = make(weight, _bias(child))
        setattr(parent, name, layer)


def _bytes_of(weight: Tensor) -> tuple[Tensor, Tensor]:
    """Return codes (int8) [rows, columns] and a scale (float64) for each row."""
    codes = torch.empty(weight.shape, dtype=torch.int8)
    scales = torch.empty(len(weight), dtype=torch.double)
    step = _part_rows(weight.size(1))
    for start in range(0, len(weight), step):
        part = weight[start : start + step].float()
        scale = (part.abs().amax(dim=1).clamp_min(1e-8) / 127).double()
        zero = torch.zeros(len(part), dtype=torch.long)
        rows = torch.quantize_per_channel(part, scale, zero, 0, torch.qint8)
        codes[start : start + step] = rows.int_repr()
        scales[start : start + step] = scale
    return codes, scales


def _part_rows(columns: int) -> int:
    """Return the number of rows that are packed at a time, whole blocks."""
    return max(1, _PART_WEIGHTS // columns // _BLOCK_ROWS) * _BLOCK_ROWS


def _bias(layer: Any) -> Tensor | None:
    return None if layer.bias is None else layer.bias.detach()


def has_vnni() -> bool:
    """Return whether this processor adds products of 8 bits in 32 bits."""
    return bool(torch.cpu._is_vnni_supported())  # noqa: SLF001 - torch has no public name for it
