"""`assist-server bench`: how fast a real server answers while text is typed."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import typer
from rich.console import Console

from assist_server.cli.benchmark.drafts import measure_drafts
from assist_server.cli.benchmark.machine import describe_machine
from assist_server.cli.benchmark.measurement import (
    Report,
    measure_engine,
    measure_keystrokes,
    measure_lengths,
)
from assist_server.cli.benchmark.report import (
    BenchReport,
    Choice,
    MemoryFigures,
    check_plotting,
    plot,
    print_report,
)
from assist_server.cli.benchmark.session import Session
from assist_server.cli.benchmark.traces import SourceFile, library_files, make_traces, pieces
from assist_server.cli.inputs import load_settings
from assist_server.errors import InputError
from assist_server.lsp.client import SERVER_COMMAND, LspClient

_SHORTEST_FILE_LINES = 100


FULL = Choice(20, 40, (100, 1_000, 10_000, 100_000), 3)
QUICK = Choice(3, 15, (100, 1_000), 1)


@dataclass(frozen=True)
class Output:
    """Output of the figures."""

    as_json: bool
    plot: Path | None


def choose(places: int | None, characters: int | None, seed: int, *, is_quick: bool) -> Choice:
    """Return the full or the quick choice, with the given values."""
    usual = QUICK if is_quick else FULL
    return replace(
        usual,
        places=places or usual.places,
        characters=characters or usual.characters,
        seed=seed,
    )


def run_bench(flags: Mapping[str, object], choice: Choice, output: Output) -> None:
    """Measure a new server, then the model in this process, and print the figures.

    Raises:
        AssistError: a flag is invalid, or the server did not answer.
    """
    settings = load_settings(flags)
    if output.plot:
        check_plotting(output.plot)
    files = library_files(choice.seed)
    if 2 * choice.places > len(files):
        raise InputError(f"choose at most {len(files) // 2} places")
    with Console(stderr=True).status("starting") as status:
        with LspClient(_command(flags)) as client:
            report, keystrokes_ms = _measure(client, files, choice, status.update)
        traces = make_traces(files[: choice.places], choice.characters, choice.seed)
        report = replace(report, drafts=measure_drafts(settings, traces, status.update))
    if output.plot:
        plot(output.plot, keystrokes_ms, report.lengths)
    if output.as_json:
        typer.echo(json.dumps(asdict(report)))
    else:
        print_report(report)


def _command(flags: Mapping[str, object]) -> list[str]:
    """Return the command of a server with the same flags."""
    named = {name: flags[name] for name in ("model", "device") if name in flags}
    options = [text for name, value in named.items() for text in (f"--{name}", str(value))]
    return [*SERVER_COMMAND, *options]


def _measure(
    client: LspClient, files: Sequence[SourceFile], choice: Choice, report: Report
) -> tuple[BenchReport, list[float]]:
    machine = describe_machine()
    report("loading the model")
    session = Session(client)
    ready = session.memory()
    # Different files for both: what is measured cold must not have been seen.
    traces = make_traces(files[: 2 * choice.places], choice.characters, choice.seed)
    keystrokes, keystrokes_ms = measure_keystrokes(session, traces[: choice.places], report)
    engine = measure_engine(session, traces[choice.places :], report)
    short = pieces(files, _SHORTEST_FILE_LINES)[: choice.length_places]
    in_short = make_traces(short, choice.characters, choice.seed)
    lengths = measure_lengths(session, in_short, choice.lengths, report)
    end = session.memory()
    found = BenchReport(
        choice,
        machine,
        session.status,
        round(session.ready_ms, 1),
        keystrokes,
        engine,
        lengths,
        MemoryFigures(ready, end) if ready and end else None,
    )
    client.shut_down()
    return found, keystrokes_ms
