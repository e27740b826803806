"""The budget and the learning rate schedule of a training run.

Warm-up, stable, decay (Hu et al., "MiniCPM", 2024): the rate is constant until the last part of the
budget, in which it falls to 0. The state before the decay is kept, so that a training run can be
extended; and the decay can start at any state, so that a training run can be shortened.
"""

import re
from dataclasses import dataclass

from assist_server.errors import InputError

_DECAY_SHARE = 0.5
_UNIT_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_UNIT_TOKENS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "b": 10**9}


@dataclass(frozen=True)
class Budget:
    """The limit of a training run, resumed parts included: tokens, or seconds of training."""

    tokens: int | None = None
    seconds: float | None = None

    @property
    def total(self) -> float:
        """Return the size of the budget in its unit."""
        return float(self.tokens if self.tokens is not None else self.seconds or 0)

    def spent(self, tokens: int, seconds: float) -> float:
        """Return the used part of the budget in its unit."""
        return float(tokens if self.tokens is not None else seconds)


def parse_budget(time: str | None, tokens: str | None) -> Budget | None:
    """Return the budget of the options `--time 90m` or `--tokens 50M`; None without either.

    Raises:
        InputError: both are given, or the value is invalid.
    """
    if time is not None and tokens is not None:
        raise InputError("choose one of --time and --tokens")
    if time is not None:
        return Budget(seconds=_parse(time, _UNIT_SECONDS, "--time", "90s, 30m or 2h"))
    if tokens is not None:
        return Budget(tokens=int(_parse(tokens, _UNIT_TOKENS, "--tokens", "500k or 20M")))
    return None


def parse_count(text: str | None, option: str, examples: str) -> int | None:
    """Return the number of an option such as `24k`; None if it is not given.

    Raises:
        InputError: the value is invalid.
    """
    return None if text is None else int(_parse(text, _UNIT_TOKENS, option, examples))


def _parse(text: str, units: dict[str, int], option: str, examples: str) -> float:
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([a-z]?)", text.strip().lower())
    value = float(match[1]) * units.get(match[2], 0) if match else 0.0
    if value <= 0:
        raise InputError(f"{option} {text!r} is invalid; write it as {examples}")
    return value


@dataclass(frozen=True)
class Schedule:
    """The learning rate over a budget."""

    total: float
    decay_start: float
    warmup_steps: int

    @classmethod
    def of(cls, budget: Budget, spent: float, warmup_steps: int) -> "Schedule":
        """Return the schedule of a run that used `spent` of its budget before the decay."""
        usual_start = budget.total * (1 - _DECAY_SHARE)
        return cls(budget.total, max(spent, usual_start), warmup_steps)

    def decays(self, spent: float) -> bool:
        """Return whether the decay has begun."""
        return spent >= self.decay_start

    def is_over(self, spent: float) -> bool:
        """Return whether the budget is used up."""
        return spent >= self.total

    def rate(self, step: int, spent: float) -> float:
        """Return the share of the highest rate, from 0 to 1, for a step counted from 0."""
        warm = min(1.0, (step + 1) / max(1, self.warmup_steps))
        if not self.decays(spent):
            return warm
        left = (self.total - spent) / max(1e-9, self.total - self.decay_start)
        return warm * min(1.0, max(0.0, left))
