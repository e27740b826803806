"""No generation goes on that nobody waits for."""

import asyncio
import threading
from collections import Counter

import pytest
from conversation import conversation
from lsp_steps import URI

from assist_server.engine.backend import NullBackend
from assist_server.engine.request import FinishReason
from assist_server.lsp.model_session import INTERACTIVE_THREADS

LINES = 30
NO_PREFETCH = {"completion": {"predict_next": False}}
OTHER = "file:///project/other.py"


class Gated(NullBackend):
    """Answers slowly: each generation waits in its first step until the test opens the gate."""

    def __init__(self):
        super().__init__(answer="answer(one)")
        self.gate = threading.Event()
        self.started = 0
        self.ends = Counter()
        self._changed = threading.Condition()

    def generate(self, request):
        if request.max_new_tokens == 1:  # prefetching, which is no generation
            yield from super().generate(request)
            return
        with self._changed:
            self.started += 1
            self._changed.notify_all()
        reason = FinishReason.CANCELLED  # where the reader leaves
        try:
            for chunk in super().generate(request):
                assert self.gate.wait(20)
                reason = chunk.finish_reason or reason
                yield chunk
        finally:
            with self._changed:
                self.ends["stopped" if reason is FinishReason.CANCELLED else "finished"] += 1
                self._changed.notify_all()

    async def begun(self, generations):
        """Wait until so many generations have begun."""
        await asyncio.to_thread(self._wait, lambda: self.started >= generations)

    async def all_ended(self):
        """Open the gate, and wait until nothing runs any more."""
        self.gate.set()
        await asyncio.to_thread(self._wait, lambda: self.ends.total() == self.started)

    def _wait(self, is_met):
        with self._changed:
            assert self._changed.wait_for(is_met, 20)


def is_cancellable(params):
    return bool(params and params.get("value", {}).get("cancellable"))


def play(scenario, options=NO_PREFETCH):
    """Play a scenario with a gated model; how its generations ended."""

    async def whole():
        backend = Gated()
        async with conversation(backend, options) as client:
            client.open("x = \n" * LINES)
            await scenario(client, backend)
        await backend.all_ended()
        return dict(backend.ends)

    return asyncio.run(whole())


def test_a_cancelled_request_stops_its_generation():
    async def scenario(client, backend):
        client.complete(5, 0, 4)
        await backend.begun(1)
        client.notify("$/cancelRequest", id=5)
        assert (await client.answer(5))["error"]["code"] == -32800
        await backend.all_ended()

    assert play(scenario) == {"stopped": 1}


def test_an_answer_with_the_id_of_a_running_request_leaves_it_to_be_cancelled():
    async def scenario(client, backend):
        client.complete(5, 0, 4)
        await backend.begun(1)
        client.send(id=5, result=None)
        client.notify("$/cancelRequest", id=5)
        assert (await client.answer(5))["error"]["code"] == -32800

    assert play(scenario) == {"stopped": 1}


@pytest.mark.parametrize(
    ("command", "arguments"),
    [
        ("assist.document", [{"line": 0, "character": 5}]),
        (
            "assist.summarize",
            [{"start": {"line": 0, "character": 0}, "end": {"line": 2, "character": 0}}],
        ),
    ],
)
@pytest.mark.parametrize("way", ["by its request", "by its button"])
def test_a_cancelled_command_stops_its_generation(command, arguments, way):
    async def scenario(client, backend):
        client.open("def f(a):\n    return a\n", OTHER)
        client.run(5, command, OTHER, *arguments)
        await backend.begun(1)
        if way == "by its request":
            client.notify("$/cancelRequest", id=5)
        else:
            progress = await client.until(lambda said: is_cancellable(said.get("params")))
            client.notify("window/workDoneProgress/cancel", token=progress["params"]["token"])
        assert (await client.answer(5))["error"]["code"] == -32800
        await backend.all_ended()

    assert play(scenario) == {"stopped": 1}


def test_of_many_places_only_the_last_one_is_generated_for():
    async def scenario(client, backend):
        for line in range(LINES):
            client.complete(line, line, 4)
            await backend.begun(min(line + 1, INTERACTIVE_THREADS))
        for line in range(LINES - 1):
            assert (await client.answer(line))["result"]["items"] == []
        backend.gate.set()
        (item,) = (await client.answer(LINES - 1))["result"]["items"]
        assert item["insertText"] == "answer(one)"
        await backend.all_ended()

    ends = play(scenario)
    assert ends["finished"] == 1
    assert ends["stopped"] >= INTERACTIVE_THREADS


def test_an_answer_that_is_known_stops_the_generation_for_another_place():
    async def scenario(client, backend):
        backend.gate.set()
        assert await client.items(5, 0, 4)
        backend.gate.clear()
        client.complete(6, 1, 4)
        await backend.begun(2)
        assert await client.items(7, 0, 4)
        assert (await client.answer(6))["result"]["items"] == []
        await backend.all_ended()

    assert play(scenario) == {"finished": 1, "stopped": 1}


@pytest.mark.parametrize("message", [{"id": 9, "method": "shutdown"}, {"method": "exit"}])
def test_the_end_of_a_connection_stops_the_generation_of_a_request(message):
    async def scenario(client, backend):
        client.complete(5, 0, 4)
        await backend.begun(1)
        client.send(**message)
        await (client.answer(9) if "id" in message else client.ended())
        await backend.all_ended()

    assert play(scenario) == {"stopped": 1}


@pytest.mark.parametrize("message", [{"id": 9, "method": "shutdown"}, {"method": "exit"}])
def test_the_end_of_a_connection_stops_a_prefetch(message):
    async def scenario(client, backend):
        backend.gate.set()
        assert await client.items(5, 0, 4)
        backend.gate.clear()
        await backend.begun(2)
        client.send(**message)
        await (client.answer(9) if "id" in message else client.ended())
        await backend.all_ended()

    assert play(scenario, options=None) == {"finished": 1, "stopped": 1}


def test_closing_a_document_stops_its_generation():
    async def scenario(client, backend):
        client.complete(5, 0, 4)
        await backend.begun(1)
        client.notify("textDocument/didClose", textDocument={"uri": URI})
        assert (await client.answer(5))["result"]["items"] == []
        await backend.all_ended()

    assert play(scenario) == {"stopped": 1}
