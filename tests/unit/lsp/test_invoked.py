"""Completions that a user asks for by a key: the likeliest first, then what else may be meant."""

import asyncio
import threading
from dataclasses import dataclass, field

from conversation import conversation
from lsp_steps import URI

from assist_server.engine.backend import NullBackend
from assist_server.engine.request import Chunk, FinishReason

LINE = "x = 1\ny = "


@dataclass
class Drawing(NullBackend):
    """Writes `likely()` unless it draws, and then one text after the other."""

    drawn: list[str] = field(default_factory=list)
    may_draw: threading.Event = field(default_factory=threading.Event)
    is_drawing: threading.Event = field(default_factory=threading.Event)
    was_stopped: threading.Event = field(default_factory=threading.Event)

    def generate(self, request):
        self.answer = "likely()"
        if request.sampling.temperature:
            self.is_drawing.set()
            while not self.may_draw.wait(0.01):
                if request.cancel.is_cancelled:
                    self.was_stopped.set()
                    yield Chunk("", finish_reason=FinishReason.CANCELLED)
                    return
            self.answer = self.drawn.pop(0) if self.drawn else "likely()"
        yield from super().generate(request)


def model(*drawn):
    backend = Drawing(drawn=list(drawn))
    backend.may_draw.set()
    return backend


def play(backend, scenario):
    async def run():
        async with conversation(backend) as client:
            client.open(LINE)
            return await scenario(client)

    return asyncio.run(run())


def texts(items):
    return [item["insertText"] for item in items]


def test_a_key_gives_the_likeliest_and_others_that_differ():
    async def scenario(client):
        return texts(await client.items(1, 1, 4, is_automatic=False))

    drawn = ("other()", "likely()", "other()", "third()")
    assert play(model(*drawn), scenario) == ["likely()", "other()", "third()"]


def test_typing_gives_one_and_draws_nothing():
    async def scenario(client):
        return texts(await client.items(1, 1, 4))

    backend = model("other()")
    assert play(backend, scenario) == ["likely()"]
    assert not backend.is_drawing.is_set()


def test_what_is_shown_already_stays_the_first():
    async def scenario(client):
        shown = await client.items(1, 1, 4)
        asked = await client.items(2, 1, 4, is_automatic=False)
        return texts(shown), texts(asked)

    assert play(model("other()"), scenario) == (["likely()"], ["likely()", "other()"])


def test_each_says_which_text_it_replaces():
    async def scenario(client):
        client.change(2, {"text": "print()"})
        return await client.items(1, 0, 6, is_automatic=False)

    first, other = play(model("a, b)"), scenario)
    assert (first["insertText"], first["range"]["end"]["character"]) == ("likely()", 6)
    assert (other["insertText"], other["range"]["end"]["character"]) == ("a, b)", 7)


def test_who_types_on_does_not_wait_for_the_others():
    async def scenario(client):
        client.complete(1, 1, 4, is_automatic=False)
        await asyncio.to_thread(backend.is_drawing.wait, 20)
        place = {"line": 1, "character": 4}
        client.change(2, {"range": {"start": place, "end": place}, "text": "z"})
        later = await client.items(2, 1, 5)
        early = (await client.answer(1))["result"]["items"]
        await asyncio.to_thread(backend.was_stopped.wait, 20)
        return texts(early), texts(later)

    backend = Drawing(drawn=["other()"])
    assert play(backend, scenario) == ([], ["likely()"])
    assert backend.was_stopped.is_set()


def test_cancelling_stops_the_drawing():
    async def scenario(client):
        client.complete(1, 1, 4, is_automatic=False)
        await asyncio.to_thread(backend.is_drawing.wait, 20)
        client.notify("$/cancelRequest", id=1)
        return (await client.answer(1))["error"]["code"]

    backend = Drawing(drawn=["other()"])
    assert play(backend, scenario) == -32800
    assert backend.was_stopped.wait(20)


def test_why_tells_the_texts_that_were_proposed_until_the_document_is_closed():
    async def scenario(client):
        await client.items(1, 1, 4, is_automatic=False)
        told = await client.result(2, "assist.why", URI)
        client.notify("textDocument/didClose", textDocument={"uri": URI})
        return told, await client.result(3, "assist.why", URI)

    told, after_closing = play(model("other()"), scenario)
    assert [(each["text"], each["detail"]) for each in told] == [
        ("other()", "an alternative"),
        ("likely()", ""),
    ]
    assert after_closing == []


def test_why_tells_what_was_hidden_as_unlikely_as_well():
    sure_of_nothing = {"bias": -9.0, "first_log_prob": 0.0}

    async def scenario(client):
        items = await client.items(1, 1, 4)
        return items, (await client.result(2, "assist.why", URI))[0]

    backend = model()
    backend.calibration = sure_of_nothing
    items, told = play(backend, scenario)
    assert (items, told["text"]) == ([], "likely()")
    assert "completion.min_confidence" in told["detail"]
