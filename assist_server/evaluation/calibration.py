"""Calibration of confidence: weights for `features.confidence`, with precision and coverage."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from assist_server.evaluation.replay import Replay
from assist_server.features.confidence import confidence, signals

_RIDGE = 1.0
_STEPS = 50
_THRESHOLDS = tuple(step / 20 for step in range(20))
_MIN_EXAMPLES = 100


@dataclass(frozen=True)
class Example:
    """The signals of one completion, and whether its first line was right."""

    signals: Mapping[str, float]
    is_right: bool


@dataclass(frozen=True)
class Point:
    """Precision and coverage at a threshold of confidence, on examples that were not fitted."""

    threshold: float
    precision: float
    """Share of right completions among the shown ones."""
    coverage: float
    """Share of shown completions among the right ones."""
    shown: float
    """Share of shown completions among all."""


@dataclass(frozen=True)
class Calibration:
    """Weights, and their precision and coverage."""

    weights: Mapping[str, float]
    examples: int
    right: int
    curve: tuple[Point, ...]


def examples_of(replays: Sequence[Replay]) -> list[list[Example]]:
    """Return the examples of each replay, grouped by replay."""
    return [
        [
            Example(
                signals(one.context, one.completion.text or "", one.completion.log_probs),
                one.is_right,
            )
            for one in each.shown
            if one.completion.log_probs
        ]
        for each in replays
    ]


def calibrate(groups: Sequence[Sequence[Example]], seed: int) -> Calibration | None:
    """Fit weights to all groups; each half of the curve uses weights fitted to the other half.

    Return None if there are too few examples.
    """
    draw = random.Random(seed)  # noqa: S311 - repeatable, not secret
    shuffled = draw.sample(groups, len(groups))
    halves = [[e for group in shuffled[start::2] for e in group] for start in (0, 1)]
    everything = [*halves[0], *halves[1]]
    right = sum(example.is_right for example in everything)
    if len(everything) < _MIN_EXAMPLES or not 0 < right < len(everything):
        return None
    rated = [
        (confidence(weights, example.signals), example.is_right)
        for fitted, asked in ((halves[0], halves[1]), (halves[1], halves[0]))
        for weights in [fit(fitted)]
        for example in asked
    ]
    curve = tuple(point for at in _THRESHOLDS if (point := _point(rated, at)))
    weights = {name: round(weight, 4) for name, weight in fit(everything).items()}
    return Calibration(weights, len(everything), right, curve)


def fit(examples: Sequence[Example]) -> dict[str, float]:
    """Fit a logistic regression with a ridge penalty by iteratively reweighted least squares.

    Source: Hastie, Tibshirani and Friedman, "The Elements of Statistical Learning", 4.4.1.
    """
    names = sorted({name for example in examples for name in example.signals})
    x = np.array([[example.signals.get(name, 0.0) for name in names] for example in examples])
    y = np.array([example.is_right for example in examples], dtype=float)
    penalty = _RIDGE * np.eye(len(names))
    weights = np.zeros(len(names))
    for _ in range(_STEPS):
        odds = 1 / (1 + np.exp(-np.clip(x @ weights, -50, 50)))
        gradient = x.T @ (y - odds) - penalty @ weights
        curvature = (x * (odds * (1 - odds))[:, None]).T @ x + penalty
        step = np.linalg.solve(curvature, gradient)
        weights = weights + step
        if float(np.abs(step).max()) < 1e-8:
            break
    return dict(zip(names, map(float, weights), strict=True))


def _point(rated: Sequence[tuple[float, bool]], threshold: float) -> Point | None:
    shown = [is_right for value, is_right in rated if value >= threshold]
    if not shown:
        return None
    right = sum(is_right for _, is_right in rated)
    return Point(
        threshold,
        round(sum(shown) / len(shown), 4),
        round(sum(shown) / right, 4),
        round(len(shown) / len(rated), 4),
    )
