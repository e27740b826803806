"""Progress reports of a training run, its log, and plots."""

import contextlib
import importlib.util
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, Any, Protocol

from assist_server.errors import InputError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_MEAN_STEPS = 20
"""Steps per plotted mean, as single losses depend on their examples."""


@dataclass(frozen=True)
class StepReport:
    """The results of a step; a line of the log."""

    step: int
    tokens: int
    """Trained so far, without padding."""
    epoch: int
    seconds: float
    loss: float
    """Nats per learned token."""
    validation_loss: float | None
    """The same on held-out code, if measured after this step."""
    rate: float
    gradient_norm: float
    tokens_per_second: float
    done: float
    """Share of the budget, from 0 to 1."""
    seconds_left: float


class Watcher(Protocol):
    """The receiver of progress reports, which can also stop a training run."""

    def report(self, message: str) -> None:
        """Report a message."""
        ...

    def step(self, report: StepReport) -> None:
        """Report a step."""
        ...

    def wants_to_stop(self) -> bool:
        """Return whether to save and stop now; called often."""
        ...


class SilentWatcher:
    """A watcher that ignores reports and never stops."""

    def report(self, message: str) -> None:
        """Do nothing."""

    def step(self, report: StepReport) -> None:
        """Do nothing."""

    def wants_to_stop(self) -> bool:
        """Return False."""
        return False


class TrainingLog:
    """A file with a line of JSON for each step."""

    def __init__(self, file: Path, step: int) -> None:
        """Continue a log after `step`; later lines are dropped, as those steps are repeated."""
        self._file = file
        kept = [row for row in read_log(file) if row["step"] <= step] if file.exists() else []
        file.write_text("".join(json.dumps(row) + "\n" for row in kept), encoding="utf-8")

    def write(self, report: StepReport) -> None:
        """Append a line."""
        with self._file.open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(asdict(report)) + "\n")


def read_log(file: Path) -> list[dict[str, Any]]:
    """Return the lines of a log, except one that a crash cut off."""
    rows = []
    for line in file.read_text(encoding="utf-8").splitlines():
        try:
            rows.append(json.loads(line))
        except ValueError:
            break
    return rows


def plot_log(log: Path, file: Path) -> None:
    """Draw the losses as a PNG.

    Raises:
        InputError: matplotlib is missing.
    """
    rows = read_log(log)
    figure = new_figure(figsize=(8, 4.5), layout="constrained")
    axes = figure.subplots()
    tokens = [row["tokens"] / 1e6 for row in rows]
    losses = [row["loss"] for row in rows]
    axes.plot(tokens, losses, linewidth=0.8, alpha=0.4, label="training")
    means = [fmean(losses[max(0, n - _MEAN_STEPS) : n]) for n in range(1, len(losses) + 1)]
    axes.plot(tokens, means, label=f"mean of the last {_MEAN_STEPS} steps")
    held_out = [row for row in rows if row["validation_loss"] is not None]
    axes.plot(
        [row["tokens"] / 1e6 for row in held_out],
        [row["validation_loss"] for row in held_out],
        "o-", markersize=3, label="held-out code",
    )  # fmt: skip
    axes.set(xlabel="million tokens", ylabel="nats per token", title="loss")
    axes.grid(alpha=0.3)
    axes.legend()
    figure.savefig(file, dpi=150)


def new_figure(**options: Any) -> "Figure":
    """Return an empty figure of matplotlib.

    The library reads `matplotlibrc` of the working folder when it is imported. So it is imported
    with its own folder as working folder, during which no other thread may use relative paths.

    Raises:
        InputError: matplotlib is missing.
    """
    found = importlib.util.find_spec("matplotlib")
    if found is None or found.origin is None:
        raise InputError("a plot needs matplotlib; install 'assist-server[train]'")
    with contextlib.chdir(Path(found.origin).parent):
        from matplotlib.figure import Figure  # noqa: PLC0415 - an extra that few have installed

    return Figure(**options)
