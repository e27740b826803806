"""Running the suites on a model, and on the baselines beside it."""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from assist_server.engine.backend import Backend
from assist_server.evaluation.figures import Score, Share, figures, score
from assist_server.evaluation.infilling_benchmark import Item, passes
from assist_server.evaluation.places import Kind, Place, Source, choose_places
from assist_server.evaluation.replay import Replay, Savings, choose_spans, replay, savings
from assist_server.evaluation.writers import Writer, copy_writer, model_writer, ngram_writer
from assist_server.features.inline_completion import complete
from assist_server.settings import Settings

MODEL = "model"
_NGRAM_FILES = 60

Report = Callable[[str], None]
"""Is told what is being done."""


@dataclass(frozen=True)
class Choice:
    """How much is evaluated."""

    places: int = 100
    """Of each kind."""
    pieces: int = 20
    """Typed again for the share of completed code."""
    piece_chars: int = 400
    seed: int = 0


Suites = dict[str, dict[str, dict[str, Share | None]]]
"""Figures by kind of place, by writer, and by name."""


@dataclass(frozen=True)
class Evaluation:
    """What was found of one model."""

    model: str
    files: int
    suites: Suites
    savings: Savings
    benchmark: dict[str, Share | None] = field(default_factory=dict)
    """Exact lines, and lines that pass their tests where those could be run."""
    bits_per_byte: float | None = None


def evaluate(
    backend: Backend, sources: Sequence[Source], choice: Choice, settings: Settings, report: Report
) -> tuple[Suites, Savings]:
    """The suites of places, and the share of completed code, on some files."""
    draw = random.Random(choice.seed)  # noqa: S311 - repeatable, not secret
    shuffled = draw.sample(sources, len(sources))
    # n-grams are counted in files of their own.
    read_count = min(_NGRAM_FILES, len(sources) // 3)
    read, asked = shuffled[:read_count], shuffled[read_count:]
    places = choose_places(asked, choice.places, choice.seed)
    writers = {
        MODEL: model_writer(backend, settings),
        "copy": copy_writer,
        "5-gram": ngram_writer([source.text for source in read]),
    }
    suites: Suites = {}
    for kind in Kind:
        of_kind = [place for place in places if place.kind is kind]
        report(f"{kind}: {len(of_kind)} places")
        suites[kind] = {name: figures(_scores(writer, of_kind)) for name, writer in writers.items()}
    report("typing again")
    return suites, type_again(backend, asked, choice, settings)


def type_again(
    backend: Backend, sources: Sequence[Source], choice: Choice, settings: Settings
) -> Savings:
    """The share of completed code."""
    return savings(list(replays(backend, sources, choice, settings)))


def replays(
    backend: Backend, sources: Sequence[Source], choice: Choice, settings: Settings
) -> Iterator[Replay]:
    """Pieces of the files, typed again with what the product shows by itself."""
    for source, start, end in choose_spans(sources, choice.pieces, choice.piece_chars, choice.seed):
        yield replay(
            source,
            start,
            end,
            lambda context: complete(context, backend, settings, is_automatic=True),
            lambda _, completion: completion.text is not None,
        )


def run_benchmark(
    backend: Backend, items: Sequence[Item], settings: Settings, *, with_tests: bool
) -> dict[str, Share | None]:
    """A benchmark of single lines: exact ones and, where that is possible, those that work."""
    write = model_writer(backend, settings)
    lines = [write(item.place).text for item in items]
    exact = [
        line.rstrip() == item.place.missing.rstrip()
        for line, item in zip(lines, items, strict=True)
    ]
    found = {"exact": Share.of(list(map(float, exact)))}
    if with_tests:
        # What is exact passes by definition, and need not be run.
        passed = [
            is_exact or (bool(line.strip()) and passes(item, line))
            for line, item, is_exact in zip(lines, items, exact, strict=True)
        ]
        found["passes its tests"] = Share.of(list(map(float, passed)))
    return found


def _scores(write: Writer, places: Sequence[Place]) -> list[Score]:
    return [score(place, write(place)) for place in places]
