"""Rows, ratios and tables from samples."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, median

from participants import COLD, METRICS, Samples
from rich.console import Console
from rich.table import Table

from assist_server.cli.benchmark.measurement import Spread

WIDTH = 150
"""Width of the tables in characters, independent of the terminal, as they may go to a file."""


@dataclass(frozen=True)
class Row:
    """The figures of one engine."""

    engine: str
    times: dict[str, Spread]
    """By metric."""
    prefill_tokens_per_s: float | None
    """Median of prompt tokens per time to the first token, cold."""
    new_tokens: float | None
    """Mean per keystroke; engines that generate less have less to do."""
    same_as_reference: float | None
    """Share of the keystrokes after which the reference generated the same tokens."""
    reused_prompt_share: float | None
    """Mean share of keystrokes' prompts taken from a cache, if the engine reports it."""


def rows_from(samples: Mapping[str, Samples], reference: str) -> list[Row]:
    """Return a row for each engine."""
    expected = samples[reference].continuations
    return [
        Row(
            engine,
            {m: spread for m, ms in seen.milliseconds.items() if (spread := Spread.of(ms))},
            prefill_tokens_per_s(seen),
            rounded_mean([len(ids) for ids in seen.continuations]),
            rounded_mean([a == b for a, b in zip(expected, seen.continuations, strict=False)]),
            rounded_mean(seen.reused_shares),
        )
        for engine, seen in samples.items()
    ]


def prefill_tokens_per_s(seen: Samples) -> float | None:
    """Return the median speed of prefill, including the first token."""
    cold = seen.milliseconds.get(COLD, [])
    speeds = [n / ms * 1000 for n, ms in zip(seen.prompt_tokens, cold, strict=True)]
    return round(median(speeds), 1) if speeds else None


def rounded_mean(values: Sequence[float]) -> float | None:
    """Return the mean, rounded; None without values."""
    return round(fmean(values), 3) if values else None


def ratios(rows: Sequence[Row], to: str) -> dict[str, dict[str, dict[str, float]]]:
    """Return each engine's p50 and p90 as multiples of those of `to`."""
    base = next(row for row in rows if row.engine == to)
    return {
        row.engine: {
            metric: {
                "p50": round(spread.p50_ms / base.times[metric].p50_ms, 3),
                "p90": round(spread.p90_ms / base.times[metric].p90_ms, 3),
            }
            for metric, spread in row.times.items()
            if metric in base.times
        }
        for row in rows
    }


def print_rows(rows: Sequence[Row], ours: str) -> None:
    """Print two tables: times, and their ratios to ours."""
    times = Table("ms: median, 90 %", box=None, header_style="bold")
    shares = Table(f"times {ours}: median, 90 %", box=None, header_style="bold")
    for table, others in (
        (times, ("prefill tokens/s", "new tokens", "as reference")),
        (shares, ()),
    ):
        for column in (*METRICS, *others):
            table.add_column(column, justify="right")
    found = ratios(rows, ours)
    for row in rows:
        others = (row.prefill_tokens_per_s, row.new_tokens, row.same_as_reference)
        spreads = (row.times.get(metric) for metric in METRICS)
        cells = [f"{s.p50_ms:,.1f} {s.p90_ms:,.1f}" if s else "-" for s in spreads]
        times.add_row(row.engine, *cells, *("-" if one is None else f"{one:,g}" for one in others))
        of_row = (found[row.engine].get(metric) for metric in METRICS)
        shares.add_row(
            row.engine, *(f"{r['p50']:.2f} {r['p90']:.2f}" if r else "-" for r in of_row)
        )
    console = Console(width=WIDTH, highlight=False)
    console.print(times, "", shares, sep="\n")
