"""Weights in groups of 4 bits, as torch's kernel for a CPU takes them.

weight = (code - 8) * scale + zero, with a scale and a zero point in bfloat16 for 32 columns.
"""

import torch
from torch import Tensor

GROUP = 32
"""Columns of a group, as in the formats of 4 bits in GGUF files."""

_MOST_STEPS = 15
_EXACT = 1 / 16
"""Distance from a whole number of steps, in steps: far above the rounding to 16 bits."""
_SAMPLE_GROUPS = 4096
_SHARE_EXACT = 0.01
"""Share of a sample's groups that are exact in a matrix that had 4 bits before; else none is."""


def nibbles_of(weight: Tensor) -> tuple[Tensor, Tensor]:
    """Return codes 0 to 15 (int32) [rows, columns] and scales with zeros [groups, rows, 2].

    A group spans its least and its largest weight. Where a matrix has been in such groups before,
    as in a file in 4 bits, groups that do not use all codes keep their steps, so that no weight
    is rounded a second time.
    """
    rows, columns = weight.shape
    groups = weight.float().reshape(-1, GROUP)
    low, high = groups.amin(-1, keepdim=True), groups.amax(-1, keepdim=True)
    scale = (high - low) / _steps((groups - low) / (high - low).clamp_min(_tiny()))
    scale, zero = scale.bfloat16(), (low + 8 * scale).bfloat16()
    codes = ((groups - zero.float()) / scale.float().clamp_min(_tiny())).round_().add_(8)
    codes = codes.clamp_(0, _MOST_STEPS).to(torch.int32).view(rows, columns)
    scales = torch.cat([scale, zero], -1).view(rows, columns // GROUP, 2)
    return codes, scales.transpose(0, 1).contiguous()


def _steps(places: Tensor) -> Tensor:
    """Return the number of steps [groups, 1] between the ends of each group.

    Args:
        places: The weights [groups, 32], as places between the ends, from 0 to 1.
    """
    steps = torch.full_like(places[:, :1], _MOST_STEPS)
    sample = places[:: -(-len(places) // _SAMPLE_GROUPS)]
    if _are_exact(sample, _MOST_STEPS).float().mean() < _SHARE_EXACT:
        return steps
    left = torch.arange(len(places))
    for count in range(_MOST_STEPS, 0, -1):
        found = _are_exact(places[left], count)
        steps[left[found]] = count
        left = left[~found]
    return steps


def _are_exact(places: Tensor, steps: int) -> Tensor:
    """Return which groups have their weights at whole steps."""
    at = places * steps
    return (at - at.round()).abs().amax(-1) < _EXACT


def _tiny() -> float:
    return torch.finfo(torch.float32).tiny
