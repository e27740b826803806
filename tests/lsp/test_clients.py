"""Several clients of one process."""

import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import psutil
import pytest
from lsp_steps import inline_params, ready, run

from assist_server.lsp.client import LspClient
from assist_server.lsp.framing import frame

SERVER = [sys.executable, str(Path(__file__).parent.parent / "support" / "scripted_server.py")]
BRIDGE = """
import socket, sys, threading
family, address = socket.AF_UNIX, sys.argv[1]
if ":" in address:
    host, port = address.split(":"); family, address = socket.AF_INET, (host, int(port))
s = socket.socket(family); s.connect(address)
def up():
    while data := sys.stdin.buffer.raw.read(65536): s.sendall(data)
    s.shutdown(socket.SHUT_WR)
threading.Thread(target=up, daemon=True).start()
while data := s.recv(65536): sys.stdout.buffer.write(data); sys.stdout.buffer.flush()
"""


def connect(address):
    """A client of a listening server."""
    return LspClient((sys.executable, "-c", BRIDGE, str(address)))


@pytest.fixture
def listening(tmp_path):
    """Start a listening server; gives where it listens."""
    processes, readers = [], []

    def start(script, *arguments):
        command = [*SERVER, json.dumps(script), *arguments]
        process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        processes.append(process)
        for line in process.stderr:
            if "listening on" in line:
                break
        readers.append(threading.Thread(target=process.stderr.read, daemon=True))
        readers[-1].start()
        return process, line.rsplit(" ", 1)[1].strip()

    yield start
    for process, reader in zip(processes, readers, strict=True):
        process.kill()
        process.wait()
        reader.join()
        process.stderr.close()


def private(tmp_path):
    folder = tmp_path / "private"
    folder.mkdir(mode=0o700)
    return folder / "assist.sock"


def test_two_clients_do_not_see_each_other(listening, tmp_path):
    _, place = listening({"answer": "answer()"}, "unix", str(private(tmp_path)))
    rng = random.Random(5)  # noqa: S311 - repeatable, not secret
    with connect(place) as first, connect(place) as second:
        clients = {"first": first, "second": second}
        lengths = {}
        for name, client in clients.items():
            client.initialize()
            client.open("file:///same.py", f"{name} = ")
            lengths[name] = len(f"{name} = ")
        ready(first)
        waiting = []
        for number in range(2_000):
            name, client = rng.choice(list(clients.items()))
            if rng.random() < 0.3:
                place = {"line": 0, "character": 0}
                change = {"range": {"start": place, "end": place}, "text": "y"}
                client.change("file:///same.py", number + 2, [change])
                lengths[name] += 1
            params = inline_params(0, lengths[name], uri="file:///same.py")
            method = "textDocument/inlineCompletion"
            waiting.append((name, lengths[name], client, client.start_request(method, params)))
        shown = {"first": 0, "second": 0}
        for name, length, client, request_id in waiting:
            for item in client.wait(request_id)["items"]:
                assert item["range"]["start"]["character"] == length
                shown[name] += 1
        assert min(shown.values()) > 0
        assert len(run(first, "assist.why", "file:///same.py")) == 100
        assert first.shut_down() == 0  # the bridge ends when its connection does
        assert second.inline_completion("file:///same.py", 0, lengths["second"])


def test_one_client_killed_in_the_middle_leaves_the_other_alone(listening, tmp_path):
    script = {"answer": "one.two(three)", "step_ms": 20}
    process, place = listening(script, "unix", str(private(tmp_path)))
    with connect(place) as first, connect(place) as second:
        for client in (first, second):
            client.initialize()
            client.open("file:///a.py", "x = ")
        ready(first)
        first.start_request("textDocument/inlineCompletion", inline_params(0, 4, "file:///a.py"))
        first.process.kill()
        assert second.inline_completion("file:///a.py", 0, 4)[0]["insertText"] == "one.two(three)"
    assert process.poll() is None
    process.send_signal(signal.SIGTERM)
    assert process.wait(5) == 0
    assert not Path(place).exists()


def test_tcp(listening, tmp_path):
    _, place = listening({"answer": "answer()"}, "tcp", f"0:{tmp_path / 'token'}")
    with connect(place) as client:
        token = (tmp_path / "token").read_text().strip()
        client.initialize(options={"token": token, "device": "cpu"})
        ready(client)
        assert not client.seen("window/showMessage")
        client.open("file:///a.py", "x = ")
        assert client.inline_completion("file:///a.py", 0, 4)
        assert client.shut_down() == 0


@pytest.mark.parametrize("kind", ["tcp", "unix"])
def test_clients_of_a_port_share_no_caches(listening, tmp_path, kind):
    """Else one could time what another has open; a socket's clients are all the user's own."""
    place = f"0:{tmp_path / 'token'}" if kind == "tcp" else str(private(tmp_path))
    _, place = listening({"tells_owner": True}, kind, place)
    token = (tmp_path / "token").read_text().strip() if kind == "tcp" else ""
    owners = []
    for _ in range(2):
        with connect(place) as client:
            client.initialize(options={"token": token} if token else None)
            ready(client)
            client.open("file:///a.py", "x = ")
            (item,) = client.inline_completion("file:///a.py", 0, 4)
            owners.append(item["insertText"])
    if kind == "tcp":
        assert len({*owners, "everybody"}) == 3
    else:
        assert owners == ["everybody", "everybody"]


@pytest.mark.parametrize("kind", ["socket", "pipe"])
def test_an_editor_that_listens(kind, tmp_path):
    is_pipe = kind == "pipe"
    place = str(tmp_path / "editor.sock") if is_pipe else ("127.0.0.1", 0)
    with socket.socket(socket.AF_UNIX if is_pipe else socket.AF_INET) as editor:
        editor.bind(place)
        editor.listen()
        editor.settimeout(20)
        argument = place if is_pipe else str(editor.getsockname()[1])
        command = [sys.executable, "-m", "assist_server", "serve", f"--{kind}={argument}"]
        with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
            connection, _ = editor.accept()
            with connection:
                for message in ({"id": 1, "method": "shutdown"}, {"method": "exit"}):
                    body = json.dumps({"jsonrpc": "2.0", **message}).encode()
                    connection.sendall(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
                answer = connection.recv(65536)
            assert b"-32002" in answer
            assert process.wait(10) == 1


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--tcp", "0.0.0.0:7777"], "127.0.0.1"),
        (["--tcp", "nonsense"], "write a port"),
        (["--socket", "1"], "no editor listens"),
        (["--tcp", "1", "--stdio"], "choose one"),
    ],
)
def test_endpoints_that_cannot_be_used(arguments, says):
    command = [sys.executable, "-m", "assist_server", "serve", *arguments]
    ended = subprocess.run(command, check=False, capture_output=True, text=True, timeout=30)
    assert ended.returncode == 2
    assert says in ended.stderr
    assert len(ended.stderr.strip().splitlines()) == 1


def test_a_folder_that_others_can_enter_is_refused(tmp_path):
    folder = tmp_path / "open"
    folder.mkdir()
    folder.chmod(0o755)
    command = [sys.executable, "-m", "assist_server", "serve", "--unix", str(folder / "s")]
    ended = subprocess.run(command, check=False, capture_output=True, text=True, timeout=30)
    assert ended.returncode == 2
    assert "chmod 700" in ended.stderr


def test_a_socket_that_is_in_use_is_refused_and_a_stale_one_replaced(listening, tmp_path):
    path = private(tmp_path)
    first, place = listening({}, "unix", str(path))
    command = [*SERVER, "{}", "unix", str(path)]
    second = subprocess.run(command, check=False, capture_output=True, text=True, timeout=30)
    assert "already" in second.stderr
    first.kill()
    first.wait()
    assert path.exists()
    _, again = listening({}, "unix", str(path))
    assert again == place


def test_an_ordinary_file_is_refused_and_left_as_it_is(tmp_path):
    path = private(tmp_path)
    path.write_text("a letter")
    command = [*SERVER, "{}", "unix", str(path)]
    ended = subprocess.run(command, check=False, capture_output=True, text=True, timeout=30)
    assert "is not a socket; choose another path" in ended.stderr
    assert path.read_text() == "a letter"


def test_a_path_that_is_too_long_is_named_as_such(tmp_path):
    command = [*SERVER, "{}", "unix", str(private(tmp_path).with_name("x" * 120))]
    ended = subprocess.run(command, check=False, capture_output=True, text=True, timeout=30)
    assert "too long" in ended.stderr


def test_a_signal_ends_a_listening_server_with_a_client(listening, tmp_path):
    process, place = listening({}, "unix", str(private(tmp_path)))
    with connect(place) as client:
        client.initialize()
        process.send_signal(signal.SIGTERM)
        assert process.wait(5) == 0


def test_connections_leave_no_descriptors_behind_while_their_editor_lives(listening, tmp_path):
    process, place = listening({}, "unix", str(private(tmp_path)))

    def connect_and_leave():
        with socket.socket(socket.AF_UNIX) as editor:
            editor.connect(place)
            params = {"processId": os.getpid(), "capabilities": {}, "rootUri": None}
            messages = [
                {"id": 1, "method": "initialize", "params": params},
                {"id": 2, "method": "shutdown"},
                {"method": "exit"},
            ]
            for message in messages:
                editor.sendall(frame(json.dumps({"jsonrpc": "2.0", **message}).encode()))
            while editor.recv(65536):
                pass
        return psutil.Process(process.pid).num_fds()

    before = connect_and_leave()
    assert max(connect_and_leave() for _ in range(20)) <= before + 1  # the socket's own end
