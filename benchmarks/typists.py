"""Load of people who type on a model server that they share, and its answers.

    python benchmarks/typists.py http://127.0.0.1:8080 --typists 1 4 16 \
        --servers http://127.0.0.1:8081 http://127.0.0.1:8082 --log requests.log

Everyone has a language server, a file and a key of their own, and types at a person's pace. A
completion is requested at each keystroke, and the next keystroke does not wait for it.
"""

import argparse
import json
import os
import random
import re
import statistics
import tempfile
import time
import urllib.request
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path

from rich.console import Console
from rich.table import Table

from assist_server.cli.benchmark.machine import BUSY, describe_machine
from assist_server.cli.benchmark.traces import SourceFile, Trace, library_files, make_traces
from assist_server.features.inline_completion import Outcome
from assist_server.lsp.client import LspClient, NoAnswerError
from assist_server.settings import CompletionSettings
from assist_server.text.lines import PositionEncoding

METHOD = "textDocument/inlineCompletion"
KEY_VARIABLE = "TYPIST_KEY"
KEY_S = (0.15, 0.25)
"""Time between keystrokes: 240 to 400 a minute."""
LINE_S = (1.0, 3.0)
"""Time for thinking after a line end."""
SETTLE_S = 3.0
"""Time in which the last completion ends; it has two seconds."""
WARM_UP_KEYSTROKES = 50
"""Typed before anything is counted, as people do not open their files all at once."""
NOTED_REQUESTS = 50
COUNTERS = {
    "computed": "llamacpp:prompt_tokens_total",
    "cached": "llamacpp:prompt_tokens_cached_total",
    "generated": "llamacpp:tokens_predicted_total",
}
"""Counters of a llama-server: tokens of prompts and of answers."""
UNANSWERED = {Outcome.OUT_OF_TIME, Outcome.CANCELLED, Outcome.FAILED}
PROMPT_PATH = re.compile(r"(?:/v1)?/completions?")
LOGGED = re.compile(r"(/\S*) (\S+) \d+ \d+ \S+")
"""Path and server in a line of the balancer's log, as examples/haproxy.cfg has it."""

Requests = Counter[tuple[str, str]]
"""Numbers of requests by path and server."""


@dataclass(frozen=True)
class Keystroke:
    """A keystroke whose completion was requested."""

    typed_s: float
    shown_ms: float | None
    """Time until a completion was there; None if there was none before the next keystroke."""
    is_line_end: bool


@dataclass(frozen=True)
class Load:
    """Some people who typed at the same time, what they saw, and what their servers were asked.

    What the servers were asked for is zero without the balancer's log or without `--servers`.
    """

    typists: int
    minutes: float
    """Mean time from the first keystroke to the last."""
    keystrokes: int
    shown: float
    """Share of keystrokes after which a completion was there before the next one."""
    shown_at_line_ends: float
    """The same where the typist stops to think."""
    shown_ms: list[float]
    """Time until it was there, of each that was shown."""
    answers: dict[str, int]
    """Generations that ended while a request waited for them, by outcome, such as "shown"."""
    prompts: dict[str, int]
    """Requests for a completion, by the balancer's name of the server."""
    other_requests: int
    """Such as for the ids of a line."""
    tokens: dict[str, int]
    """By the names in `COUNTERS`."""
    client_cpu_s: float
    """Processor time of the language servers, with the start of each."""


class Typist:
    """A person with a language server, who types what was removed from a file."""

    def __init__(self, client: LspClient, trace: Trace, seed: int) -> None:
        self._client = client
        self._start_text = trace.start_text
        self._place = len(trace.before)
        self._steps = enumerate(zip(trace.keystrokes, trace.states(), strict=True), 2)
        self._draw = random.Random(seed)  # noqa: S311 - repeatable, not secret
        self._uri = f"file:///{seed}/{trace.name}"
        self._unnoted = 0
        """Requests since the server's records were read."""
        self.answers: Counter[str] = Counter()
        """As in `Load`."""

    def get_ready(self, url: str, prompt_tokens: int) -> None:
        """Start the language server with a model server, and open the file."""
        remote = {"url": url, "key_variable": KEY_VARIABLE, "allow_insecure": True}
        completion = {"max_prompt_tokens": prompt_tokens}
        self._client.initialize(options={"remote": remote, "completion": completion})
        self._command("assist.status", True)
        self._client.open(self._uri, self._start_text)

    def type(self, keystrokes: int | None) -> list[Keystroke]:
        """Type so much, or all that is left, and forget the earlier answers."""
        self.answers.clear()
        time.sleep(self._draw.uniform(*LINE_S))  # others begin at another moment
        typed = []
        for version, (keystroke, (text, end)) in islice(self._steps, keystrokes):
            place = _position(text, self._place)
            change = {"range": {"start": place, "end": place}, "text": keystroke}
            self._client.change(self._uri, version, [change])
            typed.append(self._request(_position(text, end), is_line_end="\n" in keystroke))
            self._place = end
        time.sleep(SETTLE_S)
        self._note_answers()
        return typed

    def _request(self, position: dict[str, int], *, is_line_end: bool) -> Keystroke:
        """Request a completion, and wait until the next keystroke."""
        pause_s = self._draw.uniform(*(LINE_S if is_line_end else KEY_S))
        typed_s, shown_ms = time.monotonic(), None
        document = {"uri": self._uri}
        params = {"textDocument": document, "position": position, "context": {"triggerKind": 2}}
        request_id = self._client.start_request(METHOD, params)
        self._unnoted += 1
        try:
            if self._client.wait(request_id, pause_s)["items"]:
                shown_ms = (time.monotonic() - typed_s) * 1000
            if self._unnoted >= NOTED_REQUESTS:
                self._note_answers()
        except NoAnswerError:
            if self._client.process.poll() is not None:
                raise
        time.sleep(max(0.0, typed_s + pause_s - time.monotonic()))
        return Keystroke(typed_s, shown_ms, is_line_end)

    def _note_answers(self) -> None:
        """Count what has ended, while nothing waits; the server keeps the last hundred records."""
        records = self._command("assist.why", self._uri)[: self._unnoted]
        self._unnoted = 0
        for record in records:  # one without a time was superseded, or needed no generation
            if record["milliseconds"] or record["outcome"] == Outcome.FAILED:
                self.answers[record["outcome"]] += 1

    def _command(self, name: str, argument: object) -> list[dict[str, str]]:
        command = {"command": name, "arguments": [argument]}
        answer: list[dict[str, str]] = self._client.request("workspace/executeCommand", command)
        return answer


def _position(text: str, offset: int) -> dict[str, int]:
    line = text[:offset].rpartition("\n")[2]
    return {"line": text.count("\n", 0, offset), "character": PositionEncoding.UTF16.units(line)}


def measure(options: argparse.Namespace, files: Sequence[SourceFile]) -> Load:
    """Let people type in these files at the same time."""
    traces = make_traces(files, WARM_UP_KEYSTROKES + options.keystrokes, options.seed)
    cpu_s = _children_cpu_s()
    with ExitStack() as stack, ThreadPoolExecutor(len(files)) as threads:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        typists = []
        for number, trace in enumerate(traces):
            env = {KEY_VARIABLE: f"typist-{number}", "XDG_CONFIG_HOME": folder}
            typists.append(Typist(stack.enter_context(LspClient(env=env)), trace, number))
        list(threads.map(lambda one: one.get_ready(options.url, options.prompt_tokens), typists))
        list(threads.map(lambda each: each.type(WARM_UP_KEYSTROKES), typists))
        tokens, requests = _tokens(options.servers), count_requests(options.log)
        typed = list(threads.map(lambda each: each.type(None), typists))
        tokens, requests = _tokens(options.servers) - tokens, count_requests(options.log) - requests
    keystrokes = [each for one in typed for each in one]
    prompts = {key: n for key, n in requests.items() if PROMPT_PATH.fullmatch(key[0])}
    return Load(
        typists=len(typists),
        minutes=statistics.mean(one[-1].typed_s - one[0].typed_s for one in typed) / 60,
        keystrokes=len(keystrokes),
        shown=_shown(keystrokes),
        shown_at_line_ends=_shown([each for each in keystrokes if each.is_line_end]),
        shown_ms=[round(each.shown_ms, 1) for each in keystrokes if each.shown_ms is not None],
        answers=dict(sum((each.answers for each in typists), Counter())),
        prompts=dict(sum((Counter({server: n}) for (_, server), n in prompts.items()), Counter())),
        other_requests=requests.total() - sum(prompts.values()),
        tokens=dict(tokens),
        client_cpu_s=round(_children_cpu_s() - cpu_s, 1),
    )


def _shown(keystrokes: Sequence[Keystroke]) -> float:
    return sum(each.shown_ms is not None for each in keystrokes) / max(1, len(keystrokes))


def _children_cpu_s() -> float:
    """Return the processor time of child processes that have ended."""
    times = os.times()
    return times.children_user + times.children_system


def _tokens(servers: Sequence[str]) -> Counter[str]:
    """Return the sums of the servers' counters."""
    found: Counter[str] = Counter()
    for server in servers:
        with urllib.request.urlopen(f"{server}/metrics") as answer:  # noqa: S310 - as given
            text = answer.read().decode()
        for name, counter in COUNTERS.items():
            found[name] += int(float(text.partition(f"\n{counter} ")[2].split(maxsplit=1)[0]))
    return found


def count_requests(log: Path | None) -> Requests:
    """Count the requests in the balancer's log."""
    lines = log.read_text(encoding="utf-8").splitlines() if log else []
    return Counter((each[1], each[2]) for line in lines if (each := LOGGED.fullmatch(line)))


def figures(load: Load) -> dict[str, str]:
    """Return the figures for the table; rates are those of one typist."""
    person_minutes = load.minutes * load.typists
    prompts, tokens = sum(load.prompts.values()), Counter(load.tokens)
    tenths = statistics.quantiles(load.shown_ms, n=10) if len(load.shown_ms) > 1 else [0.0] * 9
    prompt_tokens = tokens["computed"] + tokens["cached"]
    in_time = sum(n for outcome, n in load.answers.items() if outcome not in UNANSWERED)
    return {
        "keystrokes a minute": f"{load.keystrokes / person_minutes:.0f}",
        "prompts a minute": f"{prompts / person_minutes:.0f}",
        "prompts per keystroke": f"{prompts / load.keystrokes:.0%}",
        "prompts answered in time": f"{in_time / max(1, prompts):.0%}",
        "other requests a minute": f"{load.other_requests / person_minutes:.0f}",
        "shown before the next keystroke": f"{load.shown:.0%}",
        "shown at line ends": f"{load.shown_at_line_ends:.0%}",
        "keystroke to shown, p50, ms": f"{tenths[4]:.0f}",
        "keystroke to shown, p90, ms": f"{tenths[8]:.0f}",
        "prompt tokens from the cache": f"{tokens['cached'] / max(1, prompt_tokens):.1%}",
        "prompt tokens computed a minute": f"{tokens['computed'] / person_minutes:,.0f}",
        "tokens generated a minute": f"{tokens['generated'] / person_minutes:,.0f}",
        "prompts by server": " + ".join(map(str, load.prompts.values())),
        "failed": str(load.answers.get(Outcome.FAILED, 0)),
        "processor time of clients, s": f"{load.client_cpu_s:.0f}",
    }


def main() -> None:
    """Measure each number of typists; print a table, and everything as a line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url", help="what everyone has as remote.url")
    parser.add_argument("--typists", type=int, nargs="+", default=[1, 4, 16])
    parser.add_argument("--keystrokes", type=int, default=250, help="of each typist")
    parser.add_argument("--prompt-tokens", type=int, default=CompletionSettings().max_prompt_tokens)
    parser.add_argument("--servers", nargs="*", default=[], help="addresses of the llama-servers")
    parser.add_argument("--log", type=Path, help="the balancer's, as of examples/haproxy.cfg")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    machine = describe_machine()
    if machine.is_busy:
        Console(stderr=True).print(f"[yellow]{BUSY}[/]")
    files = iter(library_files(options.seed))  # what was typed before is in the servers' caches
    loads = [measure(options, list(islice(files, count))) for count in options.typists]
    rows = [figures(load) for load in loads]
    table = Table("typists", *(str(load.typists) for load in loads))
    for name in rows[0]:
        table.add_row(name, *(row[name] for row in rows))
    Console().print(table)
    print(json.dumps({"machine": asdict(machine), "loads": [asdict(load) for load in loads]}))


if __name__ == "__main__":
    main()
