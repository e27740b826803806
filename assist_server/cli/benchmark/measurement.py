"""Measurements of a running server, and figures for many samples."""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import chain

from assist_server.cli.benchmark.session import Answer, Session
from assist_server.cli.benchmark.traces import Trace, lengthened
from assist_server.features.inline_completion import Outcome


@dataclass(frozen=True)
class Spread:
    """Distribution of samples in milliseconds."""

    count: int
    p50_ms: float
    p90_ms: float
    max_ms: float

    @classmethod
    def of(cls, samples_ms: Iterable[float]) -> "Spread | None":
        """Return the spread of samples; None without samples."""
        ordered = sorted(samples_ms)
        if not ordered:
            return None
        figures = (percentile(ordered, 0.5), percentile(ordered, 0.9), ordered[-1])
        return cls(len(ordered), *(round(figure, 2) for figure in figures))


def percentile(ordered: Sequence[float], share: float) -> float:
    """Return the quantile of sorted samples, with linear interpolation."""
    place = share * (len(ordered) - 1)
    low, high = ordered[math.floor(place)], ordered[math.ceil(place)]
    return low + (high - low) * (place - math.floor(place))


Report = Callable[[str], None]
"""Progress callback, called with the current measurement."""


@dataclass(frozen=True)
class KeystrokeFigures:
    """Times from sending a change to the answer to the request after it."""

    all: Spread | None
    from_model: Spread | None
    """Times of keystrokes for which the model ran."""
    known: Spread | None
    """Times of keystrokes answered from earlier results."""
    shown: Spread | None
    """Times of keystrokes, of both kinds, with a completion to show."""
    share_without_model: float
    outcomes: dict[str, int]
    """Number of answers of each kind, in the server's terms."""
    new_tokens_per_second: float | None
    """Speed after the first token, drafts included."""


@dataclass(frozen=True)
class EngineFigures:
    """The server's time until the model's first token."""

    cold: Spread | None
    """In a file not seen before, right after it was opened."""
    warm: Spread | None
    """At the same place, after the document was closed and opened again."""
    keystroke: Spread | None
    """After the first keystroke for which the model ran again."""
    jump: Spread | None
    """At another place in the same file."""
    prompt_tokens: int
    """The longest prompt of these."""


@dataclass(frozen=True)
class LengthFigures:
    """Keystrokes in the middle of a file of some length for which the model ran."""

    lines: int
    keystroke: Spread | None
    """Times that the client measures."""
    server: Spread | None
    """The server's part of it."""


def measure_keystrokes(
    session: Session, traces: Sequence[Trace], report: Report
) -> tuple[KeystrokeFigures, list[float]]:
    """Type each trace in a document of its own; return the figures and all times."""
    answers: list[Answer] = []
    for number, trace in enumerate(traces, start=1):
        report(f"typing in {trace.name}, place {number} of {len(traces)}")
        document = session.document(trace.name, trace.before, trace.after)
        document.open()
        answers += document.type(trace.keystrokes)
        document.close()
    asked = [answer for answer in answers if answer.is_from_model]
    figures = KeystrokeFigures(
        Spread.of(answer.total_ms for answer in answers),
        Spread.of(answer.total_ms for answer in asked),
        Spread.of(answer.total_ms for answer in answers if not answer.is_from_model),
        Spread.of(answer.total_ms for answer in answers if answer.outcome == Outcome.SHOWN),
        round(1 - len(asked) / len(answers), 4) if answers else 0.0,
        dict(Counter(kind(answer) for answer in answers).most_common()),
        tokens_per_second(asked),
    )
    return figures, [answer.total_ms for answer in answers]


def tokens_per_second(answers: Iterable[Answer]) -> float | None:
    """Return the speed after the first token over all answers; None if none had a second."""
    tokens, spent_ms = 0, 0.0
    for answer in answers:
        if answer.first_token_ms is not None and answer.new_tokens > 1:
            tokens += answer.new_tokens - 1
            spent_ms += answer.model_ms - answer.first_token_ms
    return round(tokens / spent_ms * 1000, 1) if spent_ms > 0 else None


def measure_engine(session: Session, traces: Sequence[Trace], report: Report) -> EngineFigures:
    """Measure first tokens at a place in each file: cold, warm, after a keystroke and a jump."""
    rows = []
    for number, trace in enumerate(traces, start=1):
        report(f"first tokens in {trace.name}, file {number} of {len(traces)}")
        rows.append(_ask_in_turn(session, trace))
    cold, warm, keystroke, jump = zip(*rows, strict=True) if rows else ((), (), (), ())
    asked = [answer for answer in chain(*rows) if answer is not None]
    longest = max((answer.prompt_tokens for answer in asked), default=0)
    return EngineFigures(
        _first_tokens(cold),
        _first_tokens(warm),
        _first_tokens(keystroke),
        _first_tokens(jump),
        longest,
    )


def measure_lengths(
    session: Session, traces: Sequence[Trace], lengths: Sequence[int], report: Report
) -> list[LengthFigures]:
    """Type the same text in files of different lengths, in turns."""
    answers: dict[int, list[Answer]] = {lines: [] for lines in lengths}
    for trace in traces:
        for lines in lengths:
            report(f"typing in {trace.name} with {lines:,} lines")
            longer = lengthened(trace, lines)
            document = session.document(longer.name, longer.before, longer.after)
            document.open()
            # The first request prefills the whole prompt, which is not to be measured here.
            typed = document.type(longer.keystrokes)[1:]
            answers[lines] += [answer for answer in typed if answer.is_from_model]
            document.close()
    return [
        LengthFigures(
            lines,
            Spread.of(answer.total_ms for answer in found),
            Spread.of(answer.model_ms for answer in found),
        )
        for lines, found in answers.items()
    ]


def _ask_in_turn(session: Session, trace: Trace) -> tuple[Answer | None, ...]:
    document = session.document(trace.name, trace.before, trace.after)
    document.open()
    cold = document.ask()
    document.close()
    document.open()
    warm = document.ask()
    typed = (document.type([each])[0] for each in trace.keystrokes)
    keystroke = next((answer for answer in typed if answer.is_from_model), None)
    document.move_to((document.line + document.line_count // 2) % document.line_count)
    jump = document.ask()
    document.close()
    return cold, warm, keystroke, jump


def _first_tokens(answers: Iterable[Answer | None]) -> Spread | None:
    asked = [answer for answer in answers if answer is not None and answer.is_from_model]
    return Spread.of(answer.to_first_token_ms for answer in asked)


def kind(answer: Answer) -> str:
    """Return the outcome, with its detail where that has few values."""
    has_fixed_detail = answer.detail and answer.outcome != Outcome.LOW_CONFIDENCE
    return f"{answer.outcome}: {answer.detail}" if has_fixed_detail else answer.outcome
