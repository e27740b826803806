"""`assist-server eval`: measure a model on code that it has not seen or on your own."""

import json
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import typer
from rich.console import Console
from rich.table import Table

from assist_server.cli.inputs import load_settings, opened_model
from assist_server.engine.backend import ModelChoice
from assist_server.engine.loading.locate import locate_model
from assist_server.errors import InputError
from assist_server.evaluation.documentation import SECONDS
from assist_server.evaluation.figures import Estimate
from assist_server.evaluation.infilling_benchmark import can_be_isolated, read_items
from assist_server.evaluation.suites import (
    DOCSTRINGS,
    SUMMARIES,
    Material,
    Suites,
    SuiteSizes,
    Tasks,
    evaluate_baselines,
    evaluate_model,
    merge_suites,
)
from assist_server.evaluation.summaries import Pair
from assist_server.evaluation.tasks import Source
from assist_server.settings import Settings
from assist_server.training.data.debian import debian_pairs
from assist_server.training.data.documents import Document, language_of, rejection_reason
from assist_server.training.data.npm import npm_documents
from assist_server.training.data.split import (
    FRESH,
    HELD_OUT,
    SourceFile,
    Split,
    installed_distributions,
    installed_sources,
    is_fresh,
    source_files,
)

QUICK = SuiteSizes(places=10, pieces=3, piece_chars=150, functions=5, pairs=10, lines=10)
TEXT = "text"
_MIN_FILES = 3
_MAX_READ_FILES = 40
"""Number of files for bits per byte."""
_MAX_TRAINED_FILES = 100
_MAX_FILES_OF_EACH = 40
"""For each distribution of the second test set."""
_NOT_OWN = {"venv", "env", "site-packages", "node_modules", "build", "dist"}
_NO_SHARES = {"bits per byte", SECONDS}
_FEW = 3
_Item = TypeVar("_Item")


@dataclass(frozen=True)
class What:
    """Models and code to evaluate."""

    beside: tuple[str, ...]
    """Other models to compare with."""
    repo: Path | None
    packages: Path | None
    """Folder of installed packages, instead of those of this environment."""
    is_fresh: bool
    """True for the second test set: packages published after the base models were trained."""
    benchmark: Path | None
    corpus: Path | None
    """Training data of the model, to measure memorization."""
    choice: SuiteSizes
    as_json: bool


def choose(  # noqa: PLR0913 - as many as the options
    places: int | None,
    pieces: int | None,
    lines: int | None,
    seed: int,
    *,
    is_quick: bool,
    has_documentation: bool = False,
    has_summaries: bool = False,
) -> SuiteSizes:
    """Return how much to evaluate, from the options."""
    choice = QUICK if is_quick else SuiteSizes()
    given = {"places": places, "pieces": pieces, "lines": lines}
    sizes: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    wanted = {DOCSTRINGS: has_documentation, SUMMARIES: has_summaries}
    only = frozenset(name for name, is_wanted in wanted.items() if is_wanted)
    return replace(choice, seed=seed, only=only, **sizes)


def run_eval(flags: Mapping[str, object], what: What) -> None:
    """Evaluate models and print the figures.

    Raises:
        AssistError: there is too little code, or a model cannot be loaded.
    """
    settings = load_settings(flags)
    settings = with_completion(settings, max_latency_ms=600_000)  # slow answers count, too
    others = [settings.model_copy(update={"model": name}) for name in what.beside]
    material = _material(what)
    tasks = Tasks(material, what.choice)
    found = [_evaluated(each, tasks, material) for each in (settings, *others)]
    with Console(stderr=True).status("baselines") as status:
        suites = merge_suites([*found, evaluate_baselines(tasks, settings, status.update)])
    if what.as_json:
        as_rows = {
            suite: {
                writer: {name: one and asdict(one) for name, one in figures.items()}
                for writer, figures in writers.items()
            }
            for suite, writers in suites.items()
        }
        choice = asdict(what.choice) | {"only": sorted(what.choice.only)}
        facts = {"files": len(material.sources), "choice": choice, "suites": as_rows}
        typer.echo(json.dumps(facts, indent=1))
    else:
        _print(suites)


def _material(what: What) -> Material:
    if what.is_fresh:
        sources, scripts = _find_fresh(what.packages)
    else:
        sources, scripts = find_sources(what.repo, what.packages, "test"), []
    items = list(read_items(what.benchmark)) if what.benchmark else []
    long_and_short = (document.text.partition("\n\n") for document in debian_pairs())
    pairs = [Pair(long.strip(), short) for short, _, long in long_and_short]
    trained = _trained(what.corpus, what.choice.seed)
    return Material(sources, trained, items, pairs, scripts)


def _trained(corpus: Path | None, seed: int) -> list[Source]:
    if corpus is None:
        return []
    from assist_server.training.data.corpus import read_corpus  # noqa: PLC0415 - numpy

    documents = [
        document
        for document in read_corpus(corpus)
        if document.origin.split == "train" and document.origin.kind == "code"
    ]
    draw = random.Random(seed)  # noqa: S311 - repeatable, not secret
    chosen = draw.sample(documents, min(_MAX_TRAINED_FILES, len(documents)))
    return [Source(document.origin.path, document.text) for document in chosen]


def _evaluated(settings: Settings, tasks: Tasks, material: Material) -> Suites:
    choice = ModelChoice.of(settings)
    name = Path(choice.label).name
    with (
        opened_model(settings) as backend,
        Console(stderr=True).status(name) as status,
    ):
        suites = evaluate_model(
            name, backend, tasks, settings, status.update, runs_tests=can_be_isolated()
        )
    if choice.remote.url or tasks.sizes.only:
        return suites  # a server does not give the probabilities of a text
    # Last, as it computes on this thread, and by now the model's own thread is idle.
    from assist_server.evaluation.perplexity import perplexity_figures  # noqa: PLC0415 - with torch

    for suite, sources in ((TEXT, material.sources), (f"{TEXT}, trained on", material.trained)):
        read = sources[:: max(1, len(sources) // _MAX_READ_FILES)]
        if read:
            suites[suite] = {name: perplexity_figures(locate_model(settings.model), read)}
    return suites


def with_completion(settings: Settings, **limits: object) -> Settings:
    """Return settings with different limits for completions."""
    completion = settings.completion.model_copy(update=limits)
    return settings.model_copy(update={"completion": completion})


def find_sources(repo: Path | None, packages: Path | None, split: Split) -> list[Source]:
    """Return files of a repository, or of packages that no embedded model was trained on.

    Raises:
        InputError: there are too few.
    """
    sources = list(_of_repository(repo) if repo else _never_seen(packages, split))
    if len(sources) >= _MIN_FILES:
        return sources
    if repo:
        found = f"{len(sources)} Python files below {str(repo)!r}"
        raise InputError(f"there are only {found}; choose a folder with more code")
    names = ", ".join(name for name, wanted in HELD_OUT.items() if wanted == split)
    raise InputError(
        f"none of the packages is installed that the embedded models have not seen ({names}); "
        "install some of them, or evaluate on your own code with --repo"
    )


def _find_fresh(folder: Path | None) -> tuple[list[Source], list[Source]]:
    """Return the Python files of the second test set, and its JavaScript and TypeScript.

    Raises:
        InputError: there are too few Python files.
    """
    python = [
        Source(source.path, text)
        for source in _some_of_each(_fresh_packages(folder))
        if (text := _text(source.file))
    ]
    if len(python) < _MIN_FILES:
        names = ", ".join(name for name in FRESH if not name.startswith("npm:"))
        raise InputError(
            f"no package of the second test set is installed ({names}); install some of them "
            "with `pip install --target FOLDER` and pass the folder with --packages"
        )
    archives = sorted(folder.glob("*.tgz")) if folder else []
    scripts = [list(filter(_is_script, npm_documents(archive, {}))) for archive in archives]
    chosen = _some_of_each(scripts)
    return python, [Source(document.origin.path, document.text) for document in chosen]


def _fresh_packages(folder: Path | None) -> list[list[SourceFile]]:
    found = installed_distributions([folder] if folder else None)
    return [
        list(source_files(distribution))
        for distribution in found
        if is_fresh(distribution.metadata["Name"])
    ]


def _some_of_each(groups: Sequence[Sequence[_Item]]) -> list[_Item]:
    """Return a limited number of files of each distribution, so that none dominates."""
    draw = random.Random(0)  # noqa: S311 - repeatable, not secret
    return [
        item for group in groups for item in draw.sample(group, min(_MAX_FILES_OF_EACH, len(group)))
    ]


def _is_script(document: Document) -> bool:
    origin = document.origin
    is_fit = (
        is_fresh(origin.distribution) and origin.kind == "code" and not rejection_reason(document)
    )
    return is_fit and language_of(origin.path) in {"javascript", "typescript"}


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
        return file.read_text(encoding="utf-8") if file.is_file() else None
    except (OSError, UnicodeDecodeError):
        return None  # not Python source, or not readable


def _print(suites: Suites) -> None:
    """Print a table for each suite; with many figures, only the first gets an interval."""
    console = Console(highlight=False)
    for suite, writers in suites.items():
        names = list(dict.fromkeys(name for figures in writers.values() for name in figures))
        table = Table(suite, *names, box=None, header_style="bold", title_justify="left")
        for writer, figures in writers.items():
            cells = (
                _cell(name, figures.get(name), has_interval=len(names) <= _FEW or name == names[0])
                for name in names
            )
            table.add_row(writer, *cells)
        console.print(table)
        console.print()


def _cell(name: str, estimate: Estimate | None, *, has_interval: bool) -> str:
    if estimate is None:
        return "-"
    scale, digits = (1, 3) if name in _NO_SHARES else (100, 1)
    mean, low, high = (
        f"{scale * value:.{digits}f}" for value in (estimate.mean, estimate.low, estimate.high)
    )
    return f"{mean} ({low}-{high})" if has_interval else mean
