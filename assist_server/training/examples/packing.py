"""Packing: several short examples share a window of the context's size.

Nothing crosses from one example to the next in a window: attention is kept within an example (its
length is told to the model), positions begin anew, and the last token of an example predicts
nothing. Only the optimiser's step is shared.
"""

import bisect
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assist_server.training.examples.rendering import Rendered

IGNORED = -100
"""The target of a token behind which nothing is learned."""


@dataclass(frozen=True)
class Window:
    """What the model reads at a time."""

    inputs: NDArray[np.int64]
    targets: NDArray[np.int64]
    """For each input what follows it, or `IGNORED`."""
    weights: NDArray[np.float32]
    """How much each target counts."""
    lengths: tuple[int, ...]
    """Of the examples in a row, and of the padding behind them; their sum is the window's size."""


def pack(examples: Sequence[Rendered], size: int, pad_id: int) -> list[Window]:
    """Windows that hold every example, each in one piece: the longest first, where it fits best."""
    bins: list[list[Rendered]] = []
    rooms: list[tuple[int, int]] = []  # what is left in a bin, and its number; sorted
    for example in sorted(examples, key=len, reverse=True):
        needed = _places(example)
        if not 0 < needed <= size:
            if needed > size:
                raise ValueError(f"an example of {needed} places does not fit {size}")
            continue
        found = bisect.bisect_left(rooms, (needed, -1))
        if found == len(rooms):
            bins.append([example])
            room, number = size - needed, len(bins) - 1
        else:
            room, number = rooms.pop(found)
            bins[number].append(example)
            room -= needed
        bisect.insort(rooms, (room, number))
    return [_window(members, size, pad_id) for members in bins]


def _places(example: Rendered) -> int:
    """Inputs that an example takes: its last token is only predicted."""
    return len(example) - 1


def _window(members: Sequence[Rendered], size: int, pad_id: int) -> Window:
    inputs = np.full(size, pad_id, dtype=np.int64)
    targets = np.full(size, IGNORED, dtype=np.int64)
    weights = np.zeros(size, dtype=np.float32)
    lengths: list[int] = []
    start = 0
    for example in members:
        end = start + _places(example)
        inputs[start:end] = example.ids[:-1]
        weights[start:end] = example.weights[1:]
        targets[start:end] = np.where(weights[start:end] > 0, example.ids[1:], IGNORED)
        lengths.append(end - start)
        start = end
    if start < size:
        lengths.append(size - start)
    return Window(inputs, targets, weights, tuple(lengths))
