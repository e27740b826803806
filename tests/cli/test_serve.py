import logging
import sys

import pytest

from assist_server.cli import main
from assist_server.cli.serve import configure_logging
from assist_server.lsp.client import LspClient
from assist_server.settings import LogSettings


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("--stdio",),
        ("--stdio", "--clientProcessId=123"),
        ("serve", "--stdio", "--clientProcessId=123"),
    ],
    ids=" ".join,
)
def test_the_server_leaves_when_the_client_is_gone(run_process, arguments):
    result = run_process(*arguments)
    assert (result.code, result.out) == (1, "")
    assert "Traceback" not in result.err


def test_without_a_command_it_serves():
    with LspClient((sys.executable, "-m", "assist_server")) as client:
        assert client.initialize()["serverInfo"]["name"] == "assist-server"
        assert client.shut_down() == 0


def test_files_of_the_working_directory_are_not_taken_for_libraries(run_process, project):
    for library in ("typer", "pygls", "tokenize", "numpy", "torch"):
        (project / f"{library}.py").write_text("raise SystemExit('code of the project was run')")
    (project / "a.py").write_text("def load(path):\n    with open(path) ")
    result = run_process("complete", "a.py", "--line", "2", "--column", "21")
    assert (result.code, result.err) == (0, "")


def test_flags_reach_the_server(run, monkeypatch):
    given = []
    monkeypatch.setattr("assist_server.cli.serve.run_server", lambda flags, *_: given.append(flags))
    assert run("serve", "--model", "./m", "--device", "cpu", "--log-level", "debug").code == 0
    assert run().code == 0
    assert given == [{"model": "./m", "device": "cpu", "log": {"level": "debug"}}, {}]


def test_hidden_options_are_not_in_the_help(run):
    assert "clientProcessId" not in run("--help").out
    assert "clientProcessId" not in run("serve", "--help").out


def test_the_log_goes_to_the_file_that_is_set(tmp_path):
    loggers = [
        logging.getLogger(name) for name in ("assist_server", "pygls", "asyncio", "transformers")
    ]
    before = [(one, one.handlers[:], one.level, one.propagate) for one in loggers]
    try:
        configure_logging(LogSettings(level="warning", file=str(tmp_path / "log")))
        logging.getLogger("assist_server.lsp").info("not this")
        logging.getLogger("assist_server.lsp").warning("but this")
        loggers[0].handlers[0].close()
    finally:
        for one, handlers, level, propagate in before:
            one.handlers, one.propagate = handlers, propagate
            one.setLevel(level)
    (line,) = (tmp_path / "log").read_text().splitlines()
    assert line.endswith("WARNING assist_server.lsp: but this")


def test_every_command_has_help(run):
    registered = main.app.registered_commands
    commands = [command.name or command.callback.__name__ for command in registered]
    assert set(commands) >= {"serve", "complete", "document", "summarize", "doctor", "models"}
    for command in commands:
        assert command in run("--help").out
        assert run(command, "--help").code == 0
