"""Engines that are compared, each in a process of its own, so that no thread pool disturbs another.

The parent asks with a line of JSON on the child's standard input and reads a line from a pipe that
is for nothing else: libraries print. The child takes the time itself, so that pipes cost nothing.
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
"""The variable of the environment that tells a child the number of its pipe."""


@dataclass(frozen=True)
class Ask:
    """One request."""

    prompt_ids: list[int]
    max_new_tokens: int
    end_ids: list[int]
    stops: bool
    """Whether a line end and the model's end tokens end it; else it has its full length."""
    path: str
    text: str
    offset: int
    """Where the prompt comes from, for engines that make it themselves."""


@dataclass(frozen=True)
class Told:
    """Its answer."""

    milliseconds: float
    token_ids: list[int]
    """All that was generated, the tokens that ended it left out."""
    reused_tokens: int | None = None
    """How much of the prompt was not computed again, where the engine tells."""


def serve(about: Mapping[str, Any], answer: Callable[[Ask], Told]) -> None:
    """Introduce the engine, and answer until the input ends."""
    with os.fdopen(int(os.environ[REPLIES]), "w", buffering=1) as replies:
        replies.write(json.dumps(about) + "\n")
        for line in sys.stdin:
            replies.write(json.dumps(asdict(answer(Ask(**json.loads(line))))) + "\n")


class Engine:
    """A child that serves, as its parent sees it; a context manager that ends it."""

    def __init__(self, name: str, command: Sequence[str], threads: int) -> None:
        """Start it; it loads meanwhile."""
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
        os.close(writing)  # so that the pipe ends with the child

    def about(self) -> dict[str, Any]:
        """What it says of itself once it is loaded; to be called once, before anything is asked."""
        return self._read()

    def ask(self, ask: Ask) -> Told:
        """Have it answer."""
        if self._process.stdin is None:
            raise SystemExit(f"{self.name} has no input")
        self._process.stdin.write(json.dumps(asdict(ask)) + "\n")
        self._process.stdin.flush()
        return Told(**self._read())

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
    """Time since a reading of `time.perf_counter`."""
    return (time.perf_counter() - started) * 1000
