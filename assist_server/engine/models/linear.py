"""Linear layers with weights in few bits, for a CPU.

They are modules that TorchScript compiles: configuration is in attributes.
"""

import math
from collections.abc import Iterator
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - its usual name
from transformers.pytorch_utils import Conv1D

Weights = Literal["float16", "float32", "int8"]
"""The format of the weights.

Arithmetic is float32, with integer products for int8; wide passes may use bfloat16, unless the
format is float32.
"""

_MIN_STEP = 1e-10
"""A row of zeros is not divided by zero."""


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
        full = weight.float()
        scale = full.abs().amax(dim=1).clamp_min(1e-8) / 127
        zero = torch.zeros(len(scale), dtype=torch.long)
        rows = torch.quantize_per_channel(full, scale.double(), zero, 0, torch.qint8)
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


def linears_of(model: Any) -> Iterator[tuple[nn.Module, str, Any]]:
    """Yield the layers that can be in int8, each after its parent and its name there."""
    for parent in list(model.modules()):
        for name, child in list(parent.named_children()):
            if type(child) in {nn.Linear, Conv1D}:
                yield parent, name, child


def quantize_linears(model: Any) -> None:
    """Replace all linear layers of a transformers model with layers in int8, one by one."""
    for parent, name, child in linears_of(model):
        weight = child.weight.detach()
        if type(child) is Conv1D:  # GPT-2's, with transposed weights
            setattr(parent, name, Int8Linear(weight.t(), _bias(child)))
        else:
            setattr(parent, name, ReadableInt8Linear(weight, _bias(child)))


def _bias(layer: Any) -> Tensor | None:
    return None if layer.bias is None else layer.bias.detach()


def has_vnni() -> bool:
    """Return whether this processor adds products of 8 bits in 32 bits."""
    return bool(torch.cpu._is_vnni_supported())  # noqa: SLF001 - torch has no public name for it
