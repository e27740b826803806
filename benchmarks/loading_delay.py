"""Longest time that an editor waits for an answer while the model loads.

A real server is started over stdio. While it loads the embedded model, a change of the document and
a cheap request are sent every two milliseconds, without waiting for earlier answers. The result is
the time from sending a request to its answer.

In separate processes, a thread that sleeps for one millisecond at a time shows how long
the interpreter is blocked while another thread loads the same model: as
`engine/loading/open_backend` does, with the libraries opened beforehand and the garbage collector
off, and without these measures.

usage: python benchmarks/loading_delay.py [--runs N]
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from assist_server.engine.backend import ModelChoice
from assist_server.lsp.client import LspClient

LIMIT_MS = 50.0
PERIOD_S = 0.002
HEARTBEAT_S = 0.001
URI = "file:///benchmark/typing.py"
SERVER = "server: change and request to answer"
QUIET = "heartbeat: loading as the server does"
PLAIN = "heartbeat: loading plainly"


@dataclass(frozen=True)
class Delays:
    """Delays of one way of measuring over all runs, in milliseconds."""

    name: str
    count: int
    median_ms: float
    p99_ms: float
    max_ms: float


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure; print a table and a line of JSON; return 1 if an answer exceeded the limit."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--runs", type=int, default=1, help="number of repetitions")
    parser.add_argument("--heartbeat", choices=WAYS_TO_LOAD, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.heartbeat:
        print(json.dumps(heartbeat_gaps_ms(WAYS_TO_LOAD[options.heartbeat])))
        return 0
    load_before = os.getloadavg()[0]
    rows = [
        summarized(SERVER, [delay for _ in range(options.runs) for delay in answer_delays_ms()]),
        summarized(QUIET, [gap for _ in range(options.runs) for gap in run_heartbeat("quiet")]),
        summarized(PLAIN, [gap for _ in range(options.runs) for gap in run_heartbeat("plain")]),
    ]
    is_within = rows[0].max_ms <= LIMIT_MS
    show(rows, is_within=is_within)
    machine = {"cpus": os.cpu_count(), "load": load_before, "python": platform.python_version()}
    found = {"limit_ms": LIMIT_MS, "is_within": is_within, "runs": options.runs, **machine}
    print(json.dumps({**found, "delays": [asdict(row) for row in rows]}))
    return 0 if is_within else 1


def summarized(name: str, delays_ms: list[float]) -> Delays:
    """Return the median, the 99th percentile and the maximum of delays."""
    percentiles = statistics.quantiles(delays_ms, n=100)
    figures = (percentiles[49], percentiles[98], max(delays_ms))
    return Delays(name, len(delays_ms), *(round(figure, 1) for figure in figures))


def show(rows: Sequence[Delays], *, is_within: bool) -> None:
    """Print the table and whether the limit holds."""
    table = Table("while the model loads", box=None, header_style="bold")
    for column in ("count", "median", "99 %", "longest"):
        table.add_column(column, justify="right")
    for row in rows:
        times = (row.median_ms, row.p99_ms, row.max_ms)
        table.add_row(row.name, str(row.count), *(f"{figure:.1f} ms" for figure in times))
    console = Console()
    console.print(table)
    verdict = "[green]within[/]" if is_within else "[red]over[/]"
    console.print(f"every answer within {LIMIT_MS:.0f} ms: {verdict}\n", highlight=False)


# The server


class TimingClient(LspClient):
    """A client that notes when each answer arrives."""

    def __init__(self) -> None:
        """Start the server."""
        self.arrived_at: dict[int | str | None, float] = {}
        super().__init__()

    def _receive(self, message: dict[str, Any]) -> None:
        if "method" not in message:
            self.arrived_at[message.get("id")] = time.perf_counter()
        super()._receive(message)


def answer_delays_ms() -> list[float]:
    """Return milliseconds from each request to its answer, while the model loads."""
    sent_at: dict[int, float] = {}
    with TimingClient() as client:
        client.initialize()
        client.open(URI, "")
        status = {"command": "assist.status", "arguments": [True]}
        ready = client.start_request("workspace/executeCommand", status)
        version = 1
        while ready not in client.arrived_at:
            version += 1
            began = time.perf_counter()
            sent_at[type_and_ask(client, version)] = began
            time.sleep(max(0.0, began + PERIOD_S - time.perf_counter()))
        if client.wait(ready)["phase"] != "ready":
            raise SystemExit("the model was not loaded")
        client.wait(max(sent_at))
        client.shut_down()
    return [(client.arrived_at[sent] - began) * 1000 for sent, began in sent_at.items()]


def type_and_ask(client: LspClient, version: int) -> int:
    """Insert a character at the beginning and send a cheap request; return its id."""
    start = {"line": 0, "character": 0}
    client.change(URI, version, [{"range": {"start": start, "end": start}, "text": "x"}])
    why = {"command": "assist.why", "arguments": [URI]}
    return client.start_request("workspace/executeCommand", why)


# The interpreter


def run_heartbeat(way: str) -> list[float]:
    """Measure gaps in a fresh process; return them in milliseconds."""
    command = [sys.executable, str(Path(__file__)), "--heartbeat", way]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    gaps: list[float] = json.loads(done.stdout.splitlines()[-1])
    return gaps


def heartbeat_gaps_ms(load: Callable[[], None]) -> list[float]:
    """Return by how much a sleeping thread wakes up late while another one loads."""
    loading = threading.Thread(target=load)
    gaps: list[float] = []
    loading.start()
    while loading.is_alive():
        began = time.perf_counter()
        time.sleep(HEARTBEAT_S)
        gaps.append((time.perf_counter() - began - HEARTBEAT_S) * 1000)
    return gaps


def load_as_the_server_does() -> None:
    """Load the model as the server does."""
    from assist_server.engine.loading.open_backend import open_backend  # noqa: PLC0415 - on the thread

    open_backend(ModelChoice("embedded")).close()


def load_plainly() -> None:
    """Load the same model without the measures against blocking."""
    from assist_server.engine.loading.locate import EMBEDDED_FOLDER  # noqa: PLC0415
    from assist_server.engine.transformers_backend import (  # noqa: PLC0415 - on the thread
        TransformersBackend,
    )

    TransformersBackend.load(str(EMBEDDED_FOLDER), ModelChoice("embedded")).close()


WAYS_TO_LOAD: Mapping[str, Callable[[], None]] = {
    "quiet": load_as_the_server_does,
    "plain": load_plainly,
}


if __name__ == "__main__":
    sys.exit(main())
