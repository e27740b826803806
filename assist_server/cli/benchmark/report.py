"""What a run of the bench found, as a table for people and as JSON for programs."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

from assist_server.cli.benchmark.drafts import DraftFigures
from assist_server.cli.benchmark.figures import Spread
from assist_server.cli.benchmark.machine import BUSY, Machine
from assist_server.cli.benchmark.measurement import EngineFigures, KeystrokeFigures, LengthFigures
from assist_server.cli.benchmark.session import Memory


@dataclass(frozen=True)
class Choice:
    """What is measured; the same choice on the same Python types the same."""

    places: int
    """Files that are typed in."""
    characters: int
    """Keys at each place."""
    lengths: tuple[int, ...]
    """Lines of the files whose length is varied."""
    length_places: int
    """Places that are typed at in a file of each length."""
    seed: int = 0


@dataclass(frozen=True)
class MemoryFigures:
    """What the server held."""

    ready: Memory
    """When the model had been loaded."""
    end: Memory


@dataclass(frozen=True)
class BenchReport:
    """All of it."""

    choice: Choice
    machine: Machine
    status: dict[str, object]
    """What the server says of its model and device."""
    ready_ms: float
    """From `initialize` to the model being loaded."""
    keystrokes: KeystrokeFigures
    engine: EngineFigures
    lengths: Sequence[LengthFigures]
    memory: MemoryFigures | None
    """None where the system does not tell."""
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
    yield "  where the model was asked", report.keystrokes.from_model
    yield "  where it was not", report.keystrokes.known
    yield "  where something was shown", report.keystrokes.shown
    yield "first token, cold", report.engine.cold
    yield "first token, the same again", report.engine.warm
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
        yield f"[yellow]{BUSY} (load {report.machine.load_before}): measure again when it rests[/]"
    keystrokes = report.keystrokes
    yield f"answered without the model: {keystrokes.share_without_model:.0%}"
    if keystrokes.new_tokens_per_second:
        yield f"decoding: {keystrokes.new_tokens_per_second:,.0f} tokens per second"
    for row in report.drafts:
        if row.with_drafts and row.without:
            yield (
                f"decoding {row.text}: {row.with_drafts:,.0f} tokens per second with drafts, "
                f"{row.without:,.0f} without, {row.times_faster:.2f} times"
            )
    if report.memory:
        ready, end = report.memory.ready, report.memory.end
        yield (
            f"resident memory: {ready.now_mb:,.0f} MB with the model loaded, "
            f"{end.now_mb:,.0f} MB at the end, {end.peak_mb:,.0f} MB at most"
        )


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []
