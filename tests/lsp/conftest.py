"""Real server processes over real stdio; with a scripted model unless a test wants a real one."""

import json
import sys
from pathlib import Path

import pytest
from forked_server import ForkedServer

from assist_server.lsp.client import LspClient

SCRIPTED_SERVER = Path(__file__).parent.parent / "support" / "scripted_server.py"


@pytest.fixture
def start(tmp_path):
    """Start scripted servers; they are gone when the test is over, and their logs are kept."""
    clients = []

    def start_server(**script):
        log = (tmp_path / f"server-{len(clients)}.log").open("wb")
        command = (sys.executable, str(SCRIPTED_SERVER), json.dumps(script, default=str))
        home = {"XDG_CONFIG_HOME": str(tmp_path)}
        client = LspClient(command, home, log.fileno(), ForkedServer)
        clients.append((client, log))
        return client

    yield start_server
    for client, log in clients:
        client.__exit__(None, None, None)
        log.close()


@pytest.fixture
def loads_when(tmp_path):
    """A file that scripted servers started with it wait for before a model is loaded.

    Only so is it certain that the loading is noticed: it takes no time otherwise.
    """
    return tmp_path / "loads-when"


@pytest.fixture(scope="module")
def shared_client():
    """One server for many small tests, with the same model."""
    command = (sys.executable, str(SCRIPTED_SERVER), json.dumps({"answer": "answer()"}))
    with LspClient(command, popen=ForkedServer) as client:
        client.initialize()
        yield client


@pytest.fixture
def client(start):
    """An initialized client of a server whose model answers `answer()`."""
    client = start(answer="answer()")
    client.initialize()
    return client


@pytest.fixture
def server_log(tmp_path):
    """What the first server has logged so far."""
    return (tmp_path / "server-0.log").read_text
