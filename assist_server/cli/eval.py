"""`assist-server eval`: how good a model is, on code that it has not seen or on one's own."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import typer
from rich.console import Console
from rich.table import Table

from assist_server.cli.opening import load_settings, opened_model
from assist_server.engine.backend import Backend
from assist_server.engine.opening import locate_model
from assist_server.errors import InputError
from assist_server.evaluation.evaluating import (
    Choice,
    Evaluation,
    Report,
    evaluate,
    run_benchmark,
)
from assist_server.evaluation.figures import Share
from assist_server.evaluation.infilling_benchmark import can_be_isolated, read_items
from assist_server.evaluation.places import Source
from assist_server.settings import Settings
from assist_server.training.split import HELD_OUT, Split, installed_sources

_SHOWN_FIGURES = ("exact", "similarity", "right characters", "parses", "shown", "stopped right")
_QUICK = Choice(places=10, pieces=3, piece_chars=150)
_FEWEST_FILES = 3
_MOST_READ_FILES = 40
"""For bits per byte."""
_NOT_OWN = {"venv", "env", "site-packages", "node_modules", "build", "dist"}


@dataclass(frozen=True)
class What:
    """What a model is evaluated on."""

    repo: Path | None
    packages: Path | None
    """A folder of installed packages, in place of those of this environment."""
    benchmark: Path | None
    is_quick: bool
    as_json: bool


def run_eval(flags: Mapping[str, object], what: What) -> None:
    """Evaluate a model and print what was found.

    Raises:
        AssistError: there is nothing to evaluate on, or the model cannot be loaded.
    """
    settings = load_settings(flags)
    sources = find_sources(what.repo, what.packages, "test")
    choice = _QUICK if what.is_quick else Choice()
    settings = with_completion(settings, max_latency_ms=600_000)  # a slow answer is one, too
    with (
        opened_model(settings) as backend,
        Console(stderr=True).status("choosing places") as status,
    ):
        found = _evaluated(backend, sources, choice, settings, status.update)
        if what.benchmark:
            status.update(f"writing the lines of {what.benchmark.name}")
            items = list(read_items(what.benchmark))[: choice.places if what.is_quick else None]
            lines = run_benchmark(backend, items, settings, with_tests=can_be_isolated())
            found = replace(found, benchmark=lines)
    # Last, as it computes on this thread, and the model's own one is in nobody's way any more.
    from assist_server.evaluation.bits_per_byte import bits_per_byte  # noqa: PLC0415 - with torch

    read = sources[:: max(1, len(sources) // _MOST_READ_FILES)]
    bits = bits_per_byte(locate_model(settings.model), read)
    found = replace(found, bits_per_byte=round(bits, 4))
    if what.as_json:
        typer.echo(json.dumps(asdict(found)))
    else:
        _print(found)


def with_completion(settings: Settings, **limits: object) -> Settings:
    """Settings with some limits of completions changed."""
    completion = settings.completion.model_copy(update=limits)
    return settings.model_copy(update={"completion": completion})


def find_sources(repo: Path | None, packages: Path | None, split: Split) -> list[Source]:
    """The files to evaluate on: of a repository, or of packages that no embedded model has seen.

    Raises:
        InputError: there are too few.
    """
    sources = list(_of_repository(repo) if repo else _never_seen(packages, split))
    if len(sources) >= _FEWEST_FILES:
        return sources
    if repo:
        found = f"{len(sources)} Python files below {str(repo)!r}"
        raise InputError(f"there are only {found}; name a folder with more code")
    names = ", ".join(name for name, wanted in HELD_OUT.items() if wanted == split)
    raise InputError(
        f"no package is installed here that the embedded models have not seen ({names}); install "
        "some of them, or evaluate on code of your own with --repo"
    )


def _of_repository(repo: Path) -> Iterator[Source]:
    for file in sorted(repo.rglob("*.py")):
        path = file.relative_to(repo)
        is_own = not any(part.startswith(".") or part in _NOT_OWN for part in path.parts)
        if is_own and (text := _text(file)):
            yield Source(path.as_posix(), text)


def _never_seen(folder: Path | None, split: Split) -> Iterator[Source]:
    for source in installed_sources([folder] if folder else None):
        is_held_out = source.distribution in HELD_OUT and source.split == split
        if is_held_out and (text := _text(source.file)):
            yield Source(source.path, text)


def _text(file: Path) -> str | None:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None  # it is no Python source then, or not ours to read


def _evaluated(
    backend: Backend, sources: Sequence[Source], choice: Choice, settings: Settings, tell: Report
) -> Evaluation:
    suites, saved = evaluate(backend, sources, choice, settings, tell)
    return Evaluation(backend.info.name, len(sources), suites, saved)


def _print(found: Evaluation) -> None:
    console = Console(highlight=False)
    console.print(f"[bold]{found.model}[/] on {found.files} files; percent, 95 % intervals")
    table = Table("what is missing", "written by", box=None, header_style="bold")
    for name in _SHOWN_FIGURES:
        table.add_column(name, justify="right")
    for kind, writers in found.suites.items():
        for writer, shares in writers.items():
            table.add_row(kind, writer, *_cells(shares))
    console.print(table)
    for line in _sentences(found):
        console.print(line)


def _sentences(found: Evaluation) -> Iterator[str]:
    if found.bits_per_byte is not None:
        yield f"text: {found.bits_per_byte:.3f} bits per byte"
    saved = found.savings
    yield (
        f"typing {saved.chars:,} characters again: {saved.completed:.1%} of them accepted, "
        f"{saved.precision:.1%} of {saved.shown} shown completions right"
    )
    for name, share in found.benchmark.items():
        yield f"lines of the benchmark, {name}: {_cell(share)}"


def _cells(shares: Mapping[str, Share | None]) -> Iterator[str]:
    """The first figure with its interval, the others without."""
    exact, *others = (shares[name] for name in _SHOWN_FIGURES)
    yield _cell(exact)
    for share in others:
        yield "-" if share is None else f"{100 * share.mean:.0f}"


def _cell(share: Share | None) -> str:
    if share is None:
        return "-"
    return f"{100 * share.mean:.1f} ({100 * share.low:.0f}-{100 * share.high:.0f})"
