"""The command line, called in this process where the process itself does not matter."""

import contextlib
import io
import os
import subprocess
import sys
from dataclasses import dataclass

import pytest

from assist_server.cli import complete, document, main, summarize
from assist_server.cli import run as run_verb
from assist_server.engine.backend import ModelChoice, NullBackend
from assist_server.engine.loading.open_backend import open_backend


@dataclass(frozen=True)
class Result:
    """What a command left behind."""

    code: int
    out: str
    err: str


@pytest.fixture(scope="session")
def embedded():
    """The embedded model, loaded once."""
    backend = open_backend(ModelChoice("embedded", device="cpu"))
    import torch  # noqa: PLC0415 - at the top, all tests of this folder would wait for it

    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # as the server that it is compared with
    yield backend
    torch.set_num_threads(threads)
    backend.close()


@pytest.fixture(autouse=True)
def project(tmp_path, monkeypatch):
    """An empty working directory, and a user without settings."""
    folder = tmp_path / "project"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return folder


@pytest.fixture
def use_backend(monkeypatch):
    """Let the commands use a backend that is there already."""

    def use(backend):
        opened = contextlib.nullcontext(backend)
        for module in (complete, document, run_verb, summarize):
            monkeypatch.setattr(module, "opened_model", lambda _: opened)
        return backend

    return use


@pytest.fixture
def answers(use_backend):
    """Let the commands use a model that gives one answer to everything."""
    return lambda text: use_backend(NullBackend(answer=text))


@pytest.fixture
def run(monkeypatch, capfdbinary):
    """Run the command line in this process."""

    def run_main(*arguments, stdin=b""):
        monkeypatch.setattr(sys, "argv", ["assist-server", *map(str, arguments)])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        try:
            main.main()
            code = 0
        except SystemExit as exit_:
            code = exit_.code or 0
        out, err = (stream.decode() for stream in capfdbinary.readouterr())
        return Result(code, out, err)

    return run_main


@pytest.fixture
def run_process():
    """Run the command line in a process of its own."""

    def run_command(*arguments, stdin=b""):
        done = subprocess.run(
            [sys.executable, "-m", "assist_server", *map(str, arguments)],
            input=stdin,
            capture_output=True,
            timeout=120,
            env={**os.environ, "PYTHONWARNINGS": "error"},
            check=False,
        )
        return Result(done.returncode, done.stdout.decode(), done.stderr.decode())

    return run_command
