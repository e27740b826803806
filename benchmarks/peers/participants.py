"""Who takes part in the comparison, and what is seen of each."""

from dataclasses import dataclass, field
from typing import Protocol

from engine_process import Engine
from prompts import Choice, Requests

from assist_server.cli.benchmark.session import Session

COLD = "cold"
"""One token at a place in a file that was not seen before."""
KEYSTROKE = "keystroke"
"""A completion behind the next key of a trace."""
ASKED = "model asked"
"""The same, where the server did not know the answer from the last one."""
JUMP = "jump"
"""One token at another place of a file that was just seen."""
STEP = "step"
"""One more token of a long completion."""
METRICS = (COLD, KEYSTROKE, ASKED, JUMP, STEP)


@dataclass
class Samples:
    """What one engine was seen to do."""

    milliseconds: dict[str, list[float]] = field(default_factory=dict)
    prompt_tokens: list[int] = field(default_factory=list)
    continuations: list[list[int]] = field(default_factory=list)
    """Behind each keystroke."""
    reused_shares: list[float] = field(default_factory=list)
    """Of the prompt of each keystroke, where the engine tells."""

    def add(self, metric: str, milliseconds: float) -> None:
        """Note a time."""
        self.milliseconds.setdefault(metric, []).append(round(milliseconds, 3))


class Participant(Protocol):
    """Whoever takes part."""

    def type(self, place: int, samples: Samples) -> None:
        """Type at a place."""

    def visit(self, place: int, samples: Samples) -> None:
        """Ask in a fresh file."""


@dataclass(frozen=True)
class Asked:
    """An engine that is given prompts."""

    engine: Engine
    requests: Requests

    def type(self, place: int, samples: Samples) -> None:
        """Type at a place; the first request, which is a jump, is not counted."""
        first, *others = self.requests.keystrokes[place]
        self.engine.ask(first)
        for ask in others:
            told = self.engine.ask(ask)
            samples.add(KEYSTROKE, told.milliseconds)
            samples.continuations.append(told.token_ids)
            if told.reused_tokens is not None:
                samples.reused_shares.append(told.reused_tokens / len(ask.prompt_ids))

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
    """Our server, which gets changes and requests over its standard streams."""

    session: Session
    choice: Choice

    def type(self, place: int, samples: Samples) -> None:
        """Type at a place, from before the first key on."""
        trace = self.choice.traces()[0][place]
        document = self.session.document(trace.name, trace.before, trace.after)
        document.open()
        document.ask()
        for answer in document.type(trace.keys):
            samples.add(KEYSTROKE, answer.total_ms)
            if answer.is_from_model:
                samples.add(ASKED, answer.total_ms)
        document.close()

    def visit(self, place: int, samples: Samples) -> None:
        """What the others are asked here cannot be asked over the protocol."""
