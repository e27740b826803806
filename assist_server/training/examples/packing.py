"""Packing: several short examples share a window of the context's size.

The examples of a window are independent: attention stays within an example (the model is given
their lengths), positions start at 0 in each, and the last token of an example predicts nothing.
"""

import bisect
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assist_server.training.examples.rendering import Rendered

IGNORED = -100
"""The target of a token after which nothing is learned."""


@dataclass(frozen=True)
class Window:
    """A row of token ids for training."""

    inputs: NDArray[np.int64]
    targets: NDArray[np.int64]
    """For each input the next token, or `IGNORED`."""
    weights: NDArray[np.float32]
    """The weight of each target in the loss."""
    lengths: tuple[int, ...]
    """Of the examples in order, and of the padding after them; their sum is the window's size."""


def pack(examples: Sequence[Rendered], size: int, pad_id: int) -> list[Window]:
    """Pack examples into windows by best fit, the longest first; no example is divided."""
    bins: list[list[Rendered]] = []
    rooms: list[tuple[int, int]] = []  # the room left in a bin, and its number; sorted
    for example in sorted(examples, key=len, reverse=True):
        needed = _input_count(example)
        if not 0 < needed <= size:
            if needed > size:
                raise ValueError(f"an example of {needed} inputs does not fit {size}")
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


def _input_count(example: Rendered) -> int:
    """Return the number of inputs of an example, whose last token is a target only."""
    return len(example) - 1


def _window(members: Sequence[Rendered], size: int, pad_id: int) -> Window:
    inputs = np.full(size, pad_id, dtype=np.int64)
    targets = np.full(size, IGNORED, dtype=np.int64)
    weights = np.zeros(size, dtype=np.float32)
    lengths: list[int] = []
    start = 0
    for example in members:
        end = start + _input_count(example)
        inputs[start:end] = example.ids[:-1]
        weights[start:end] = example.weights[1:]
        targets[start:end] = np.where(weights[start:end] > 0, example.ids[1:], IGNORED)
        lengths.append(end - start)
        start = end
    if start < size:
        lengths.append(size - start)
    return Window(inputs, targets, weights, tuple(lengths))
