"""A server under measurement: documents that are typed into, and what it answers how fast."""

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assist_server.lsp.client import LspClient
from assist_server.text.lines import PositionEncoding

METHOD = "textDocument/inlineCompletion"
MOST_KEYS = 80
"""Keys that may be typed before the server is asked why: it remembers a hundred answers."""

_LOAD_TIMEOUT_S = 600.0


@dataclass(frozen=True)
class Answer:
    """One answered request, as the client and as the server saw it."""

    total_ms: float
    """From sending the change to the answer."""
    outcome: str
    detail: str
    model_ms: float
    """The server's own time for it; 0 where the model was not asked."""
    first_token_ms: float | None
    new_tokens: int
    prompt_tokens: int

    @property
    def is_from_model(self) -> bool:
        """Whether the model was asked."""
        return self.model_ms > 0 or self.first_token_ms is not None

    @property
    def to_first_token_ms(self) -> float:
        """The server's time until the model had said something, be it that there is nothing."""
        return self.model_ms if self.first_token_ms is None else self.first_token_ms


@dataclass(frozen=True)
class Memory:
    """What a process holds in memory, in megabytes of 1,000,000 bytes."""

    now_mb: float
    peak_mb: float


class Document:
    """A document of a server, with a cursor in it."""

    def __init__(self, client: LspClient, uri: str, before: str, behind: str) -> None:
        self._client = client
        self._uri = uri
        self._version = 0
        self._before = before
        self._behind = behind
        self._line = before.count("\n")
        self._column = _units(before.rpartition("\n")[2])

    def open(self) -> None:
        """Open it as it is now."""
        self._version += 1
        self._client.open(self._uri, self._before + self._behind, version=self._version)

    def close(self) -> None:
        """Close it; what the server remembered of it alone is gone."""
        self._client.notify("textDocument/didClose", {"textDocument": {"uri": self._uri}})

    def ask(self) -> Answer:
        """Ask for a completion at the cursor."""
        started = time.perf_counter()
        self._request()
        return self._explained([_milliseconds_since(started)])[0]

    def type(self, keys: Iterable[str]) -> list[Answer]:
        """Type keys, asking for a completion behind each of them and waiting for it."""
        return self._explained([self._press(key) for key in keys])

    def move_to(self, line: int) -> None:
        """Put the cursor at the end of a line that is not blank, the first from `line` on."""
        lines = (self._before + self._behind).split("\n")
        number = next((n for n in range(line, len(lines)) if lines[n].strip()), 0)
        offset = len("\n".join(lines[: number + 1]))
        text = self._before + self._behind
        self._before, self._behind = text[:offset], text[offset:]
        self._line, self._column = number, _units(lines[number])

    @property
    def line_count(self) -> int:
        """Number of lines."""
        return 1 + self._before.count("\n") + self._behind.count("\n")

    @property
    def line(self) -> int:
        """The zero-based line of the cursor."""
        return self._line

    def _press(self, key: str) -> float:
        place = {"line": self._line, "character": self._column}
        started = time.perf_counter()
        self._version += 1
        change = {"range": {"start": place, "end": place}, "text": key}
        self._client.change(self._uri, self._version, [change])
        self._advance(key)
        self._request()
        elapsed_ms = _milliseconds_since(started)
        self._before += key
        return elapsed_ms

    def _advance(self, key: str) -> None:
        self._line += key.count("\n")
        start = 0 if "\n" in key else self._column
        self._column = start + _units(key.rpartition("\n")[2])

    def _request(self) -> None:
        self._client.inline_completion(self._uri, self._line, self._column, is_automatic=True)

    def _explained(self, totals_ms: list[float]) -> list[Answer]:
        """The newest answers, in order of asking, with what the server tells about them."""
        why = {"command": "assist.why", "arguments": [self._uri]}
        told = self._client.request("workspace/executeCommand", why)
        records = [record for record in told if record["method"] == METHOD]
        newest = reversed(records[: len(totals_ms)])
        return [_answer(ms, record) for ms, record in zip(totals_ms, newest, strict=True)]


class Session:
    """A running server and its documents."""

    def __init__(self, client: LspClient, options: object = None) -> None:
        """Introduce the client, with settings perhaps, and wait until the model is loaded."""
        self._client = client
        self._count = 0
        started = time.perf_counter()
        client.initialize(options=options)
        wait = {"command": "assist.status", "arguments": [True]}
        self.status: dict[str, Any] = client.request(
            "workspace/executeCommand", wait, _LOAD_TIMEOUT_S
        )
        """What the server says of its model and device."""
        self.ready_ms = _milliseconds_since(started)

    def document(self, name: str, before: str, behind: str) -> Document:
        """A document that no other one of the session shares its name with; not open yet."""
        self._count += 1
        return Document(self._client, f"file:///bench/{self._count}/{name}", before, behind)

    def configure(self, settings: object) -> None:
        """Change settings, as an editor does."""
        params = {"settings": {"assist": settings}}
        self._client.notify("workspace/didChangeConfiguration", params)

    def memory(self) -> Memory | None:
        """What the server holds in memory; None where the system does not tell it so."""
        status = Path(f"/proc/{self._client.process.pid}/status")
        if not status.exists():
            return None
        fields = dict(_memory_fields(status.read_text(encoding="ascii", errors="replace")))
        return Memory(fields["VmRSS"], fields["VmHWM"])


def _memory_fields(status: str) -> Iterator[tuple[str, float]]:
    """Megabytes by name; source: proc_pid_status(5), where `kB` is 1,024 bytes."""
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
