"""Weights quantized in groups to 4 or 8 bits, for small files on disk.

A matrix [rows, columns] is divided into groups of 32 columns, each with a scale and a minimum:
weight = minimum + scale * code. Scales and minima are themselves quantized to 8 bits over a range
per row, so a group costs two extra bytes. In the safetensors file a matrix `x.weight` is four
tensors: `x.weight.codes` (uint8; with 4 bits two codes per byte, the first one in the low half),
`x.weight.scale` and `x.weight.least` (uint8, [rows, groups]) and `x.weight.range` (float32,
[rows, 3]: step of the scales, smallest minimum, step of the minima). Tensors that do not divide
into groups are stored in float16. The two levels follow llama.cpp's Q4_K.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import torch
from safetensors.torch import load
from torch import Tensor

GROUP = 32
PACKED_FILE = "packed.safetensors"
_SHRINKS = (1.0, 0.95, 0.9, 0.85, 0.8)
"""Fractions of a group's range to try: a smaller one clips outliers and is finer for the rest."""
_LEVELS = 255
_NARROW_BITS, _WIDE_BITS = 4, 8
_DAMPING = 0.01
"""Added to the diagonal, as a share of its mean, as inputs may depend on each other."""


@dataclass(frozen=True)
class _Groups:
    """Quantization parameters of a matrix: [rows, groups] each, and [rows, 3] for the range."""

    scale: Tensor
    least: Tensor
    range: Tensor

    @classmethod
    def spanning(cls, scale: Tensor, least: Tensor) -> "_Groups":
        """Quantize scales and minima."""
        scale_step = scale.amax(-1) / _LEVELS
        lowest = least.amin(-1)
        least_step = (least.amax(-1) - lowest) / _LEVELS
        found = torch.stack([scale_step, lowest, least_step], -1)
        tiny = torch.finfo(torch.float32).tiny
        scale_codes = scale / scale_step.clamp_min(tiny)[:, None]
        least_codes = (least - lowest[:, None]) / least_step.clamp_min(tiny)[:, None]
        return cls(_bytes(scale_codes, _LEVELS), _bytes(least_codes, _LEVELS), found)

    def codes(self, groups: Tensor, bits: int) -> Tensor:
        """Return the nearest code of each weight [rows, groups, 32]."""
        scale, least = self._floats()
        step = scale.clamp_min(torch.finfo(torch.float32).tiny)
        return _bytes((groups - least) / step, 2**bits - 1)

    def weights(self, codes: Tensor) -> Tensor:
        """Return the weights of codes [rows, groups, 32], float32."""
        scale, least = self._floats()
        return codes.float().mul_(scale).add_(least)

    def at(self, number: int) -> "_Groups":
        """Return the parameters of one group."""
        one = slice(number, number + 1)
        return _Groups(self.scale[:, one], self.least[:, one], self.range)

    def _floats(self) -> tuple[Tensor, Tensor]:
        scale_step, lowest, least_step = (part[:, None] for part in self.range.unbind(-1))
        scale = self.scale.float() * scale_step
        least = lowest + self.least.float() * least_step
        return scale[..., None], least[..., None]


def _bytes(values: Tensor, most: int) -> Tensor:
    return values.round().clamp_(0, most).to(torch.uint8)


def packed_bits(name: str) -> int:
    """Return the bits of a matrix: embeddings and heads lose the most with few bits."""
    return _WIDE_BITS if "embed" in name or name.startswith("lm_head") else _NARROW_BITS


def pack(
    weights: Mapping[str, Tensor],
    bits_of: Callable[[str], int],
    products: Mapping[str, Tensor] = MappingProxyType({}),
) -> dict[str, Tensor]:
    """Return the tensors of a packed file.

    Args:
        weights: By name, of any float dtype.
        bits_of: Returns 4 or 8 for the name of a matrix.
        products: For some matrices, the sums of products of each pair of their inputs; the rounding
            of their weights is then the best for these inputs, not the nearest.
    """
    found: dict[str, Tensor] = {}
    for name, weight in weights.items():
        if weight.ndim == 2 and weight.size(1) % GROUP == 0:
            parts = _pack_matrix(weight.float(), bits_of(name), products.get(name))
            found |= {f"{name}.{part}": tensor for part, tensor in parts.items()}
        else:
            found[name] = weight.to(torch.float16)
    return found


def _pack_matrix(weight: Tensor, bits: int, products: Tensor | None) -> dict[str, Tensor]:
    groups = weight.view(len(weight), -1, GROUP)
    low, high = groups.amin(-1), groups.amax(-1)
    middle, half = (low + high) / 2, (high - low) / 2
    errors = []
    for shrink in _SHRINKS:
        tried = _Groups.spanning(2 * half * shrink / (2**bits - 1), middle - half * shrink)
        errors.append((tried.weights(tried.codes(groups, bits)) - groups).square().sum(-1))
    best = torch.tensor(_SHRINKS)[torch.stack(errors).argmin(0)]
    kept = _Groups.spanning(2 * half * best / (2**bits - 1), middle - half * best)
    if products is None:
        codes = kept.codes(groups, bits).view(weight.shape)
    else:
        codes = _compensated_codes(weight, kept, bits, products)
    if bits == 4:
        codes = codes[:, 0::2] | codes[:, 1::2] << 4
    return {"codes": codes, "scale": kept.scale, "least": kept.least, "range": kept.range}


def _compensated_codes(weight: Tensor, groups: _Groups, bits: int, products: Tensor) -> Tensor:
    """Return codes [rows, columns] with a small error of the matrix's outputs.

    Columns are rounded one after the other, and the later ones compensate the error of each.
    Source: Frantar et al., "GPTQ: Accurate Post-Training Quantization" (2022).
    """
    columns = weight.size(1)
    exact = products.double()
    damping = _DAMPING * exact.diagonal().mean() + torch.finfo(torch.float32).tiny
    damped = exact + damping * torch.eye(columns)
    inverse = torch.cholesky_inverse(torch.linalg.cholesky(damped))
    factor = torch.linalg.cholesky(inverse, upper=True).float()
    left = weight.clone()
    codes = torch.empty(weight.shape, dtype=torch.uint8)
    for column in range(columns):
        place = slice(column, column + 1)
        group = groups.at(column // GROUP)
        wanted = left[:, place, None]
        found = group.codes(wanted, bits)
        codes[:, place] = found[..., 0]
        error = (wanted - group.weights(found))[..., 0] / factor[column, column]
        left[:, column:] -= error * factor[column, column:]
    return codes


def unpack(packed: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return the weights of a packed file, in float16."""
    found: dict[str, Tensor] = {}
    for name, tensor in packed.items():
        stem, _, part = name.rpartition(".")
        if part == "codes":
            parts = (packed[f"{stem}.{each}"] for each in ("scale", "least", "range"))
            found[stem] = _unpack_matrix(tensor, _Groups(*parts))
        elif f"{stem}.codes" not in packed:
            found[name] = tensor
    return found


def _unpack_matrix(codes: Tensor, groups: _Groups) -> Tensor:
    columns = groups.scale.size(1) * GROUP
    if codes.size(1) != columns:
        codes = torch.stack([codes & 15, codes >> 4], -1).flatten(1)
    weights = groups.weights(codes.view(len(codes), -1, GROUP))
    return weights.to(torch.float16).view(len(codes), columns)


def read_packed(folder: Path) -> dict[str, Tensor]:
    """Return the weights of the packed file in a model's folder, in float16.

    Raises:
        SafetensorError: the file is broken.
    """
    return unpack(load((folder / PACKED_FILE).read_bytes()))
