"""`assist-server demo`: a short editing session against a real server process."""

import statistics
import time
from dataclasses import dataclass, field

from rich.console import Console
from rich.live import Live
from rich.markdown import Markdown
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from assist_server.lsp.client import LspClient
from assist_server.text.indentation import leading_whitespace

_URI = "file:///demo/inventory.py"
_WANTED = """import json


class Inventory:
    def __init__(self, path):
        self.path = path
        self.items = {}

    def load(self):
        with open(self.path) as f:
            self.items = json.load(f)

    def add(self, name, count=1):
        if count < 1:
            raise ValueError("nothing is added")
        self.items[name] = self.items.get(name, 0) + count
"""
"""The text that the user wants to write; the server does not know it."""

_DOCUMENTED = "    def add(self, name, count=1):"
_LOAD_TIMEOUT_S = 300


@dataclass
class _Timings:
    """Durations in milliseconds."""

    initialize: float = 0
    model: float = 0
    keystrokes: list[float] = field(default_factory=list)
    document: float = 0
    summarize: float = 0


def run_demo() -> None:
    """Play the session and show the server's answers; only the typing is scripted.

    Raises:
        AssistError: the server did not answer.
    """
    console = Console(highlight=False)
    timings = _Timings()
    console.print(
        "[bold]Starting[/] assist-server as an editor would: a subprocess, LSP over stdio"
    )
    with LspClient() as client:
        _start(client, console, timings)
        _type(client, console, timings)
        _document(client, console, timings)
        _summarize(client, console, timings)
        console.print(_table(timings))
        client.shut_down()


def _start(client: LspClient, console: Console, timings: _Timings) -> None:
    started = time.perf_counter()
    client.initialize()
    timings.initialize = _milliseconds_since(started)
    client.open(_URI, "")
    with console.status("loading the embedded model"):
        wait_until_ready = {"command": "assist.status", "arguments": [True]}
        client.request("workspace/executeCommand", wait_until_ready, _LOAD_TIMEOUT_S)
    timings.model = _milliseconds_since(started)


def _type(client: LspClient, console: Console, timings: _Timings) -> None:
    """Type the text, and accept ghost text when it is exactly the rest of the line."""
    console.print("\n[bold]Typing[/] with a request at each key; «accepted» text was not typed\n")
    typist = _Typist(client, timings)
    with Live(console=console, auto_refresh=False, transient=True) as live:
        for number, wanted in enumerate(_WANTED.splitlines()):
            # Editors indent automatically.
            typed, accepted = leading_whitespace(wanted), ""
            typist.insert(typed)
            while typed != wanted and not accepted:
                typed = wanted[: len(typed) + 1]
                ghost = typist.press(typed[-1])
                live.update(_line(number, typed, (ghost, "dim italic")), refresh=True)
                if ghost == wanted[len(typed) :]:
                    accepted = ghost
            typist.insert(accepted + "\n")
            typist.accepted_chars += len(accepted)
            console.print(_line(number, typed, (accepted and f"«{accepted}»", "green")))
    share = typist.accepted_chars / len(_WANTED)
    console.print(
        f"\n     {typist.accepted_chars} of {len(_WANTED)} characters accepted: {share:.0%}"
    )


class _Typist:
    """Types at the end of the document, as an editor reports it."""

    def __init__(self, client: LspClient, timings: _Timings) -> None:
        self._client = client
        self._timings = timings
        self._version = 1
        self._text = ""
        self.accepted_chars = 0

    def press(self, key: str) -> str:
        """Type a character and return the ghost text, empty if there is none."""
        started = time.perf_counter()
        self._change(key)
        place = self._place()
        items = self._client.inline_completion(
            _URI, place["line"], place["character"], is_automatic=True
        )
        self._timings.keystrokes.append(_milliseconds_since(started))
        return str(items[0]["insertText"]) if items else ""

    def insert(self, text: str) -> None:
        """Insert text without requesting a completion."""
        self._change(text)

    def _change(self, text: str) -> None:
        place = self._place()
        self._version += 1
        change = {"range": {"start": place, "end": place}, "text": text}
        self._client.change(_URI, self._version, [change])
        self._text += text

    def _place(self) -> dict[str, int]:
        last_line = self._text.rpartition("\n")[2]
        return {"line": self._text.count("\n"), "character": len(last_line)}


def _line(number: int, typed: str, after: tuple[str, str]) -> Text:
    """Return a numbered line: the typed text, and the first line of the text after it."""
    text, style = after
    return Text.assemble((f"{number + 1:>4} ", "dim"), typed, (text.partition("\n")[0], style))


def _document(client: LspClient, console: Console, timings: _Timings) -> None:
    line = _WANTED.splitlines().index(_DOCUMENTED)
    console.print("\n[bold]Generate documentation[/] with the cursor in `add`\n")
    started = time.perf_counter()
    arguments = [_URI, {"line": line, "character": 8}]
    found = client.request(
        "workspace/executeCommand", {"command": "assist.document", "arguments": arguments}
    )
    timings.document = _milliseconds_since(started)
    for text in (_DOCUMENTED, *f"        {found['text']}".splitlines()):
        console.print(f"     {text}", markup=False)


def _summarize(client: LspClient, console: Console, timings: _Timings) -> None:
    console.print("\n[bold]Summarize selection[/] with everything selected\n")
    started = time.perf_counter()
    everything = {
        "start": {"line": 0, "character": 0},
        "end": {"line": _WANTED.count("\n"), "character": 0},
    }
    result = client.request(
        "workspace/executeCommand", {"command": "assist.summarize", "arguments": [_URI, everything]}
    )
    timings.summarize = _milliseconds_since(started)
    console.print(Padding(Markdown(result["markdown"]), (0, 5)), width=80)
    console.print()


def _table(timings: _Timings) -> Table:
    table = Table(title="Timings on this machine", title_justify="left", show_header=False)
    deciles = statistics.quantiles(timings.keystrokes, n=10)
    rows = [
        ("process start to `initialize` answered", timings.initialize),
        ("process start to model ready", timings.model),
        ("keystroke to ghost text, median", deciles[4]),
        ("keystroke to ghost text, 90th percentile", deciles[8]),
        ("documentation", timings.document),
        ("summary", timings.summarize),
    ]
    for name, milliseconds in rows:
        table.add_row(name, f"{milliseconds:,.0f} ms", style=None)
    return table


def _milliseconds_since(started: float) -> float:
    return (time.perf_counter() - started) * 1000
