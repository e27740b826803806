"""What is told while a training goes on, and the log that stays of it."""

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
"""Drawn as one: single steps tell more about their examples than about the model."""


@dataclass(frozen=True)
class StepReport:
    """A step, as a line of the log."""

    step: int
    tokens: int
    """Read so far, padding not counted."""
    epoch: int
    seconds: float
    loss: float
    """Nats per learned token."""
    validation_loss: float | None
    """The same on held-out code, where it was measured after this step."""
    rate: float
    gradient_norm: float
    tokens_per_second: float
    done: float
    """Share of the budget, from 0 to 1."""
    seconds_left: float


class Watcher(Protocol):
    """Who is told."""

    def report(self, message: str) -> None:
        """What is being done."""
        ...

    def step(self, report: StepReport) -> None:
        """A step was made."""
        ...

    def wants_to_stop(self) -> bool:
        """Whether to save and end now; asked often."""
        ...


class SilentWatcher:
    """Nobody is told, and nobody stops it."""

    def report(self, message: str) -> None:
        """Do nothing."""

    def step(self, report: StepReport) -> None:
        """Do nothing."""

    def wants_to_stop(self) -> bool:
        """Never."""
        return False


class TrainingLog:
    """A file with a line of JSON for each step."""

    def __init__(self, file: Path, step: int) -> None:
        """Go on behind a step: what was logged later was not saved, and is made again."""
        self._file = file
        kept = [row for row in read_log(file) if row["step"] <= step] if file.exists() else []
        file.write_text("".join(json.dumps(row) + "\n" for row in kept), encoding="utf-8")

    def write(self, report: StepReport) -> None:
        """Append a line."""
        with self._file.open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(asdict(report)) + "\n")


def read_log(file: Path) -> list[dict[str, Any]]:
    """The lines of a log; one that was cut off by a crash is left out."""
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

    The library reads `matplotlibrc` of the working folder, before all others, when it is imported.
    So it is imported from its own folder; nothing else may run meanwhile that names files.

    Raises:
        InputError: matplotlib is missing.
    """
    found = importlib.util.find_spec("matplotlib")
    if found is None or found.origin is None:
        raise InputError("a plot needs matplotlib; install 'assist-server[train]'")
    with contextlib.chdir(Path(found.origin).parent):
        from matplotlib.figure import Figure  # noqa: PLC0415 - an extra that few have installed

    return Figure(**options)
