"""What happens while something else is under way: closing, switching models, leaving."""

import asyncio
import threading

from conversation import Conversation, conversation
from lsp_steps import URI

from assist_server.engine.backend import NullBackend
from assist_server.engine.loading.model_pool import ModelHost, ModelPool, Phase
from assist_server.errors import ModelError
from assist_server.lsp.model_session import ModelSession
from assist_server.lsp.settings_store import SettingsStore, ignore_log

OTHER = "somebody/other"


class Learner(NullBackend):
    """Notes the names of what it has learned; learning waits until the test lets it go on."""

    def __init__(self):
        super().__init__(answer="answer(one)")
        self.names = set()
        self.is_learning, self.may_learn = threading.Event(), threading.Event()
        self.may_learn.set()

    def learn(self, name, parts):
        self.is_learning.set()
        assert self.may_learn.wait(20)
        self.names.add(name)

    def forget(self, name):
        self.names.discard(name)


async def until_prefetched(client):
    """Wait for the end of a prefetch's thread, if one runs, and of what comes after it."""
    await asyncio.get_running_loop().run_in_executor(client.server.model._background, lambda: None)


def close_document(client):
    client.notify("textDocument/didClose", textDocument={"uri": URI})


def use_model(client, name):
    client.notify("workspace/didChangeConfiguration", settings={"assist": {"model": name}})


def test_what_is_learned_while_its_document_is_closed_is_forgotten(monkeypatch):
    monkeypatch.setattr("assist_server.lsp.model_session.BACKGROUND_THREADS", 1)

    async def scenario():
        backend = Learner()
        backend.may_learn.clear()
        async with conversation(backend) as client:
            client.open("one = 1\n")
            assert await asyncio.to_thread(backend.is_learning.wait, 20)
            close_document(client)
            await client.result(1, "assist.status")
            backend.may_learn.set()
            await until_prefetched(client)
            return set(backend.names)

    assert asyncio.run(scenario()) == set()


def test_a_model_that_others_may_use_forgets_the_documents_of_a_client_that_leaves_it():
    async def scenario():
        backends = {"embedded": Learner(), OTHER: Learner()}
        client = Conversation(lambda choice, report: backends[choice.model])
        await client.ready()
        client.open("one = 1\n")
        first, second = backends.values()
        assert await asyncio.to_thread(first.is_learning.wait, 20)
        await until_prefetched(client)
        use_model(client, OTHER)
        assert (await client.result(1, "assist.status", True))["model"] == OTHER
        left = set(first.names)
        assert await asyncio.to_thread(second.is_learning.wait, 20)
        await client.end()
        return left

    assert asyncio.run(scenario()) == set()


def test_nothing_is_recorded_of_a_request_whose_document_was_closed_meanwhile():
    async def scenario():
        may_load = threading.Event()

        def load(choice, report):
            assert may_load.wait(20)
            return NullBackend(answer="answer(one)")

        client = Conversation(load)
        await client.initialize(options={"completion": {"model_wait_ms": 600_000}})
        client.notify("initialized")
        client.open("x = ")
        client.complete(1, 0, 4)
        await client.result(2, "assist.status")
        close_document(client)
        assert (await client.answer(1))["result"]["items"] == []
        records = await client.result(3, "assist.why", URI)
        may_load.set()
        await client.end()
        return records

    assert asyncio.run(scenario()) == []


class Silent:
    """Progress reports that nobody sees."""

    def start(self, title, percent):
        return self

    def report(self, message, percent):
        pass

    def end(self):
        pass


def test_a_model_that_fails_while_another_one_takes_its_place_is_not_reported():
    first_may_fail = threading.Event()

    def load(choice, report):
        if choice.model == OTHER:
            return NullBackend()
        assert first_may_fail.wait(20)
        raise ModelError("the first one failed")

    class Pool(ModelPool):
        def acquire(self, choice):
            host = super().acquire(choice)
            if choice.model == OTHER:
                host.listen = lambda listener: self.listen_late(host, listener)
            else:
                self.first = host
            return host

        def listen_late(self, host, listener):
            first_may_fail.set()
            with self.first._changed:
                assert self.first._changed.wait_for(
                    lambda: self.first.state.phase is Phase.FAILED, 20
                )
            ModelHost.listen(host, listener)

    async def scenario():
        pool, phases, is_ready = Pool(load), [], asyncio.Event()

        def on_change(state):
            phases.append(state.phase)
            if state.phase is Phase.READY:
                is_ready.set()

        settings = SettingsStore(None, ignore_log, lambda message: None)
        session = ModelSession(pool, settings, Silent(), on_change)
        settings.read()
        session.start()
        settings.put_layer("test", {"model": OTHER})
        settings.read()
        session.start()
        async with asyncio.timeout(20):
            await is_ready.wait()
        session.close()
        pool.close()
        return phases

    assert Phase.FAILED not in asyncio.run(scenario())
