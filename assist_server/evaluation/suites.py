"""Evaluation suites, run on models and on baselines."""

import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from assist_server.context.cursor import CursorContext
from assist_server.engine.backend import Backend
from assist_server.evaluation.completers import (
    Completer,
    copy_completer,
    model_completer,
    ngram_completer,
)
from assist_server.evaluation.documentation import (
    Function,
    choose_functions,
    facts_documenter,
    product_documenter,
    rate_documentation,
)
from assist_server.evaluation.figures import Estimate, Figures, figures, score
from assist_server.evaluation.infilling_benchmark import Item, passes
from assist_server.evaluation.replay import Ask, Replay, choose_spans, replay, savings
from assist_server.evaluation.summaries import (
    Pair,
    lead,
    product_summarizer,
    rate_summaries,
    text_rank,
)
from assist_server.evaluation.tasks import Kind, Place, Source, choose_places, choose_script_places
from assist_server.features.inline_completion import InlineCompletion, Outcome, complete
from assist_server.settings import Settings

_NGRAM_FILES = 60
_Item = TypeVar("_Item")

_LINES, _TYPED = "benchmark lines", "typed again"
DOCSTRINGS, SUMMARIES = "docstrings", "summaries"
_TRAINED = f"{Kind.REST_OF_LINE}, trained on"

Report = Callable[[str], None]
"""Called with progress messages."""

Suites = dict[str, dict[str, Figures]]
"""Figures by suite, by completer, and by name."""


@dataclass(frozen=True)
class SuiteSizes:
    """The number of tasks in each suite."""

    places: int = 100
    """Number of places of each kind."""
    pieces: int = 20
    """Pieces to replay for the share of completed code."""
    piece_chars: int = 400
    functions: int = 50
    """Functions to document."""
    pairs: int = 100
    """Texts to summarize."""
    lines: int | None = None
    """Lines of the benchmark; None for all."""
    seed: int = 0
    only: frozenset[str] = frozenset()
    """Names of the suites to run; empty for all."""

    def wants(self, suite: str) -> bool:
        """Return whether to run a suite."""
        return not self.only or suite in self.only


@dataclass(frozen=True)
class Material:
    """The data for an evaluation."""

    sources: Sequence[Source]
    """Files that the models were not trained on."""
    trained: Sequence[Source] = ()
    """Files that the models were trained on, to measure memorization."""
    items: Sequence[Item] = ()
    pairs: Sequence[Pair] = ()
    scripts: Sequence[Source] = ()
    """Files of other languages that the models were not trained on."""


class Tasks:
    """The tasks of all suites, the same for every model and baseline."""

    def __init__(self, material: Material, sizes: SuiteSizes) -> None:
        draw = random.Random(sizes.seed)  # noqa: S311 - repeatable, not secret
        sources = material.sources
        shuffled = draw.sample(sources, len(sources))
        # n-grams are counted in separate files.
        ngram_count = min(_NGRAM_FILES, len(sources) // 3)
        self.ngram_sources, self.sources = shuffled[:ngram_count], shuffled[ngram_count:]
        self.sizes = sizes
        places = choose_places(self.sources, sizes.places, sizes.seed)
        self.places: dict[str, list[Place]] = {
            kind: [place for place in places if place.kind is kind] for kind in Kind
        }
        if material.trained:
            known = choose_places(material.trained, sizes.places, sizes.seed)
            self.places[_TRAINED] = [place for place in known if place.kind is Kind.REST_OF_LINE]
        self.places |= choose_script_places(material.scripts, sizes.places, sizes.seed)
        self.items = _some(material.items, sizes.lines, draw)
        self.functions: list[Function] = choose_functions(self.sources, sizes.functions, sizes.seed)
        self.pairs = _some(material.pairs, sizes.pairs, draw)


def _some(items: Sequence[_Item], count: int | None, draw: random.Random) -> list[_Item]:
    return draw.sample(items, min(len(items), count if count is not None else len(items)))


def evaluate_model(  # noqa: PLR0913 - the inputs of an evaluation
    name: str,
    backend: Backend,
    tasks: Tasks,
    settings: Settings,
    report: Report,
    *,
    runs_tests: bool,
) -> Suites:
    """Run all suites on a model, used as the product uses it."""
    suites: Suites = {}
    wants = tasks.sizes.wants
    if not tasks.sizes.only:
        write = model_completer(backend, settings)
        suites = _completion_suites(name, write, tasks, report, runs_tests=runs_tests)
        report(f"{name}: replaying typing")
        typed = list(replays(backend, tasks.sources, tasks.sizes, settings))
        suites[_TYPED] = {name: savings(typed)}
    if wants(DOCSTRINGS):
        report(f"{name}: documenting {len(tasks.functions)} functions")
        length = settings.documentation.line_length
        documenter = product_documenter(backend, settings)
        suites[DOCSTRINGS] = {name: rate_documentation(documenter, tasks.functions, length)}
    if tasks.pairs and wants(SUMMARIES):
        report(f"{name}: summarizing {len(tasks.pairs)} texts")
        summarizer = product_summarizer(backend, settings)
        suites[SUMMARIES] = {name: rate_summaries(summarizer, tasks.pairs)}
    return suites


def evaluate_baselines(tasks: Tasks, settings: Settings, report: Report) -> Suites:
    """Run all suites on the baselines, which need no model."""
    parts: list[Suites] = []
    wants = tasks.sizes.wants
    if not tasks.sizes.only:
        ngram = ngram_completer([source.text for source in tasks.ngram_sources])
        for name, write in (("copy", copy_completer), ("5-gram", ngram)):
            parts.append(_completion_suites(name, write, tasks, report, runs_tests=False))
            report(f"{name}: replaying typing")
            typed = list(_replays(_as_ask(write), tasks.sources, tasks.sizes))
            parts.append({_TYPED: {name: savings(typed)}})
    if wants(DOCSTRINGS):
        length = settings.documentation.line_length
        named = rate_documentation(facts_documenter(settings), tasks.functions, length)
        parts.append({DOCSTRINGS: {"facts alone": named}})
    if tasks.pairs and wants(SUMMARIES):
        ways = {"lead-1": lead, "TextRank": text_rank}
        rated = {name: rate_summaries(way, tasks.pairs) for name, way in ways.items()}
        parts.append({SUMMARIES: rated})
    return merge_suites(parts)


def merge_suites(parts: Iterable[Suites]) -> Suites:
    """Merge the figures of several completers by suite."""
    merged: Suites = {}
    for part in parts:
        for suite, completers in part.items():
            merged.setdefault(suite, {}).update(completers)
    return merged


def _completion_suites(
    name: str, write: Completer, tasks: Tasks, report: Report, *, runs_tests: bool
) -> Suites:
    suites: Suites = {}
    for suite, places in tasks.places.items():
        report(f"{name}: {suite}, {len(places)} places")
        suites[suite] = {name: figures([score(place, write(place)) for place in places])}
    if tasks.items:
        report(f"{name}: {len(tasks.items)} lines of the benchmark")
        suites[_LINES] = {name: _run_benchmark(write, tasks.items, with_tests=runs_tests)}
    return suites


def replays(
    backend: Backend, sources: Sequence[Source], sizes: SuiteSizes, settings: Settings
) -> Iterator[Replay]:
    """Replay pieces of the files with the completions that the product shows automatically."""
    ask = lambda context: complete(context, backend, settings, is_automatic=True)  # noqa: E731
    yield from _replays(ask, sources, sizes)


def _replays(ask: Ask, sources: Sequence[Source], sizes: SuiteSizes) -> Iterator[Replay]:
    for source, start, end in choose_spans(sources, sizes.pieces, sizes.piece_chars, sizes.seed):
        yield replay(source, start, end, ask, lambda _, completion: completion.text is not None)


def _as_ask(write: Completer) -> Ask:
    """Return a baseline in the form that `replay` calls."""

    def ask(context: CursorContext) -> InlineCompletion:
        text, offset = context.snapshot.text, context.offset
        place = Place(Kind.REST_OF_LINE, context.snapshot.path, text, offset, offset)
        written = write(place).text or None
        return InlineCompletion(Outcome.SHOWN, text=written, start=offset, end=offset)

    return ask


def _run_benchmark(write: Completer, items: Sequence[Item], *, with_tests: bool) -> Figures:
    """Run the single-line benchmark: exact lines and, if possible, lines that pass the tests."""
    lines = [write(item.place).text for item in items]
    exact = [
        line.rstrip() == item.place.missing.rstrip()
        for line, item in zip(lines, items, strict=True)
    ]
    found = {"exact": Estimate.of(list(map(float, exact)))}
    if with_tests:
        # An exact line passes by definition.
        passed = [
            is_exact or (bool(line.strip()) and passes(item, line))
            for line, item, is_exact in zip(lines, items, exact, strict=True)
        ]
        found["passes its tests"] = Estimate.of(list(map(float, passed)))
    return found
