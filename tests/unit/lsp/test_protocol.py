import asyncio
import gc
import weakref
from dataclasses import replace

import pytest
from conversation import Conversation, conversation
from lsp_steps import URI

from assist_server.engine.backend import NullBackend
from assist_server.lsp.framing import frame

SOURCE = "def f(a):\n    return a\n"


def talk(converse, backend=None):
    """Play a conversation; what it returns."""

    async def play():
        async with conversation(backend or NullBackend(answer="answer()")) as client:
            return await converse(client)

    return asyncio.run(play())


@pytest.mark.parametrize(
    "body", [b"{nonsense", b"7", b'{"jsonrpc": "2.0", "id": {}, "method": "a"}']
)
def test_an_error_for_what_has_no_usable_id_carries_a_null_one(body):
    async def converse(client):
        client.send_bytes(frame(body))
        return await client.until(lambda said: "error" in said)

    assert talk(converse)["id"] is None


async def asked_to_apply(client):
    """The server waits for the client to apply an edit."""
    client.open(SOURCE)
    client.run(5, "assist.document", URI, {"line": 0, "character": 5})
    return (await client.asked("workspace/applyEdit"))["id"]


def test_a_client_cannot_cancel_what_the_server_asks():
    async def converse(client):
        number = await asked_to_apply(client)
        client.notify("$/cancelRequest", id=number)
        client.send(id=number, result={"applied": True})
        return await client.answer(5)

    assert talk(converse)["result"]["name"] == "f"


def test_a_null_error_beside_a_result_is_none():
    async def converse(client):
        client.send(id=await asked_to_apply(client), result={"applied": True}, error=None)
        return await client.answer(5)

    assert talk(converse)["result"]["name"] == "f"


def test_an_error_is_a_refusal():
    async def converse(client):
        client.send(id=await asked_to_apply(client), error={"code": 1, "message": "no"})
        return await client.answer(5)

    assert "refused" in talk(converse)["error"]["message"]


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_numbers_that_json_cannot_spell_are_null(number):
    class Odd(NullBackend):
        def generate(self, request):
            for chunk in super().generate(request):
                yield replace(chunk, log_probs=(number,) * len(chunk.token_ids))

    async def converse(client):
        client.open("x = ")
        assert await client.items(5, 0, 4)
        return await client.result(6, "assist.why", URI)

    assert talk(converse, Odd(answer="answer()"))[0]["mean_log_prob"] is None


def test_handlers_that_have_ended_are_forgotten():
    async def converse(client):
        client.notify("$/setTrace", value="off")
        client.notify("workspace/didChangeConfiguration", settings={})
        client.open("x = ")
        await client.items(5, 0, 4)
        await asyncio.sleep(0)  # what is done when a handler ends is done in the loop's next turn
        return client.server.protocol.running_handlers()

    assert talk(converse) == []


def test_nothing_keeps_a_server_whose_connection_has_ended():
    async def play():
        client = Conversation(lambda choice, report: NullBackend(answer="answer()"))
        await client.ready()
        client.open("x = ")
        assert await client.items(5, 0, 4)
        await client.end()
        return weakref.ref(client.server)

    server = asyncio.run(play())
    gc.collect()
    assert server() is None
