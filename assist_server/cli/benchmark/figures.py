"""The few numbers that stand for many samples."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Spread:
    """How samples are spread, in milliseconds."""

    count: int
    p50_ms: float
    p90_ms: float
    max_ms: float

    @classmethod
    def of(cls, samples_ms: Iterable[float]) -> "Spread | None":
        """The spread of samples; None when there are none."""
        ordered = sorted(samples_ms)
        if not ordered:
            return None
        figures = (percentile(ordered, 0.5), percentile(ordered, 0.9), ordered[-1])
        return cls(len(ordered), *(round(figure, 2) for figure in figures))


def percentile(ordered: Sequence[float], share: float) -> float:
    """The value below which `share` of sorted samples lie, linear between two of them."""
    place = share * (len(ordered) - 1)
    low, high = ordered[math.floor(place)], ordered[math.ceil(place)]
    return low + (high - low) * (place - math.floor(place))
