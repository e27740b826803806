"""The requests of the comparison, built from keystroke traces as the server builds them.

As a program, it prints them as JSON, so that its caller need not load a model.
"""

import argparse
import json
import subprocess
import sys
from dataclasses import asdict, dataclass, fields, replace

from engine_process import Ask

from assist_server.cli.benchmark.traces import Trace, library_files, make_traces
from assist_server.context.cursor import CursorContext
from assist_server.context.snapshot import Snapshot
from assist_server.engine.backend import Backend, ModelChoice
from assist_server.engine.loading.open_backend import open_backend
from assist_server.engine.request import CancelToken, GenerationRequest
from assist_server.features.inline_completion import build_request
from assist_server.settings import Settings

DECODED_TOKENS = 33
"""The first token, which is subtracted, and enough others to measure one step."""


@dataclass(frozen=True)
class Fresh:
    """Requests in a file that no engine has seen, in this order."""

    cold: Ask
    """One token at a place."""
    again: Ask
    """The same request."""
    long: Ask
    """Many tokens there, without stopping."""
    jump: Ask
    """One token at another place of the file."""


@dataclass(frozen=True)
class Requests:
    """All requests of a comparison."""

    keystrokes: list[list[Ask]]
    """For each place: before the first keystroke, and after every keystroke."""
    fresh: list[Fresh]


@dataclass(frozen=True)
class Choice:
    """Parameters of the requests."""

    places: int
    characters: int
    seed: int
    prompt_tokens: int

    def traces(self) -> tuple[list[Trace], list[Trace]]:
        """Return traces to type, and traces in other files for cold requests."""
        files = library_files(self.seed)[: 2 * self.places]
        traces = make_traces(files, self.characters, self.seed)
        return traces[: self.places], traces[self.places :]

    def completion(self) -> dict[str, object]:
        """Return the completion settings: single lines, where all engines can stop; no deadline."""
        return {
            "multi_line": "never",
            "max_prompt_tokens": self.prompt_tokens,
            "max_latency_ms": 600_000,
        }

    def settings(self) -> Settings:
        """Return the settings for our engine."""
        return Settings.model_validate({"completion": self.completion()})

    def options(self) -> list[str]:
        """Return the choice as command-line options."""
        return [text for name, value in asdict(self).items() for text in (flag(name), str(value))]


def add_choice(parser: argparse.ArgumentParser) -> None:
    """Add the options of a choice to a parser."""
    for name, value in asdict(FULL).items():
        parser.add_argument(flag(name), type=int, default=value)


def chosen(options: argparse.Namespace) -> Choice:
    """Return the choice in parsed options."""
    return Choice(**{field.name: getattr(options, field.name) for field in fields(Choice)})


def flag(name: str) -> str:
    """Return a field's command-line option."""
    return f"--{name.replace('_', '-')}"


FULL = Choice(places=20, characters=40, seed=0, prompt_tokens=1000)


class RequestBuilder:
    """Builds the server's requests at places."""

    def __init__(self, backend: Backend, settings: Settings) -> None:
        self._backend = backend
        self._settings = settings

    def request(self, path: str, text: str, offset: int) -> GenerationRequest:
        """Build the server's request at a place."""
        snapshot = Snapshot(f"file:///{path}", path, text, "python")
        context = CursorContext(snapshot, offset, self._settings.completion.multi_line)
        return build_request(context, self._backend, self._settings, CancelToken())

    def ask(self, path: str, text: str, offset: int) -> Ask:
        """Build the same request for engines that take token ids."""
        request = self.request(path, text, offset)
        ids, ends = list(request.prompt_ids), sorted(request.end_ids)
        return Ask(ids, request.max_new_tokens, ends, True, path, text, offset)

    def typing(self, trace: Trace) -> list[Ask]:
        """Build the requests before the first keystroke of a trace and after every keystroke."""
        places = [(trace.start_text, len(trace.before)), *trace.states()]
        return [self.ask(trace.name, text, offset) for text, offset in places]

    def fresh(self, trace: Trace) -> Fresh:
        """Build the requests in a file that no engine has seen."""
        text, offset = trace.start_text, len(trace.before)
        here = replace(self.ask(trace.name, text, offset), stops=False)
        there = replace(self.ask(trace.name, text, elsewhere(text, offset)), stops=False)
        one = replace(here, max_new_tokens=1)
        long = replace(here, max_new_tokens=DECODED_TOKENS)
        return Fresh(cold=one, again=one, long=long, jump=replace(there, max_new_tokens=1))


def elsewhere(text: str, offset: int) -> int:
    """Return the end of the line that is half the file away."""
    far = (offset + len(text) // 2) % len(text)
    line_end = text.find("\n", far)
    return line_end if line_end >= 0 else len(text)


def make_requests(choice: Choice, builder: RequestBuilder) -> Requests:
    """Build all requests of a comparison."""
    typed, fresh = choice.traces()
    return Requests([builder.typing(trace) for trace in typed], [builder.fresh(t) for t in fresh])


def requests_from(choice: Choice, model: str) -> Requests:
    """Build them in another process, which loads the model for its tokens."""
    command = [sys.executable, __file__, model, *choice.options()]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr)
    found = json.loads(done.stdout)
    return Requests(
        [[Ask(**ask) for ask in trace] for trace in found["keystrokes"]],
        [Fresh(**{name: Ask(**ask) for name, ask in one.items()}) for one in found["fresh"]],
    )


def main() -> None:
    """Print the requests."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("model")
    add_choice(parser)
    options = parser.parse_args()
    choice = chosen(options)
    backend = open_backend(ModelChoice(options.model, "cpu"))
    print(json.dumps(asdict(make_requests(choice, RequestBuilder(backend, choice.settings())))))
    backend.close()


if __name__ == "__main__":
    main()
