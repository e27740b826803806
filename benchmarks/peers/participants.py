"""The participants of the comparison, and their samples."""

from dataclasses import dataclass, field
from typing import Protocol

from engine_process import Engine
from prompts import Choice, Requests

from assist_server.cli.benchmark.session import Session

COLD = "cold"
"""One token at a place in a file that was not seen before."""
KEYSTROKE = "keystroke"
"""A completion after the next keystroke of a trace."""
ASKED = "model asked"
"""The same, if the server needed the model for it."""
JUMP = "jump"
"""One token at another place of a file that was just seen."""
STEP = "step"
"""One more token of a long completion."""
METRICS = (COLD, KEYSTROKE, ASKED, JUMP, STEP)


@dataclass
class Samples:
    """Measurements of one engine."""

    milliseconds: dict[str, list[float]] = field(default_factory=dict)
    prompt_tokens: list[int] = field(default_factory=list)
    continuations: list[list[int]] = field(default_factory=list)
    """The tokens generated after each keystroke."""
    reused_shares: list[float] = field(default_factory=list)
    """The cached share of each keystroke's prompt, if the engine reports it."""

    def add(self, metric: str, milliseconds: float) -> None:
        """Add a time."""
        self.milliseconds.setdefault(metric, []).append(round(milliseconds, 3))


class Participant(Protocol):
    """An engine or a server in the comparison."""

    def type(self, place: int, samples: Samples) -> None:
        """Type at a place."""

    def visit(self, place: int, samples: Samples) -> None:
        """Ask in a fresh file."""


@dataclass(frozen=True)
class Asked:
    """An engine that takes prompts."""

    engine: Engine
    requests: Requests

    def type(self, place: int, samples: Samples) -> None:
        """Type at a place; the first request is a jump and does not count."""
        first, *others = self.requests.keystrokes[place]
        self.engine.ask(first)
        for ask in others:
            answer = self.engine.ask(ask)
            samples.add(KEYSTROKE, answer.milliseconds)
            samples.continuations.append(answer.token_ids)
            if answer.reused_tokens is not None:
                samples.reused_shares.append(answer.reused_tokens / len(ask.prompt_ids))

    def visit(self, place: int, samples: Samples) -> None:
        """Ask in a fresh file."""
        fresh = self.requests.fresh[place]
        samples.prompt_tokens.append(len(fresh.cold.prompt_ids))
        samples.add(COLD, self.engine.ask(fresh.cold).milliseconds)
        again, long = self.engine.ask(fresh.again), self.engine.ask(fresh.long)
        more_tokens = len(long.token_ids) - len(again.token_ids)
        samples.add(STEP, (long.milliseconds - again.milliseconds) / more_tokens)
        samples.add(JUMP, self.engine.ask(fresh.jump).milliseconds)


@dataclass(frozen=True)
class Served:
    """Our server, which receives changes and requests over its standard streams."""

    session: Session
    choice: Choice

    def type(self, place: int, samples: Samples) -> None:
        """Type a trace, starting with a request before the first keystroke."""
        trace = self.choice.traces()[0][place]
        document = self.session.document(trace.name, trace.before, trace.after)
        document.open()
        document.ask()
        for answer in document.type(trace.keystrokes):
            samples.add(KEYSTROKE, answer.total_ms)
            if answer.is_from_model:
                samples.add(ASKED, answer.total_ms)
        document.close()

    def visit(self, place: int, samples: Samples) -> None:
        """Do nothing: these requests cannot be made over the protocol."""
