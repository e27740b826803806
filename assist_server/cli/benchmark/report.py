"""Results of a benchmark: the report, its table and its plot."""

import importlib.util
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from assist_server.cli.benchmark.drafts import DraftFigures
from assist_server.cli.benchmark.machine import BUSY, Machine
from assist_server.cli.benchmark.measurement import (
    EngineFigures,
    KeystrokeFigures,
    LengthFigures,
    Spread,
)
from assist_server.cli.benchmark.session import Memory
from assist_server.errors import InputError
from assist_server.training.loop.reports import new_figure


@dataclass(frozen=True)
class Choice:
    """Extent of a benchmark; the same choice on the same Python types the same text."""

    places: int
    """Files to type in."""
    characters: int
    """Keys in each file."""
    lengths: tuple[int, ...]
    """Numbers of lines of the files for measurements by length."""
    length_places: int
    """Places to type at for each length."""
    seed: int = 0


@dataclass(frozen=True)
class MemoryFigures:
    """Memory of the server."""

    ready: Memory
    """After the model was loaded."""
    end: Memory


@dataclass(frozen=True)
class BenchReport:
    """Results of a benchmark."""

    choice: Choice
    machine: Machine
    status: dict[str, object]
    """The server's status: its model and device."""
    ready_ms: float
    """Time from `initialize` until the model was loaded."""
    keystrokes: KeystrokeFigures
    engine: EngineFigures
    lengths: Sequence[LengthFigures]
    memory: MemoryFigures | None
    """None if the system does not report it."""
    drafts: Sequence[DraftFigures] = ()


def print_report(report: BenchReport) -> None:
    """Print the table."""
    console = Console(highlight=False)
    status = report.status
    console.print(f"[bold]{status['model']}[/] on {status['device']}, {status['dtype']}")
    for reason in _list(status["reasons"]):
        console.print(f"  {reason}", markup=False, soft_wrap=True)
    table = Table("milliseconds", box=None, header_style="bold")
    for column in ("median", "90 %", "longest", "samples"):
        table.add_column(column, justify="right")
    for name, spread in _rows(report):
        table.add_row(name, *_cells(spread))
    console.print(table)
    for line in _sentences(report):
        console.print(line)


def _rows(report: BenchReport) -> Iterator[tuple[str, Spread | None]]:
    yield "keystroke to answer", report.keystrokes.all
    yield "  with the model", report.keystrokes.from_model
    yield "  without the model", report.keystrokes.known
    yield "  with a completion shown", report.keystrokes.shown
    yield "first token, cold", report.engine.cold
    yield "first token, same place again", report.engine.warm
    yield "first token, after a keystroke", report.engine.keystroke
    yield "first token, elsewhere in the file", report.engine.jump
    for row in report.lengths:
        yield f"keystroke in {row.lines:,} lines", row.keystroke


def _cells(spread: Spread | None) -> tuple[str, ...]:
    if spread is None:
        return ("-", "-", "-", "0")
    times = (spread.p50_ms, spread.p90_ms, spread.max_ms)
    return (*(f"{time:,.1f}" for time in times), str(spread.count))


def _sentences(report: BenchReport) -> Iterator[str]:
    if report.machine.is_busy:
        load = report.machine.load_before
        yield f"[yellow]{BUSY} (load {load}): measure again when it is idle[/]"
    keystrokes = report.keystrokes
    yield f"answered without the model: {keystrokes.share_without_model:.0%}"
    if keystrokes.new_tokens_per_second:
        yield f"decoding: {keystrokes.new_tokens_per_second:,.0f} tokens per second"
    for row in report.drafts:
        if row.with_drafts and row.without:
            yield (
                f"decoding {row.text}: {row.with_drafts:,.0f} tokens per second with drafts, "
                f"{row.without:,.0f} without: {row.times_faster:.2f} times as fast"
            )
    if report.memory:
        ready, end = report.memory.ready, report.memory.end
        yield (
            f"resident memory: {ready.now_mb:,.0f} MB with the model loaded, "
            f"{end.now_mb:,.0f} MB at the end, {end.peak_mb:,.0f} MB at most"
        )


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def check_plotting(file: Path) -> None:
    """Check before measuring that a plot can be made.

    Raises:
        InputError: matplotlib is missing, or the name of the file does not end in `.png`.
    """
    if importlib.util.find_spec("matplotlib") is None:
        raise InputError("--plot needs matplotlib; install 'assist-server[bench]'")
    if file.suffix.lower() != ".png" or not file.absolute().parent.is_dir():
        raise InputError(f"cannot plot to {str(file)!r}; choose a .png file in an existing folder")


def plot(file: Path, keystrokes_ms: Sequence[float], lengths: Sequence[LengthFigures]) -> None:
    """Draw the distribution of keystroke times, and their median by length of the file."""
    figure = new_figure(figsize=(10, 4), layout="constrained")
    spread, by_length = figure.subplots(1, 2)
    spread.ecdf(keystrokes_ms)
    spread.set(xlabel="milliseconds", ylabel="share of keystrokes", title="keystroke to answer")
    measured = [(row.lines, row.keystroke) for row in lengths if row.keystroke]
    lines = [count for count, _ in measured]
    by_length.plot(lines, [found.p50_ms for _, found in measured], "o-", label="median")
    by_length.plot(lines, [found.p90_ms for _, found in measured], "o--", label="90th percentile")
    by_length.set(xscale="log", xlabel="lines of the file", ylabel="milliseconds", ylim=(0, None))
    by_length.set_title("keystroke in the middle, with the model")
    by_length.legend()
    spread.grid(alpha=0.3)
    by_length.grid(alpha=0.3)
    figure.savefig(file, dpi=150)
