"""Random schedules of what editors do: every request is answered exactly once, whatever happens."""

import asyncio
import json
import random
import threading
import time
from collections import Counter

import pytest

from assist_server.engine.backend import NullBackend
from assist_server.engine.loading.model_pool import ModelPool
from assist_server.lsp.connection import Connection
from assist_server.lsp.create_server import create_server
from assist_server.lsp.framing import FrameReader, frame

SCHEDULES = 1_000
URIS = [f"file:///{name}.py" for name in "abc"]


class Model(NullBackend):
    """Takes a moment for some of its steps."""

    def __init__(self, rng):
        super().__init__(answer="answer(x) + 1")
        self.rng = rng

    def generate(self, request):
        for chunk in super().generate(request):
            if self.rng.random() < 0.1:
                time.sleep(0.0005)  # stands for a decoding step
            yield chunk


class Editor:
    """Sends random messages and keeps account of the answers."""

    def __init__(self, rng, pool):
        self.rng = rng
        self.pool = pool
        self.frames = FrameReader()
        self.sent, self.answers, self.versions = [], Counter(), {}
        self.working = set()
        self.is_over = False
        self.late = []

    def receive(self, data):
        for body in self.frames.feed(data):
            message = json.loads(body)
            if self.is_over:
                self.late.append(message)
            if "method" not in message:
                self.answers[message["id"]] += 1
            elif "id" in message:
                self.send({"id": message["id"], "result": {"applied": self.rng.random() < 0.8}})
            elif message["method"] == "$/progress":
                self.follow(message["params"]["token"], message["params"]["value"])

    def follow(self, token, progress):
        """Keep account of the commands that say they are at work."""
        if progress["kind"] == "end":
            self.working.discard(token)
        elif progress.get("cancellable"):
            self.working.add(token)

    def send(self, message):
        self.connection.receive(frame(json.dumps({"jsonrpc": "2.0", **message}).encode()))

    def request(self, method, params):
        self.sent.append(len(self.sent) + 1)
        self.send({"id": self.sent[-1], "method": method, "params": params})

    async def play(self):
        self.server = create_server(self.pool)
        loop = asyncio.get_running_loop()
        self.connection = Connection(
            self.server, lambda data: loop.call_soon_threadsafe(self.receive, data)
        )
        ended = asyncio.ensure_future(self.connection.ended())
        window = {"workDoneProgress": True}
        self.request("initialize", {"capabilities": {"window": window}, "processId": None})
        self.send({"method": "initialized", "params": {}})
        for _ in range(self.rng.randrange(5, 25)):
            self.step()
            if self.rng.random() < 0.3:
                await asyncio.sleep(self.rng.choice([0, 0, 0.001]))
        for uri in list(self.versions):
            self.close(uri)
        self.request("shutdown", None)
        if self.rng.random() < 0.5:
            self.request("shutdown", None)
        self.send({"method": "exit"})
        code = await ended
        await asyncio.sleep(0)
        self.is_over = True
        return code

    def step(self):
        choices = [self.open, self.change, self.complete, self.complete, self.cancel, self.command]
        self.rng.choice([*choices, self.close_one])()

    def open(self):
        uri = self.rng.choice(URIS)
        self.versions[uri] = 1
        item = {"uri": uri, "languageId": "python", "version": 1, "text": "def f(a):\n    x = \n"}
        self.send({"method": "textDocument/didOpen", "params": {"textDocument": item}})

    def change(self):
        uri = self.rng.choice(URIS)
        version = self.versions[uri] = self.versions.get(uri, 0) + 1
        place = {"line": 1, "character": self.rng.randrange(12)}
        text = self.rng.choice(["a", "answer", "(", "\n", ""])
        changes = [{"range": {"start": place, "end": place}, "text": text}]
        document = {"uri": uri, "version": version}
        params = {"textDocument": document, "contentChanges": changes}
        self.send({"method": "textDocument/didChange", "params": params})

    def complete(self):
        params = {
            "textDocument": {"uri": self.rng.choice(URIS)},
            "position": {"line": 1, "character": self.rng.randrange(12)},
            "context": {"triggerKind": self.rng.choice([1, 2])},
        }
        self.request("textDocument/inlineCompletion", params)

    def cancel(self):
        target = self.rng.choice(self.sent)
        if target != 1:  # cancelling `initialize` ends the conversation before it begins
            self.send({"method": "$/cancelRequest", "params": {"id": target}})

    def command(self):
        place = {"line": 0, "character": 5}
        area = {"start": {"line": 0, "character": 0}, "end": {"line": 2, "character": 0}}
        uri = self.rng.choice(URIS)
        name, arguments = self.rng.choice(
            [
                ("assist.document", [uri, place]),
                ("assist.summarize", [uri, area]),
                ("assist.insertSummary", [uri, area]),
                ("assist.why", [uri]),
                ("assist.status", []),
                ("assist.nothing", []),
            ]
        )
        self.request("workspace/executeCommand", {"command": name, "arguments": arguments})

    def close_one(self):
        if self.versions:
            self.close(self.rng.choice(list(self.versions)))

    def close(self, uri):
        del self.versions[uri]
        self.send({"method": "textDocument/didClose", "params": {"textDocument": {"uri": uri}}})


@pytest.mark.parametrize(
    "part", [0, *(pytest.param(n, marks=pytest.mark.slow) for n in range(1, 10))]
)
def test_every_request_is_answered_exactly_once(part):
    threads_before = set(threading.enumerate())
    for seed in range(part, SCHEDULES, 10):
        rng = random.Random(seed)  # noqa: S311 - repeatable, not secret
        pool = ModelPool(lambda choice, report, rng=rng: Model(rng))
        editor = Editor(rng, pool)
        assert asyncio.run(editor.play()) == 0, seed
        assert editor.answers == Counter(editor.sent), seed
        assert editor.late == [], seed
        assert editor.working == set(), seed
        assert len(editor.server.documents) == 0, seed
        assert len(editor.server.completions) == 0, seed
        assert len(editor.server.reports) == 0, seed
        pool.close()
    own_threads = set(threading.enumerate()) - threads_before
    for thread in own_threads:
        thread.join(10)
    assert [thread.name for thread in own_threads if thread.is_alive()] == []
