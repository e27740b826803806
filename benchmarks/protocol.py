"""Cost of the protocol layer, measured for this server and plain pygls in turns.

    python benchmarks/protocol.py

Both servers are real processes over stdio without a model. A change is timed together with an empty
request after it, whose answer shows that the change was applied; the median time of an empty
request is subtracted.
"""

import contextlib
import json
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from rich.console import Console
from rich.table import Table

from assist_server.lsp.client import SERVER_COMMAND, LspClient, RequestError

HERE = Path(__file__).parent
OURS = (sys.executable, str(HERE.parent / "tests" / "support" / "scripted_server.py"), "{}")
PYGLS = (sys.executable, str(HERE / "plain_pygls_server.py"))
LINE = "value = some_function(argument)  # comment\n"
ROUNDS = 5
WAIT_UNTIL_READY = {"command": "assist.status", "arguments": [True]}


def milliseconds(work: Callable[[], object]) -> float:
    """Return how long a call takes."""
    started = time.perf_counter()
    work()
    return (time.perf_counter() - started) * 1000


class Server:
    """A server under measurement."""

    def __init__(self, command: tuple[str, ...]) -> None:
        self.client = LspClient(command)
        self.client.initialize()
        self.version = 1
        self.empty()

    def empty(self) -> None:
        """Send a request that needs no work besides the protocol; wait for its answer."""
        self.client.inline_completion("file:///not-open.py", 0, 0)

    def open(self, lines: int) -> str:
        """Open a document of many lines; return its URI."""
        uri = f"file:///{lines}.py"
        self.client.open(uri, LINE * lines)
        self.empty()
        return uri

    def change(self, uri: str, places: list[tuple[int, int]]) -> None:
        """Insert a character at each place, in one notification."""
        self.version += 1
        changes = []
        for line, character in places:
            place = {"line": line, "character": character}
            changes.append({"range": {"start": place, "end": place}, "text": "x"})
        self.client.change(uri, self.version, changes)
        self.empty()


Samples = dict[str, list[float]]


def measure_round(server: Server, uris: dict[int, str], samples: Samples) -> None:
    """Add samples of every measurement, in milliseconds."""

    def note(what: str, work: Callable[[], object]) -> None:
        samples.setdefault(what, []).append(milliseconds(work))

    for _ in range(100):
        note("empty request", server.empty)
    for lines, uri in uris.items():
        for column in range(20):
            places = [(lines // 2, column)]
            note(f"1 change, {lines:,} lines", lambda u=uri, p=places: server.change(u, p))
    places = [(random.randrange(10_000), 0) for _ in range(100)]  # noqa: S311 - no secret
    note("100 changes, 10,000 lines", lambda: server.change(uris[10_000], places))


def measure(servers: dict[str, Server]) -> dict[str, dict[str, float]]:
    """Return medians in milliseconds, measured in turns."""
    samples: dict[str, Samples] = {name: {} for name in servers}
    uris = {n: {lines: s.open(lines) for lines in (10_000, 100_000)} for n, s in servers.items()}
    for _ in range(ROUNDS):
        for name, server in servers.items():
            measure_round(server, uris[name], samples[name])
    medians = {}
    for name, found in samples.items():
        of_server = {what: statistics.median(values) for what, values in found.items()}
        empty = of_server["empty request"]
        medians[name] = {w: m - empty * ("change" in w) for w, m in of_server.items()}
    return medians


def initialize_ms(command: tuple[str, ...]) -> float:
    """Return the median time from a process's start to its answer to `initialize`."""

    def start() -> None:
        with LspClient(command) as client:
            client.initialize()

    return statistics.median(milliseconds(start) for _ in range(5))


def cancel_ms() -> float:
    """Return the median time from a cancellation during a slow decoding step to the answer."""
    script = json.dumps({"answer": "one.two(three)", "step_ms": 50})
    samples = []
    with LspClient((*OURS[:2], script)) as client:
        client.initialize()
        client.request("workspace/executeCommand", WAIT_UNTIL_READY)
        client.open("file:///a.py", "x = ")
        params = {
            "textDocument": {"uri": "file:///a.py"},
            "position": {"line": 0, "character": 4},
            "context": {"triggerKind": 2},
        }
        for _ in range(30):
            request_id = client.start_request("textDocument/inlineCompletion", params)
            time.sleep(0.02)  # into the middle of a step
            samples.append(milliseconds(lambda r=request_id: cancel(client, r)))
    return statistics.median(samples)


def cancel(client: LspClient, request_id: int) -> None:
    """Cancel a request and wait for its answer."""
    client.notify("$/cancelRequest", {"id": request_id})
    with contextlib.suppress(RequestError):
        client.wait(request_id)


def import_ms() -> float:
    """Return how long a fresh process takes to import the server, without its own start."""

    def run(code: str) -> float:
        command = [sys.executable, "-c", code]
        return min(milliseconds(lambda: subprocess.run(command, check=True)) for _ in range(3))

    return run("import assist_server.lsp.create_server") - run("pass")


LIMITS_MS = {
    "empty request": 0.4,
    "1 change, 10,000 lines": 1.0,
    "1 change, 100,000 lines": 5.0,
    "100 changes, 10,000 lines": 20.0,
    "initialize answered after start": 1200.0,
    "import of the server": 1000.0,
    "cancel answered during a step": 10.0,
}


def main() -> int:
    """Measure and print; return 1 if a limit is exceeded."""
    servers = {"ours": Server(OURS), "pygls": Server(PYGLS)}
    medians = measure(servers)
    for server in servers.values():
        server.client.process.kill()
    medians["ours"]["import of the server"] = import_ms()
    medians["ours"]["cancel answered during a step"] = cancel_ms()
    medians["ours"]["initialize answered after start"] = initialize_ms(SERVER_COMMAND)
    medians["pygls"]["initialize answered after start"] = initialize_ms(PYGLS)
    table = Table("median, ms", "ours", "pygls", "limit")
    for what, limit in LIMITS_MS.items():
        theirs = medians["pygls"].get(what)
        shown = "" if theirs is None else f"{theirs:.2f}"
        table.add_row(what, f"{medians['ours'][what]:.2f}", shown, f"{limit:g}")
    Console().print(table)
    print(json.dumps(medians))
    return int(any(medians["ours"][what] > limit for what, limit in LIMITS_MS.items()))


if __name__ == "__main__":
    sys.exit(main())
