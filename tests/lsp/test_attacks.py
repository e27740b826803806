"""What programs that are no editors, and editors gone mad, can do to a listening server."""

import json
import socket
import stat
import subprocess
import sys
import threading
from pathlib import Path

import psutil
import pytest
from lsp_steps import URI, inline_params, ready, run

from assist_server.lsp.client import RequestError
from assist_server.lsp.framing import FrameReader, frame

SERVER = [sys.executable, str(Path(__file__).parent.parent / "support" / "scripted_server.py")]
ENDED_S = 60
INITIALIZE = {"processId": None, "rootUri": None, "capabilities": {}}


def message(**fields):
    return frame(json.dumps({"jsonrpc": "2.0", **fields}).encode())


class Port:
    """A server that listens on a port, and what was said to it."""

    def __init__(self, folder):
        self.token_file = folder / "secrets" / "token"
        command = [*SERVER, json.dumps({"answer": "answer()"}), "tcp", f"0:{self.token_file}"]
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        for line in self.process.stderr:
            if "listening on" in line:
                break
        self.port = int(line.rsplit(":", 1)[1])
        self.log = []
        self.reader = threading.Thread(target=lambda: self.log.extend(self.process.stderr))
        self.reader.start()

    @property
    def token(self):
        return self.token_file.read_text().strip()

    def answer(self, *pieces):
        """Send bytes, and return what is said until the server leaves."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=ENDED_S) as connection:
            for piece in pieces:
                connection.sendall(piece)
            return self.rest(connection)

    @staticmethod
    def rest(connection):
        found = b""
        try:
            while data := connection.recv(1 << 16):
                found += data
        except ConnectionError:
            pass
        return found

    def end(self):
        self.process.kill()
        self.process.wait()
        self.reader.join()
        self.process.stderr.close()


@pytest.fixture(scope="module")
def port(tmp_path_factory):
    port = Port(tmp_path_factory.mktemp("port"))
    yield port
    port.end()


def is_fine(port):
    """Whether an honest client is served."""
    params = {**INITIALIZE, "initializationOptions": {"token": port.token}}
    messages = [
        message(id=1, method="initialize", params=params),
        message(id=2, method="shutdown"),
        message(method="exit"),
    ]
    return b'"capabilities"' in port.answer(*messages)


# Web pages

OBEYED = message(id=1, method="initialize", params=INITIALIZE)
REQUEST_LINES = ("POST / HTTP/1.1", "GET / HTTP/1.1", "OPTIONS / HTTP/1.1", "PUT /a HTTP/1.0")


@pytest.mark.parametrize("line", REQUEST_LINES)
@pytest.mark.parametrize("size", [1, 7, 1 << 16], ids="pieces of {}".format)
def test_http_is_refused_without_a_word(port, line, size):
    head = f"{line}\r\nHost: 127.0.0.1\r\nContent-Length: {len(OBEYED)}\r\n\r\n".encode()
    data = head + OBEYED
    pieces = [data[start : start + size] for start in range(0, min(len(data), 20 * size), size)]
    with socket.create_connection(("127.0.0.1", port.port), timeout=ENDED_S) as connection:
        try:
            for piece in pieces:
                connection.sendall(piece)
        except ConnectionError:
            pass
        assert port.rest(connection) == b""
    assert is_fine(port)


@pytest.mark.parametrize("beginning", [b"\x16\x03\x01\x02\x00", b"\r\n\r\n", b"{}", b"Content_"])
def test_what_begins_with_no_header_of_ours_is_refused(port, beginning):
    assert port.answer(beginning + OBEYED) == b""
    assert is_fine(port)


# The token


def test_the_token_is_made_for_the_user_alone(port):
    found = port.token_file.stat()
    assert stat.S_IMODE(found.st_mode) == 0o600
    assert stat.S_IMODE(port.token_file.parent.stat().st_mode) == 0o700
    assert len(port.token) > 40
    assert port.token not in "".join(port.log)


@pytest.mark.parametrize(
    "options", [None, {}, {"token": ""}, {"token": None}, {"token": ["x"]}, {"token": "x" * 43}, []]
)
def test_without_the_token_nobody_is_served(port, options):
    params = {**INITIALIZE, "initializationOptions": options}
    asked = [
        message(id=1, method="initialize", params=params),
        message(id=2, method="workspace/executeCommand", params={"command": "assist.status"}),
    ]
    answers = list(map(json.loads, FrameReader().feed(port.answer(*asked))))
    assert [answer["id"] for answer in answers] == [1]
    assert "token" in answers[0]["error"]["message"]
    assert port.token not in json.dumps(answers)
    assert is_fine(port)


def test_before_the_token_is_shown_no_long_message_is_kept(port):
    before = psutil.Process(port.process.pid).memory_info().rss
    with socket.create_connection(("127.0.0.1", port.port), timeout=ENDED_S) as connection:
        connection.sendall(b"Content-Length: 60000000\r\n\r\n" + b"x" * 50_000_000)
        assert is_fine(port)
        assert psutil.Process(port.process.pid).memory_info().rss < before + 20_000_000


def test_a_token_file_that_others_may_read_is_refused(tmp_path):
    file = tmp_path / "token"
    file.write_text("x" * 43)
    file.chmod(0o644)
    command = [sys.executable, "-P", "-m", "assist_server", "serve", "--tcp", "0"]
    done = subprocess.run(
        [*command, "--token-file", file], check=False, capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert "chmod 600" in done.stderr
    assert "x" * 43 not in done.stderr


# Lengths


def begun(start):
    client = start(answer="answer()")
    client.initialize()
    ready(client)
    return client


@pytest.mark.parametrize("said", [40, 60_000_000, 70_000_000, 999_999_999_999])
def test_a_length_that_is_too_large_takes_no_message_with_it(start, said):
    client = begun(start)
    body = json.dumps({"jsonrpc": "2.0", "id": "odd", "method": "no/such"}).encode()
    client.send_bytes(b"Content-Length: %d\r\n\r\n" % max(said, len(body) + 40) + body)
    client.open(URI, "x = ")
    assert client.inline_completion(URI, 0, 4)
    with pytest.raises(RequestError, match="no method"):
        client.wait("odd", 20)


@pytest.mark.parametrize("said", [0, 1, 20])
def test_a_length_that_is_too_small_loses_its_own_message_only(start, said):
    client = begun(start)
    body = json.dumps({"jsonrpc": "2.0", "id": "odd", "method": "no/such"}).encode()
    client.send_bytes(b"Content-Length: %d\r\n\r\n" % said + body)
    client.open(URI, "x = ")
    assert client.inline_completion(URI, 0, 4)


def test_a_header_in_a_header_is_not_obeyed(start):
    client = begun(start)
    body = json.dumps({"jsonrpc": "2.0", "id": "inner", "method": "no/such"}).encode()
    lengths = b"X-Content-Length: 5\r\nX: Content-Length: 7\r\nContent-Length: %d\r\n\r\n"
    client.send_bytes(lengths % len(body) + body)
    with pytest.raises(RequestError, match="no method"):
        client.wait("inner", 20)


def test_a_document_beyond_all_measure_is_refused_aloud(start):
    client = begun(start)
    client.open(URI, "x = ")
    client.open("file:///long.py", "x" * 70_000_000)
    client.wait_until(lambda: client.seen("window/showMessage"))
    (shown,) = client.seen("window/showMessage")
    assert "70 MB was not read" in shown["message"]
    assert client.inline_completion(URI, 0, 4)
    assert client.inline_completion("file:///long.py", 0, 1) == []


def test_a_request_beyond_all_measure_is_answered(start):
    client = begun(start)
    number = client.start_request("no/such", {"text": "x" * 70_000_000})
    with pytest.raises(RequestError, match="70 MB was not read"):
        client.wait(number)


def test_a_request_beyond_all_measure_is_answered_though_its_number_comes_last(start):
    client = begun(start)
    body = {"params": {"id": 1, "text": "x" * 70_000_000}, "method": "no/such", "id": "last"}
    client.send_bytes(frame(json.dumps({**body, "jsonrpc": "2.0"}).encode()))
    with pytest.raises(RequestError, match="70 MB was not read"):
        client.wait("last")


def test_a_change_beyond_all_measure_forgets_the_document(start):
    client = begun(start)
    client.open(URI, "x = ")
    client.change(URI, 2, [{"text": "x" * 70_000_000}])
    assert client.inline_completion(URI, 0, 4) == []
    client.open(URI, "x = ")
    assert client.inline_completion(URI, 0, 4)


@pytest.mark.parametrize("way", ["opened", "grown"])
def test_a_long_document_costs_no_more_than_its_message(start, way):
    client = begun(start)
    process = psutil.Process(client.process.pid)
    before = process.memory_info().rss
    text = "x = [1, 2, 3]\n" * (50_000_000 // 14)
    if way == "opened":
        client.open(URI, text)
    else:
        client.open(URI, "x")
        client.change(URI, 2, [{"text": text}])
    assert client.inline_completion(URI, 0, 4) == []
    (shown,) = client.seen("window/showMessage")
    assert "sample.py: the document has more than 8 million characters" in shown["message"]
    area = {"start": {"line": 0, "character": 0}, "end": {"line": 9**6, "character": 0}}
    for command, argument in (("assist.summarize", area), ("assist.document", area["start"])):
        with pytest.raises(RequestError, match="more than 8 million characters"):
            run(client, command, URI, argument)
    assert process.memory_info().rss < before + 400_000_000
    client.open(URI, "x = ")
    assert client.inline_completion(URI, 0, 4)


# Clients that do not read


MOST_ASKED = 250_000
"""The answers would be 45 MB, much more than may wait."""


def is_left(send):
    """Ask on and on without reading; whether the connection ends before all is asked."""
    asked = message(id=1, method="x" * 80) * 1_000  # the answers are longer
    try:
        for _ in range(MOST_ASKED // 1_000):
            send(asked)
    except ConnectionError:
        return True
    return False


def test_a_client_of_a_port_that_does_not_read_is_left(port):
    params = {**INITIALIZE, "initializationOptions": {"token": port.token}}
    process = psutil.Process(port.process.pid)
    with socket.create_connection(("127.0.0.1", port.port), timeout=ENDED_S) as deaf:
        deaf.sendall(message(id=1, method="initialize", params=params))
        before = process.memory_info().rss
        assert is_left(deaf.sendall)
        assert process.memory_info().rss < before + 200_000_000
    assert is_fine(port)


def test_an_editor_that_does_not_read_is_left():
    streams = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    with subprocess.Popen([*SERVER, "{}"], bufsize=0, **streams) as deaf:
        giving_up = threading.Timer(ENDED_S, deaf.kill)  # a pipe that is not read blocks for ever
        giving_up.start()
        deaf.stdin.write(message(id=1, method="initialize", params=INITIALIZE))
        try:
            assert is_left(deaf.stdin.write)
            assert deaf.wait() == 1
        finally:
            giving_up.cancel()
            deaf.kill()


def test_more_than_can_be_handled_is_not_read_ahead(port):
    """What a client sends waits with it, not in the server."""
    params = {**INITIALIZE, "initializationOptions": {"token": port.token}}
    process = psutil.Process(port.process.pid)
    notes = message(method="no/such", params={"text": "x" * 1_000}) * 1_000
    with socket.create_connection(("127.0.0.1", port.port), timeout=ENDED_S) as connection:
        connection.sendall(message(id=1, method="initialize", params=params))
        before, most = process.memory_info().rss, 0
        for _ in range(20):
            connection.sendall(notes)
            most = max(most, process.memory_info().rss)
    assert most < before + 10_000_000


# Work of others


@pytest.mark.parametrize("kind", ["typing", "key"])
def test_queued_summaries_do_not_delay_a_completion(start, kind):
    """Who asks by a key also gets alternatives, which are made by a second step."""
    client = start(answer="answer(x)", step_ms=100, drawn=["other(y)"])
    client.initialize()
    ready(client)
    client.open(URI, "\n\n\n".join(f"def f{n}(a):\n    return a + {n}" for n in range(50)))
    area = {"start": {"line": 0, "character": 0}, "end": {"line": 100, "character": 0}}
    params = {"command": "assist.summarize", "arguments": [URI, area]}
    summaries = [client.start_request("workspace/executeCommand", params) for _ in range(100)]
    asked = {**inline_params(2, 0), "context": {"triggerKind": 2 if kind == "typing" else 1}}
    found = client.request("textDocument/inlineCompletion", asked)
    assert len(found["items"]) == (1 if kind == "typing" else 2)
    unanswered = [number for number in summaries if number not in client._answers]
    assert len(unanswered) > 50
