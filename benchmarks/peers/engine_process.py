"""Engines in processes of their own, so that their thread pools do not affect each other.

The parent writes a line of JSON to the child's standard input and reads a line from another pipe,
as libraries print to standard output. The child measures the time, so pipes do not count.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

HERE = Path(__file__).parent
LAST_WORDS_CHARS = 2000
REPLIES = "ENGINE_REPLIES"
"""The environment variable with the file descriptor of a child's reply pipe."""


@dataclass(frozen=True)
class Ask:
    """One request."""

    prompt_ids: list[int]
    max_new_tokens: int
    end_ids: list[int]
    stops: bool
    """Whether line ends and end tokens stop it; else it has its full length."""
    path: str
    text: str
    offset: int
    """The place of the prompt, for engines that build it themselves."""


@dataclass(frozen=True)
class Answer:
    """The answer to a request."""

    milliseconds: float
    token_ids: list[int]
    """The generated tokens without the one that stopped it."""
    reused_tokens: int | None = None
    """Tokens of the prompt taken from a cache, if the engine reports them."""


def serve(about: Mapping[str, Any], answer: Callable[[Ask], Answer]) -> None:
    """Send a description of the engine, then answer until the input ends."""
    with os.fdopen(int(os.environ[REPLIES]), "w", buffering=1) as replies:
        replies.write(json.dumps(about) + "\n")
        for line in sys.stdin:
            replies.write(json.dumps(asdict(answer(Ask(**json.loads(line))))) + "\n")


class Engine:
    """The parent's side of a child process that serves; a context manager that ends it."""

    def __init__(self, name: str, command: Sequence[str], threads: int) -> None:
        """Start the process, which then loads its model."""
        self.name = name
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - closed when the process is
        reading, writing = os.pipe()
        self._replies = os.fdopen(reading)
        self._process = subprocess.Popen(
            [sys.executable, str(HERE / command[0]), *command[1:], "--threads", str(threads)],
            stdin=subprocess.PIPE,
            stdout=self._log,
            stderr=self._log,
            text=True,
            env={**os.environ, "OMP_NUM_THREADS": str(threads), REPLIES: str(writing)},
            pass_fds=[writing],
        )
        os.close(writing)  # so that the pipe closes when the child ends

    def about(self) -> dict[str, Any]:
        """Wait until it is loaded; return its description. Call once, before `ask`."""
        return self._read()

    def ask(self, ask: Ask) -> Answer:
        """Send a request; return the answer."""
        if self._process.stdin is None:
            raise SystemExit(f"{self.name} has no input")
        self._process.stdin.write(json.dumps(asdict(ask)) + "\n")
        self._process.stdin.flush()
        return Answer(**self._read())

    def _read(self) -> dict[str, Any]:
        line = self._replies.readline()
        if not line:
            self._log.seek(0)
            last_words = self._log.read().decode(errors="replace").strip()
            status = f"{self.name} ended with status {self._process.wait()}"
            raise SystemExit(f"{status}: {last_words[-LAST_WORDS_CHARS:]}")
        found: dict[str, Any] = json.loads(line)
        return found

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._process.kill()
        self._process.communicate()
        self._replies.close()
        self._log.close()


def milliseconds_since(started: float) -> float:
    """Return the time since a value of `time.perf_counter`."""
    return (time.perf_counter() - started) * 1000
