"""A long session of several clients leaves nothing behind."""

import json
import random
import signal
import socket
import subprocess
import sys
import threading
from contextlib import ExitStack, closing
from pathlib import Path

import psutil
import pytest
from lsp_steps import inline_params

from assist_server.lsp.framing import FrameReader, frame
from assist_server.lsp.model_session import BACKGROUND_THREADS, INTERACTIVE_THREADS

WARM_UP = 5_000
REQUESTS = 3_000
CLIENTS = 4
IN_FLIGHT = 20
PROCESS_THREADS = 5
SERVER = [sys.executable, str(Path(__file__).parent.parent / "support" / "scripted_server.py")]


class Client:
    """Sends a request at a time over a socket and reads until its answer is there."""

    def __init__(self, place, number, rng):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(place)
        self.frames, self.rng, self.count, self.version = FrameReader(), rng, 0, 1
        self.answered = 0
        self.uri = f"file:///{number}.py"
        self.request("initialize", {"capabilities": {}, "processId": None, "rootUri": None})
        self.read_all()
        self.notify("initialized", {})
        self.open()

    def close(self):
        self.socket.close()

    def send(self, message):
        self.socket.sendall(frame(json.dumps({"jsonrpc": "2.0", **message}).encode()))

    def notify(self, method, params):
        self.send({"method": method, "params": params})

    def request(self, method, params):
        self.count += 1
        self.send({"id": self.count, "method": method, "params": params})

    def read_all(self):
        """Read until every request has its answer."""
        while self.answered < self.count:
            data = self.socket.recv(1 << 16)
            assert data
            messages = map(json.loads, self.frames.feed(data))
            self.answered += sum("method" not in message for message in messages)

    def open(self):
        text = "def f(a):\n    x = \n" * 50
        item = {"uri": self.uri, "languageId": "python", "version": 1, "text": text}
        self.notify("textDocument/didOpen", {"textDocument": item})

    def step(self):
        """One of the things that editors do."""
        kind = self.rng.random()
        place = {"line": 1, "character": 8}
        if kind < 0.5:
            self.version += 1
            end = {"line": 1, "character": 9}
            change = {"range": {"start": place, "end": end}, "text": self.rng.choice("abc")}
            document = {"uri": self.uri, "version": self.version}
            params = {"textDocument": document, "contentChanges": [change]}
            self.notify("textDocument/didChange", params)
            self.request("textDocument/inlineCompletion", inline_params(1, 9, self.uri))
        elif kind < 0.8:
            self.request("textDocument/inlineCompletion", inline_params(1, 8, self.uri))
        elif kind < 0.9:
            context = {"diagnostics": []}
            area = {"start": place, "end": {"line": 3, "character": 0}}
            document = {"uri": self.uri}
            params = {"textDocument": document, "range": area, "context": context}
            self.request("textDocument/codeAction", params)
        elif kind < 0.95:
            self.request(
                "workspace/executeCommand", {"command": "assist.why", "arguments": [self.uri]}
            )
        elif kind < 0.98:
            self.request("no/such/method", {})
        else:
            self.notify("textDocument/didClose", {"textDocument": {"uri": self.uri}})
            self.open()
            self.request("workspace/executeCommand", {"command": "assist.status"})


@pytest.fixture
def server(tmp_path):
    folder = tmp_path / "private"
    folder.mkdir(mode=0o700)
    place = str(folder / "s")
    command = [*SERVER, json.dumps({"answer": "answer(x)"}), "unix", place]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        while "listening" not in process.stderr.readline():
            pass
        reader = threading.Thread(target=process.stderr.read)  # keeps the pipe empty
        reader.start()
        yield process, place
        process.send_signal(signal.SIGTERM)
        process.wait(10)
        reader.join()


@pytest.fixture
def clients(server):
    rng = random.Random(7)  # noqa: S311 - repeatable, not secret
    with ExitStack() as opened:
        yield [
            opened.enter_context(closing(Client(server[1], number, rng)))
            for number in range(CLIENTS)
        ]


def test_memory_descriptors_and_threads_stay(server, clients):
    watched = psutil.Process(server[0].pid)

    def play(requests, in_flight):
        for _ in range(requests // (CLIENTS * in_flight)):
            for client in clients:
                for _ in range(in_flight):
                    client.step()
            for client in clients:
                client.read_all()
        return watched.memory_info().rss, watched.num_fds(), watched.num_threads()

    # The threads of a connection start as they are needed, each with a megabyte for its memory, and
    # the allocator takes pieces for the peak: the first requests, which come more at a time, are
    # many enough for all of that. What grows after them is a leak.
    memory_before, descriptors_before, _ = play(WARM_UP, 4 * IN_FLIGHT)
    memory, descriptors, threads = play(REQUESTS, IN_FLIGHT)
    assert memory < memory_before * 1.05
    assert descriptors <= descriptors_before
    assert threads <= CLIENTS * (INTERACTIVE_THREADS + BACKGROUND_THREADS) + PROCESS_THREADS
