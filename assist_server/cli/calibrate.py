"""`assist-server calibrate`: measure when a model is right, and write the weights to a file."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import track
from rich.table import Table

from assist_server.cli.benchmark.report import check_plotting
from assist_server.cli.eval import find_sources, with_completion
from assist_server.cli.inputs import load_settings, opened_model
from assist_server.errors import InputError
from assist_server.evaluation.suites import SuiteSizes, replays
from assist_server.training.loop.reports import new_figure

if TYPE_CHECKING:
    from assist_server.evaluation.calibration import Calibration, Point

_MUCH = SuiteSizes(pieces=40, piece_chars=150)
_LITTLE = SuiteSizes(pieces=12, piece_chars=120)


def run_calibrate(  # noqa: PLR0913 - as many as the command has options
    flags: Mapping[str, object],
    out: Path,
    repo: Path | None,
    packages: Path | None,
    *,
    is_quick: bool,
    plot: Path | None = None,
) -> None:
    """Retype known code, measure when completions are right, and write weights that predict it.

    Raises:
        AssistError: there is too little code, or the model cannot be loaded.
    """
    _check_folder(out)
    if plot is not None:
        check_plotting(plot)
    settings = with_completion(load_settings(flags), max_latency_ms=600_000, min_confidence=0.0)
    sources = find_sources(repo, packages, "validation")
    choice = _LITTLE if is_quick else _MUCH
    with opened_model(settings) as backend:
        typing = replays(backend, sources, choice, settings)
        typed = list(track(typing, "retyping", choice.pieces, console=Console(stderr=True)))
    from assist_server.evaluation.calibration import calibrate, examples_of  # noqa: PLC0415 - numpy

    found = calibrate(examples_of(typed), choice.seed)
    if found is None:
        raise InputError(
            "too few completions were shown to learn from; choose more code with --repo"
        )
    _write(out, found)
    if plot is not None:
        _plot(plot, found.curve)
    _print(found.curve)


def _check_folder(out: Path) -> None:
    """Check before measuring that the result can be written.

    Raises:
        InputError: there is no such folder.
    """
    if not out.absolute().parent.is_dir():
        raise InputError(f"cannot write {str(out)!r}; name a file in a folder that exists")


def _write(out: Path, found: "Calibration") -> None:
    try:
        out.write_text(json.dumps(asdict(found), indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise InputError(
            f"cannot write {str(out)!r}: {error.strerror}; name another file"
        ) from error


def _plot(file: Path, curve: "Sequence[Point]") -> None:
    """Draw the effect of each confidence threshold as a PNG."""
    figure = new_figure(figsize=(6, 4), layout="constrained")
    axes = figure.subplots()
    thresholds = [point.threshold for point in curve]
    precisions = [100 * point.precision for point in curve]
    axes.plot(thresholds, precisions, label="correct, of those shown")
    axes.plot(
        thresholds, [100 * point.coverage for point in curve], label="shown, of the correct ones"
    )
    axes.set(
        xlabel="least confidence", ylabel="%", ylim=(0, 100), title="when to show a completion"
    )
    axes.grid(alpha=0.3)
    axes.legend()
    figure.savefig(file, dpi=120)


def _print(curve: "Sequence[Point]") -> None:
    """Print the effect of showing only completions above each confidence."""
    table = Table("least confidence", "shown", "of these right", "of the right ones", box=None)
    for point in curve:
        shares = (point.shown, point.precision, point.coverage)
        table.add_row(f"{point.threshold:.2f}", *(f"{share:.1%}" for share in shares))
    Console(highlight=False).print(table)
