"""The effect of drafts: the same texts generated with and without them.

In one process, with one copy of the weights, in turns: two servers with the same settings differ
by more than the effect to measure.
"""

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from assist_server.cli.benchmark.measurement import Report
from assist_server.cli.benchmark.traces import Trace, copied
from assist_server.cli.inputs import open_model
from assist_server.context.cursor import CursorContext
from assist_server.context.snapshot import Snapshot
from assist_server.engine.backend import Backend
from assist_server.engine.request import CancelToken, GenerationRequest, Sampling, collect
from assist_server.features.inline_completion import build_request
from assist_server.settings import Settings

_NEW_TOKENS, _MIN_TOKENS = 96, 8
"""Tokens to generate at each place, and the fewest for which a speed is measured."""

_TURNS = 3


@dataclass(frozen=True)
class Kind:
    """A kind of text to generate."""

    name: str
    place: Callable[[Trace], Trace]
    temperature: float = 0.0


KINDS = (
    Kind("after a copy of the lines above", copied),
    Kind("elsewhere", lambda trace: trace),
    Kind("at random, with hardly any repetition", lambda trace: trace, temperature=1.5),
)


@dataclass(frozen=True)
class DraftFigures:
    """Median tokens per second at the same places, after prefill."""

    text: str
    with_drafts: float | None
    without: float | None
    times_faster: float | None
    """Speed-up by drafts: the median over pairs that generated the same text."""

    @classmethod
    def of(cls, text: str, pairs: Sequence[tuple[float, float]]) -> "DraftFigures":
        """Return the figures for pairs of speeds: with drafts, and without."""
        if not pairs:
            return cls(text, None, None, None)
        with_drafts, without = (
            round(statistics.median(way), 1) for way in zip(*pairs, strict=True)
        )
        times = statistics.median(drafted / plain for drafted, plain in pairs)
        return cls(text, with_drafts, without, round(times, 3))


def measure_drafts(
    settings: Settings, traces: Sequence[Trace], report: Report
) -> list[DraftFigures]:
    """Generate at each place with and without drafts, in alternating order.

    Raises:
        ModelError: the model in the settings cannot be loaded, or fails.
    """
    settings = settings.model_copy(update={"drafts": "ngram"})
    report("loading a model")
    backend = open_model(settings)
    try:
        return [_measure(kind, backend, settings, traces, report) for kind in KINDS]
    finally:
        backend.close()


def _measure(
    kind: Kind, backend: Backend, settings: Settings, traces: Sequence[Trace], report: Report
) -> DraftFigures:
    pairs = []
    for number, trace in enumerate(traces, start=1):
        report(f"writing {kind.name}: place {number} of {len(traces)}")
        request = _request(kind, backend, settings, kind.place(trace))
        _written(backend, request)  # prefills the prompt
        for turn in range(_TURNS):
            ways = (True, False) if (number + turn) % 2 else (False, True)
            written = {way: _written(backend, replace(request, may_draft=way)) for way in ways}
            drafted, plain = written[True], written[False]
            # Passes over several tokens round differently, which may change a close decision.
            if drafted.ids == plain.ids and len(plain.ids) >= _MIN_TOKENS:
                pairs.append((drafted.tokens_per_second, plain.tokens_per_second))
    return DraftFigures.of(kind.name, pairs)


def _request(kind: Kind, backend: Backend, settings: Settings, trace: Trace) -> GenerationRequest:
    """Return the server's request at a place, but for a long and repeatable text."""
    snapshot = Snapshot(f"file:///{trace.name}", trace.name, trace.start_text, "python")
    context = CursorContext(snapshot, len(trace.before), "always")
    request = build_request(context, backend, settings, CancelToken())
    sampling = Sampling(kind.temperature, seed=0)
    return replace(request, max_new_tokens=_NEW_TOKENS, sampling=sampling, max_latency_ms=None)


@dataclass(frozen=True)
class _Written:
    ids: tuple[int, ...]
    seconds: float

    @property
    def tokens_per_second(self) -> float:
        return len(self.ids) / self.seconds


def _written(backend: Backend, request: GenerationRequest) -> _Written:
    started_s = time.perf_counter()
    generation = collect(backend.generate(request))
    return _Written(generation.token_ids, time.perf_counter() - started_s)
