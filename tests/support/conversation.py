"""A server in the test's own process, spoken to message by message."""

import asyncio
import json
from contextlib import asynccontextmanager

from lsp_steps import URI

from assist_server.engine.loading.model_pool import ModelPool
from assist_server.lsp.connection import Connection
from assist_server.lsp.create_server import create_server
from assist_server.lsp.framing import FrameReader, frame

CAPABILITIES = {
    "notebookDocument": {"synchronization": {}},
    "window": {"workDoneProgress": True},
}


class Conversation:
    """One client of one server; everything that the server says is kept."""

    def __init__(self, open_backend):
        self.pool = ModelPool(open_backend)
        self.server = create_server(self.pool)
        self.messages = []
        self._loop = asyncio.get_running_loop()
        self._frames = FrameReader()
        self._arrived = asyncio.Event()
        self._connection = Connection(self.server, self._take)
        self._ended = asyncio.ensure_future(self._connection.ended())

    def _take(self, data):  # on any thread
        self._loop.call_soon_threadsafe(self._keep, data)

    def _keep(self, data):
        self.messages += map(json.loads, self._frames.feed(data))
        self._arrived.set()

    def send_bytes(self, data):
        self._connection.receive(data)

    def send(self, **fields):
        self.send_bytes(frame(json.dumps({"jsonrpc": "2.0", **fields}).encode()))

    def notify(self, method, **params):
        self.send(method=method, params=params)

    async def until(self, found):
        """Wait for the first message that is looked for."""
        async with asyncio.timeout(20):
            while not (matching := list(filter(found, self.messages))):
                self._arrived.clear()
                await self._arrived.wait()
        return matching[0]

    async def answer(self, number):
        return await self.until(lambda said: "method" not in said and said["id"] == number)

    async def asked(self, method):
        """A request of the server's own."""
        return await self.until(lambda said: said.get("method") == method and "id" in said)

    def ask(self, number, method, **params):
        self.send(id=number, method=method, params=params)

    def complete(self, number, line, character, uri=URI, *, is_automatic=True):
        self.ask(
            number,
            "textDocument/inlineCompletion",
            textDocument={"uri": uri},
            position={"line": line, "character": character},
            context={"triggerKind": 2 if is_automatic else 1},
        )

    def run(self, number, command, *arguments):
        params = {"command": command, "arguments": list(arguments)}
        self.ask(number, "workspace/executeCommand", **params)

    async def items(self, number, line, character, uri=URI, *, is_automatic=True):
        """Ask for a completion and wait for it."""
        self.complete(number, line, character, uri, is_automatic=is_automatic)
        return (await self.answer(number))["result"]["items"]

    async def result(self, number, command, *arguments):
        """Run a command and wait for its result."""
        self.run(number, command, *arguments)
        return (await self.answer(number))["result"]

    def open(self, text, uri=URI):
        item = {"uri": uri, "languageId": "python", "version": 1, "text": text}
        self.notify("textDocument/didOpen", textDocument=item)

    def change(self, version, *changes, uri=URI):
        document = {"uri": uri, "version": version}
        self.notify("textDocument/didChange", textDocument=document, contentChanges=list(changes))

    async def initialize(self, capabilities=CAPABILITIES, options=None):
        params = {"capabilities": capabilities, "processId": None, "rootUri": None}
        self.ask("first", "initialize", **params, initializationOptions=options)
        await self.answer("first")

    async def ready(self, options=None, capabilities=CAPABILITIES):
        """Introduce the client and wait for the model."""
        await self.initialize(capabilities, options)
        self.notify("initialized")
        assert (await self.result("ready", "assist.status", True))["phase"] == "ready"

    async def ended(self):
        """Wait for the end of the connection."""
        await asyncio.wait_for(asyncio.shield(self._ended), 20)

    async def end(self):
        self.send(method="exit")
        await self.ended()
        self.pool.close()


@asynccontextmanager
async def conversation(backend, options=None, capabilities=CAPABILITIES):
    """A client that has introduced itself, of a server with a loaded model."""
    talk = Conversation(lambda choice, report: backend)
    await talk.ready(options, capabilities)
    try:
        yield talk
    finally:
        await talk.end()
