"""Prefetching where nobody has asked yet."""

import asyncio

from conversation import conversation
from lsp_steps import URI

from assist_server.engine.backend import NullBackend
from assist_server.engine.request import Priority


class Reader(NullBackend):
    """Notes what it learned, and tells when it has generated."""

    def __init__(self):
        super().__init__(answer="answer(one)")
        self.learned = []
        self.known = set()
        self.asked = asyncio.Event()
        self._loop = asyncio.get_running_loop()

    def learn(self, name, parts):
        uri = name.partition(" ")[2]
        self.learned.append((uri, [self.decode_prompt(part) for part in parts]))
        self.known.add(name)

    def forget(self, name):
        self.known.discard(name)

    def generate(self, request):
        yield from super().generate(request)
        if request.max_new_tokens == 1:
            self._loop.call_soon_threadsafe(self.asked.set)

    async def reads(self):
        """The end of the prompt that is read next without being asked for."""
        async with asyncio.timeout(20):
            await self.asked.wait()
        self.asked.clear()
        request = next(each for each in self.requests[::-1] if each.max_new_tokens == 1)
        assert request.priority is Priority.SPECULATIVE
        return self.decode_prompt(request.prompt_ids)


def play(scenario, options=None):
    """Play a scenario with a model that notes what it reads."""

    async def whole():
        backend = Reader()
        async with conversation(backend, options) as client:
            client.run(1, "assist.status", True)
            await client.answer(1)
            await scenario(client, backend)

    asyncio.run(whole())


async def until_read(client):
    """Until what was touched last has been dealt with."""
    prefetcher = client.server.prefetcher
    async with asyncio.timeout(20):
        while prefetcher._running is None:  # noqa: ASYNC110 - no event tells of a timer
            await asyncio.sleep(0)
        await prefetcher._running


def change(client, line, text):
    place = {"line": line, "character": 0}
    client.notify(
        "textDocument/didChange",
        textDocument={"uri": URI, "version": 2},
        contentChanges=[{"range": {"start": place, "end": place}, "text": text}],
    )


def test_a_document_that_is_opened_is_read_and_learned():
    async def scenario(client, backend):
        client.open("one = 1\ntwo = 2\n")
        assert (await backend.reads()).endswith("one = 1\ntwo = 2\n")
        assert backend.learned == [(URI, ["one = 1\ntwo = 2\n", ""])]

    play(scenario)


def test_the_place_of_the_last_change_is_read():
    async def scenario(client, backend):
        client.open("one = 1\ntwo = 2\n")
        change(client, 0, "zero")
        assert (await backend.reads()).endswith("zero")
        assert len(backend.requests) == 1  # the opening was not worth reading any more
        assert backend.learned == [(URI, ["zero", "one = 1\ntwo = 2\n"])]

    play(scenario)


def test_the_place_where_the_cursor_has_gone_is_read():
    async def scenario(client, backend):
        client.open("one = 1\ntwo = 2\n")
        place = {"line": 1, "character": 3}
        client.ask(
            2,
            "textDocument/codeAction",
            textDocument={"uri": URI},
            range={"start": place, "end": place},
            context={"diagnostics": []},
        )
        assert (await backend.reads()).endswith("one = 1\ntwo")

    play(scenario)


def test_where_a_completion_was_asked_for_nothing_is_read_but_the_text_is_learned():
    async def scenario(client, backend):
        client.open("one = 1\ntwo = \n")
        assert await client.items(2, 1, 6)
        await until_read(client)
        assert [name for name, _ in backend.learned] == [URI]
        assert [request for request in backend.requests if request.max_new_tokens == 1] == []

    play(scenario)


def test_a_long_line_is_not_learned():
    async def scenario(client, backend):
        client.open("one = 1\n" + "x" * 1000 + "\ntwo = 2\n")
        await until_read(client)
        assert backend.learned == [(URI, ["one = 1\ntwo = 2\n", ""])]

    play(scenario)


def test_only_so_much_is_learned():
    async def scenario(client, backend):
        client.open("value = compute(value)\n" * 20_000)
        await until_read(client)
        ((_, (above, below)),) = backend.learned
        assert 20_000 < len(above) <= 50_000
        assert below == ""

    play(scenario)


def test_nothing_is_kept_of_a_document_that_is_closed():
    async def scenario(client, backend):
        client.open("one = 1\ntwo = \n")
        await until_read(client)
        assert backend.known
        assert await client.items(2, 1, 6)
        client.notify("textDocument/didClose", textDocument={"uri": URI})
        client.run(3, "assist.why", URI)
        assert (await client.answer(3))["result"] == []
        assert backend.known == set()

    play(scenario)


def test_nothing_is_kept_of_a_client_that_has_left():
    backends = []

    async def scenario(client, backend):
        backends.append(backend)
        client.open("one = 1\n")
        await until_read(client)
        assert backend.known

    play(scenario)
    assert backends[0].known == set()


def test_what_could_not_be_read_while_the_model_was_loaded_is_read_then():
    async def scenario(client, backend):
        client.open("one = 1\ntwo = \n")
        assert await client.items(2, 1, 6)
        await until_read(client)
        prefetcher = client.server.prefetcher
        prefetcher._running = None
        prefetcher.retry()
        await until_read(client)
        assert [request.max_new_tokens == 1 for request in backend.requests][-1]

    play(scenario)


def test_a_change_at_the_place_that_was_asked_for_is_read():
    async def scenario(client, backend):
        client.open("one = 1\ntwo = \n")
        assert await client.items(2, 1, 6)
        place = {"line": 1, "character": 0}
        client.notify(
            "textDocument/didChange",
            textDocument={"uri": URI, "version": 2},
            contentChanges=[
                {"range": {"start": place, "end": {"line": 1, "character": 6}}, "text": "six = "}
            ],
        )
        assert (await backend.reads()).endswith("six = ")

    play(scenario)


def test_nothing_is_read_where_that_is_switched_off():
    async def scenario(client, backend):
        client.open("one = 1\n")
        await until_read(client)
        assert (backend.requests, backend.learned) == ([], [])

    play(scenario, {"completion": {"predict_next": False}})


def test_a_place_in_an_older_version_of_a_cell_is_not_prefetched():
    async def scenario(client, backend):
        cell = {"uri": URI, "languageId": "python", "version": 1, "text": "one = 1\ntwo = 2\n"}
        notebook = {"uri": "file:///n.ipynb", "notebookType": "jupyter-notebook", "version": 1}
        client.notify(
            "notebookDocument/didOpen",
            notebookDocument={**notebook, "cells": [{"kind": 2, "document": URI}]},
            cellTextDocuments=[cell],
        )
        place = {"line": 1, "character": 3}
        client.ask(
            2,
            "textDocument/codeAction",
            textDocument={"uri": URI},
            range={"start": place, "end": place},
            context={"diagnostics": []},
        )
        document = {"uri": URI, "version": 2}
        change = {"document": document, "changes": [{"text": "a longer text = of this cell\n"}]}
        client.notify(
            "notebookDocument/didChange",
            notebookDocument={"uri": notebook["uri"], "version": 2},
            change={"cells": {"textContent": [change]}},
        )
        await until_read(client)
        assert (backend.requests, backend.learned) == ([], [])

    play(scenario)


def test_nothing_is_prefetched_once_the_client_has_said_shutdown():
    async def scenario(client, backend):
        client.open("one = 1\n")
        client.ask(2, "shutdown")
        await client.answer(2)
        prefetcher = client.server.prefetcher
        prefetcher.retry()  # as when the model is loaded only then
        assert prefetcher._timer.cancelled()

    play(scenario)
