"""What guessing ahead is worth: the same texts written with drafts and without."""

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from assist_server.cli.benching.measuring import Report, tokens_per_second
from assist_server.cli.benching.session import Answer, Session
from assist_server.cli.benching.traces import Trace, copied

SETTINGS = {
    "completion": {
        "multi_line": "always",
        "max_new_tokens": 96,
        "max_latency_ms": 600_000,
        "predict_next": False,
    },
    "drafts": "ngram",
}
"""Long texts, and nothing beside them."""


@dataclass(frozen=True)
class Kind:
    """A kind of text to write."""

    name: str
    place: Callable[[Trace], Trace]
    temperature: float = 0.0


KINDS = (
    Kind("behind a copy of the lines above", copied),
    Kind("elsewhere", lambda trace: trace),
    Kind("at random, which hardly repeats itself", lambda trace: trace, temperature=1.5),
)


@dataclass(frozen=True)
class DraftFigures:
    """Tokens per second behind the first one, at the same places; medians of the places."""

    text: str
    with_drafts: float | None
    without: float | None

    @property
    def times_faster(self) -> float | None:
        """How many times as fast drafts make it."""
        if not self.with_drafts or not self.without:
            return None
        return round(self.with_drafts / self.without, 3)


def measure_drafts(
    drafting: Session, plain: Session, traces: Sequence[Trace], report: Report
) -> list[DraftFigures]:
    """Ask both servers at each place, in turns; the one that begins changes."""
    figures = []
    for kind in KINDS:
        for session in (drafting, plain):
            session.configure({"completion": {"temperature": kind.temperature}})
        answers: dict[Session, list[Answer]] = {drafting: [], plain: []}
        for number, trace in enumerate(traces):
            report(f"writing {kind.name}: place {number + 1} of {len(traces)}")
            for session in (drafting, plain) if number % 2 else (plain, drafting):
                answers[session].append(_ask(session, kind.place(trace)))
        speeds = (_median_speed(answers[session]) for session in (drafting, plain))
        figures.append(DraftFigures(kind.name, *speeds))
    return figures


def _median_speed(answers: Sequence[Answer]) -> float | None:
    speeds = [speed for answer in answers if (speed := tokens_per_second([answer]))]
    return round(statistics.median(speeds), 1) if speeds else None


def _ask(session: Session, trace: Trace) -> Answer:
    document = session.document(trace.name, trace.before, trace.behind)
    document.open()
    answer = document.ask()
    document.close()
    return answer
