"""A server under test: documents to type in, and its timed answers."""

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assist_server.lsp.client import LspClient
from assist_server.text.lines import PositionEncoding

METHOD = "textDocument/inlineCompletion"
_LOAD_TIMEOUT_S = 600.0


@dataclass(frozen=True)
class Answer:
    """One answered request, as the client and as the server saw it."""

    total_ms: float
    """Time from sending the change to the answer."""
    outcome: str
    detail: str
    model_ms: float
    """The server's own time; 0 if the model did not run."""
    first_token_ms: float | None
    new_tokens: int
    prompt_tokens: int

    @property
    def is_from_model(self) -> bool:
        """Return whether the model ran."""
        return self.model_ms > 0 or self.first_token_ms is not None

    @property
    def to_first_token_ms(self) -> float:
        """Return the server's time to the first token, or to the answer if there was no token."""
        return self.model_ms if self.first_token_ms is None else self.first_token_ms


@dataclass(frozen=True)
class Memory:
    """Resident memory of a process in megabytes of 1,000,000 bytes."""

    now_mb: float
    peak_mb: float


class Document:
    """A document open in a server, with a cursor."""

    def __init__(self, client: LspClient, uri: str, before: str, after: str) -> None:
        self._client = client
        self._uri = uri
        self._version = 0
        self._before = before
        self._after = after
        self._line = before.count("\n")
        self._column = _units(before.rpartition("\n")[2])

    def open(self) -> None:
        """Open the document with its current text."""
        self._version += 1
        self._client.open(self._uri, self._before + self._after, version=self._version)

    def close(self) -> None:
        """Close the document; the server drops its state for it."""
        self._client.notify("textDocument/didClose", {"textDocument": {"uri": self._uri}})

    def ask(self) -> Answer:
        """Request a completion at the cursor."""
        started = time.perf_counter()
        self._request()
        return self._explained([_milliseconds_since(started)])[0]

    def type(self, keystrokes: Iterable[str]) -> list[Answer]:
        """Send keystrokes, at most 80, and wait for a completion after each of them.

        The server keeps a hundred records for `assist.why`, which are read at the end.
        """
        return self._explained([self._press(each) for each in keystrokes])

    def move_to(self, line: int) -> None:
        """Move the cursor to the end of the first non-blank line from `line` on."""
        lines = (self._before + self._after).split("\n")
        number = next((n for n in range(line, len(lines)) if lines[n].strip()), 0)
        offset = len("\n".join(lines[: number + 1]))
        text = self._before + self._after
        self._before, self._after = text[:offset], text[offset:]
        self._line, self._column = number, _units(lines[number])

    @property
    def line_count(self) -> int:
        """Return the number of lines."""
        return 1 + self._before.count("\n") + self._after.count("\n")

    @property
    def line(self) -> int:
        """Return the zero-based line of the cursor."""
        return self._line

    def _press(self, keystroke: str) -> float:
        place = {"line": self._line, "character": self._column}
        started = time.perf_counter()
        self._version += 1
        change = {"range": {"start": place, "end": place}, "text": keystroke}
        self._client.change(self._uri, self._version, [change])
        self._advance(keystroke)
        self._request()
        elapsed_ms = _milliseconds_since(started)
        self._before += keystroke
        return elapsed_ms

    def _advance(self, keystroke: str) -> None:
        self._line += keystroke.count("\n")
        start = 0 if "\n" in keystroke else self._column
        self._column = start + _units(keystroke.rpartition("\n")[2])

    def _request(self) -> None:
        self._client.inline_completion(self._uri, self._line, self._column, is_automatic=True)

    def _explained(self, totals_ms: list[float]) -> list[Answer]:
        """Return the newest answers in the order of requests, with the server's records."""
        why = {"command": "assist.why", "arguments": [self._uri]}
        answered = self._client.request("workspace/executeCommand", why)
        records = [record for record in answered if record["method"] == METHOD]
        newest = reversed(records[: len(totals_ms)])
        return [_answer(ms, record) for ms, record in zip(totals_ms, newest, strict=True)]


class Session:
    """A running server and its documents."""

    def __init__(self, client: LspClient, options: object = None) -> None:
        """Initialize the server, with optional settings, and wait until the model is loaded."""
        self._client = client
        self._count = 0
        started = time.perf_counter()
        client.initialize(options=options)
        wait = {"command": "assist.status", "arguments": [True]}
        self.status: dict[str, Any] = client.request(
            "workspace/executeCommand", wait, _LOAD_TIMEOUT_S
        )
        """The server's status: its model and device."""
        self.ready_ms = _milliseconds_since(started)

    def document(self, name: str, before: str, after: str) -> Document:
        """Return a document with a URI of its own, not yet open."""
        self._count += 1
        return Document(self._client, f"file:///bench/{self._count}/{name}", before, after)

    def configure(self, settings: object) -> None:
        """Change settings, as an editor does."""
        params = {"settings": {"assist": settings}}
        self._client.notify("workspace/didChangeConfiguration", params)

    def memory(self) -> Memory | None:
        """Return the server's memory; None if the system has no /proc."""
        status = Path(f"/proc/{self._client.process.pid}/status")
        if not status.exists():
            return None
        fields = dict(_memory_fields(status.read_text(encoding="ascii", errors="replace")))
        return Memory(fields["VmRSS"], fields["VmHWM"])


def _memory_fields(status: str) -> Iterator[tuple[str, float]]:
    """Yield names and megabytes; source: proc_pid_status(5), where `kB` is 1,024 bytes."""
    for line in status.splitlines():
        name, _, value = line.partition(":")
        if value.endswith(" kB"):
            yield name, round(int(value.removesuffix(" kB")) * 1024 / 1e6, 1)


def _answer(total_ms: float, record: dict[str, Any]) -> Answer:
    return Answer(
        total_ms,
        record["outcome"],
        record["detail"],
        record["milliseconds"],
        record["first_token_ms"],
        record["new_tokens"],
        record["prompt_tokens"],
    )


def _units(text: str) -> int:
    return PositionEncoding.UTF16.units(text)


def _milliseconds_since(started: float) -> float:
    return (time.perf_counter() - started) * 1000
