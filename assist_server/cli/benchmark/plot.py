"""The plot of a report, as a PNG."""

import importlib.util
from collections.abc import Sequence
from pathlib import Path

from assist_server.cli.benchmark.measurement import LengthFigures
from assist_server.errors import InputError
from assist_server.training.loop.reports import new_figure


def check_plotting(file: Path) -> None:
    """Find out before anything is measured whether a plot can be made.

    Raises:
        InputError: matplotlib is missing, or the name of the file does not end in `.png`.
    """
    if importlib.util.find_spec("matplotlib") is None:
        raise InputError("--plot needs matplotlib; install 'assist-server[bench]'")
    if file.suffix.lower() != ".png" or not file.absolute().parent.is_dir():
        raise InputError(f"cannot plot to {str(file)!r}; name a .png file in a folder that exists")


def plot(file: Path, keystrokes_ms: Sequence[float], lengths: Sequence[LengthFigures]) -> None:
    """Draw how keystrokes are spread, and what they cost against the length of the file."""
    figure = new_figure(figsize=(10, 4), layout="constrained")
    spread, by_length = figure.subplots(1, 2)
    spread.ecdf(keystrokes_ms)
    spread.set(xlabel="milliseconds", ylabel="share of keystrokes", title="keystroke to answer")
    measured = [(row.lines, row.keystroke) for row in lengths if row.keystroke]
    lines = [count for count, _ in measured]
    by_length.plot(lines, [found.p50_ms for _, found in measured], "o-", label="median")
    by_length.plot(lines, [found.p90_ms for _, found in measured], "o--", label="90th percentile")
    by_length.set(xscale="log", xlabel="lines of the file", ylabel="milliseconds", ylim=(0, None))
    by_length.set_title("keystroke in the middle, the model asked")
    by_length.legend()
    spread.grid(alpha=0.3)
    by_length.grid(alpha=0.3)
    figure.savefig(file, dpi=150)
