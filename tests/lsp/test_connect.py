"""Windows that share one server: real relays, and a real server with a scripted model."""

import contextlib
import json
import os
import re
import select
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import psutil
import pytest
from lsp_steps import inline_params, ready, run

from assist_server.lsp.client import CAPABILITIES, LspClient, RequestError

SCRIPTED_RELAY = Path(__file__).parent.parent / "support" / "scripted_relay.py"
RELAY = (sys.executable, "-m", "assist_server", "connect")
URI = "file:///a.py"
INLINE = "textDocument/inlineCompletion"
WITH_STATUS = {**CAPABILITIES, "experimental": {"assistStatus": True}}


class Windows:
    """The windows of one user, whose home and runtime folder these are."""

    def __init__(self, folder, **script):
        self.folder = folder
        self.sockets = folder / "assist-server"
        self.command = (sys.executable, str(SCRIPTED_RELAY), json.dumps(script))
        self.clients = []

    def configure(self, **settings):
        file = self.folder / "config" / "assist-server" / "config.toml"
        file.parent.mkdir(parents=True)
        file.write_text("".join(f"{key} = {value}\n" for key, value in settings.items()))

    def open(self, text=None, stderr=subprocess.DEVNULL, capabilities=CAPABILITIES):
        """Open a window, with a document if there is a text."""
        client = self.start(stderr)
        client.initialize(capabilities)
        if text is not None:
            client.open(URI, text)
            ready(client)
        return client

    def start(self, stderr=subprocess.DEVNULL, **environment):
        folders = {
            "XDG_RUNTIME_DIR": str(self.folder),
            "XDG_CONFIG_HOME": str(self.folder / "config"),
        }
        self.clients.append(LspClient(self.command, {**folders, **environment}, stderr))
        return self.clients[-1]

    def server_ids(self):
        """The processes that have served, as far as they were ready to, in order."""
        logs = [path.read_text() for path in self.sockets.glob("*.log")]
        return [int(found) for found in re.findall(r"process (\d+) is listening", "".join(logs))]

    def close(self):
        for client in self.clients:
            client.__exit__(None, None, None)
        for server_id in self.server_ids():
            kill(server_id)


def kill(process_id):
    """Kill a process, and wait until it has ended."""
    if psutil.pid_exists(process_id):
        os.kill(process_id, signal.SIGKILL)
        ended(process_id)


def ended(process_id):
    """Wait for the end of a process, which somebody may have to reap."""
    descriptor = os.pidfd_open(process_id)
    with os.fdopen(descriptor, "rb"):
        select.select([descriptor], [], [], 20)


@pytest.fixture
def windows():
    """Starts windows; the names of sockets are limited to some hundred characters."""
    opened = []
    with tempfile.TemporaryDirectory(prefix="assist-") as folder:

        def start(**script):
            opened.append(Windows(Path(folder), **script))
            return opened[-1]

        yield start
        for each in opened:
            each.close()


def test_two_windows_share_a_server_and_see_only_their_own_documents(windows):
    user = windows(answer="answer()")
    first, second = user.open("x = "), user.open("other = ")
    for client, length in ((first, 4), (second, 8)):
        (item,) = client.inline_completion(URI, 0, length)
        assert item["insertText"] == "answer()"
        assert item["range"]["start"]["character"] == length
    (server_id,) = user.server_ids()
    (path,) = user.sockets.glob("*.sock")
    assert user.sockets.stat().st_mode & 0o777 == 0o700
    assert path.stat().st_mode & 0o777 == 0o600
    first.process.kill()
    assert second.inline_completion(URI, 0, 8)
    assert second.shut_down() == 0
    assert psutil.Process(server_id).is_running()


def test_windows_that_start_at_once_start_one_server(windows):
    user = windows()
    clients = [user.start() for _ in range(8)]
    for client in clients:
        client.initialize()
    assert len(user.server_ids()) == 1


def test_windows_survive_their_server(windows):
    user = windows(answer="answer()", step_ms=50)
    first, second = user.open("x = "), user.open("other = ")
    place = {"line": 0, "character": 0}
    first.change(URI, 2, [{"range": {"start": place, "end": place}, "text": "😀 = 1\nlong_"}])
    waiting = first.start_request(INLINE, inline_params(1, 9, URI))
    summary = {"start": place, "end": {"line": 1, "character": 0}}
    arguments = {"command": "assist.summarizeSelection", "arguments": [URI, summary]}
    command = first.start_request("workspace/executeCommand", arguments)
    kill(user.server_ids()[0])
    assert first.wait(waiting) == {"items": []}
    with pytest.raises(RequestError, match="run the command again"):
        first.wait(command)
    for client, line, character, text in ((first, 1, 9, "long_x = "), (second, 0, 8, "other = ")):
        with contextlib.suppress(RequestError):  # the one that has ended may be asked still
            ready(client)
        ready(client)
        (item,) = client.inline_completion(URI, line, character)
        assert item["insertText"] == "answer()"
        assert run(client, "assist.why", URI, True)[0]["prompt"].endswith(text)
    assert len(user.server_ids()) == 2
    assert first.shut_down() == 0


def test_the_server_leaves_when_no_window_has_been_there_for_long(windows):
    user = windows(answer="answer()")
    user.configure(idle_exit_minutes=0)
    first, second = user.open("x = "), user.open("x = ")
    (server_id,) = user.server_ids()
    first.shut_down()
    assert second.inline_completion(URI, 0, 4)
    second.process.kill()  # without a word
    ended(server_id)
    assert not list(user.sockets.glob("*.sock"))


def test_a_server_that_cannot_run_is_named_once(windows):
    user = windows()
    relay = "from assist_server.cli.connect import run_connect; run_connect(('false',))"
    user.command = (sys.executable, "-c", relay)
    client = user.start(stderr=subprocess.PIPE)
    client.send({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {}})
    assert client.process.wait(60) == 2
    *_, last = client.process.stderr.read().decode().splitlines()
    assert "ends again and again" in last
    assert str(user.sockets) in last


def test_a_window_has_its_own_server_where_none_can_be_shared(windows):
    user = windows()
    user.sockets.mkdir(mode=0o755)
    user.command = RELAY
    client = user.start(stderr=subprocess.PIPE)
    assert client.initialize()["serverInfo"]["name"] == "assist-server"
    assert client.shut_down() == 0
    assert "this window has its own server" in client.process.stderr.read().decode()
    assert list(user.sockets.iterdir()) == []


def test_the_relay_s_server_has_nothing_of_the_window_that_started_it(windows):
    user = windows()
    user.command = RELAY
    client = user.start(OF_THE_PROJECT="secret", HF_HUB_OFFLINE="1")
    client.initialize()
    server = psutil.Process(user.server_ids()[0])
    assert server.cwd() == "/"
    assert "OF_THE_PROJECT" not in server.environ()
    assert server.environ()["HF_HUB_OFFLINE"] == "1"
    assert client.process.pid not in {parent.pid for parent in server.parents()}


def test_a_model_that_is_not_used_is_unloaded_and_loaded_again(windows):
    user = windows(answer="answer()")
    user.configure(unload_after_minutes=0.01)
    client = user.open(capabilities=WITH_STATUS)

    def phases():
        return [status["phase"] for status in client.seen("assist/status")]

    client.wait_until(lambda: "unloaded" in phases())
    client.open(URI, "x = ")
    assert client.inline_completion(URI, 0, 4)[0]["insertText"] == "answer()"
    assert phases().count("ready") > 1


def test_a_relay_imports_little():
    """It lives as long as its window."""
    probe = """
import sys
import assist_server.cli.connect
heavy = {"asyncio", "pydantic", "typer", "pygls", "lsprotocol", "tree_sitter", "torch"}
print(heavy & set(sys.modules))
"""
    shown = subprocess.run([sys.executable, "-c", probe], capture_output=True, check=True)
    assert shown.stdout.strip() == b"set()"
