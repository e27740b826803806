import logging
import os
import sys

import pytest

from assist_server.cli import main, server_commands
from assist_server.cli.logs import OneLineFormatter, configure_logging, log_handler
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


def test_flags_reach_the_server(run, monkeypatch):
    given = []
    monkeypatch.setattr("assist_server.cli.serve.run_server", lambda flags, *_: given.append(flags))
    assert run("serve", "--model", "./m", "--device", "cpu", "--log-level", "debug").code == 0
    assert run().code == 0
    flags = {"model": "./m", "device": "cpu", "log": {"level": "debug"}}
    assert given == [{**flags, "text_model": "", "remote": {"url": ""}}, {}]


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


def test_a_record_of_the_log_is_one_line_that_a_terminal_does_not_obey(tmp_path):
    formatter = OneLineFormatter("%(message)s")
    fields = {"level": logging.ERROR, "msg": "key %s", "args": ("a\x1b[2Jb\nERROR forged",)}
    record = logging.makeLogRecord({**fields, "levelno": logging.ERROR})
    assert formatter.format(record) == r"key a\x1b[2Jb\nERROR forged"
    error = ValueError("\x1b]0;title\x07")
    record = logging.makeLogRecord({"msg": "failed", "exc_info": (ValueError, error, None)})
    lines = formatter.format(record).splitlines()
    assert lines[-1] == r"ValueError: \x1b]0;title\x07"
    assert all(map(str.isprintable, lines))


@pytest.mark.parametrize(
    "kind",
    ["folder that is missing", "folder", "pipe", "null character", "long name", "orders"],
)
def test_a_log_file_that_cannot_be_written_is_named(tmp_path, kind):
    path = tmp_path / ("no/log" if kind == "folder that is missing" else "log")
    if kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "null character":
        path = tmp_path / "a\0b"
    elif kind == "orders":
        path = tmp_path / "no\x1b[2J" / "log"
    elif kind == "long name":
        path = tmp_path / ("x" * 300)
    handler, problem = log_handler(str(path))
    assert handler.stream is sys.stderr
    assert problem.isprintable()
    assert problem.startswith(
        f"Correct log.file, {str(path)!r} cannot be written: ".replace("\\", "\\\\")[:25]
    )


def test_every_command_has_help(run):
    registered = [*main.app.registered_commands, *server_commands.commands.registered_commands]
    commands = [command.name or command.callback.__name__ for command in registered]
    commands += [group.name for group in main.app.registered_groups if group.name]
    assert set(commands) >= {
        "serve",
        "connect",
        "complete",
        "document",
        "summarize",
        "doctor",
        "models",
    }
    for command in commands:
        assert command in run("--help").out
        assert run(command, "--help").code == 0
