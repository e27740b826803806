import asyncio
import threading

import pytest
from conversation import Conversation, conversation
from lsp_steps import URI

from assist_server.engine.backend import NullBackend
from assist_server.errors import ModelError


def switched_off(**more):
    return {"assist": {"completion": {"enabled": False}, **more}}


@pytest.mark.parametrize("typed", ["", "ans"])
def test_what_was_shown_is_forgotten_when_completions_are_switched_off(typed):
    async def play():
        async with conversation(NullBackend(answer="answer()")) as client:
            client.open("x = ")
            assert await client.items(5, 0, 4)
            client.notify("workspace/didChangeConfiguration", settings=switched_off())
            place = {"line": 0, "character": 4}
            client.change(2, {"range": {"start": place, "end": place}, "text": typed})
            assert await client.items(6, 0, 4 + len(typed)) == []
            return await client.result(7, "assist.why", URI)

    assert asyncio.run(play())[0]["outcome"].startswith("switched off")


class Loading:
    """Notes which models are loaded; their answers are their names."""

    def __init__(self):
        self.models = []

    def open(self, choice, report):
        self.models.append(choice.model)
        return NullBackend(answer=f"{choice.model}()")


def test_requests_before_the_settings_are_known_wait_for_them():
    async def play(loading):
        client = Conversation(loading.open)
        await client.initialize({"workspace": {"configuration": True}})
        client.open("x = ")
        client.complete(5, 0, 4)
        client.notify("initialized")
        client.complete(6, 0, 4)
        question = await client.asked("workspace/configuration")
        client.send(id=question["id"], result=[{"model": "another"}])
        early, late = [(await client.answer(number))["result"] for number in (5, 6)]
        await client.end()
        return early["items"], late["items"]

    loading = Loading()
    early, late = asyncio.run(play(loading))
    assert early == []  # superseded by the later one
    assert late[0]["insertText"] == "another()"
    assert loading.models == ["another"]


def test_a_request_before_the_settings_are_known_has_the_budget_of_all_others():
    async def play(loading):
        client = Conversation(loading.open)
        await client.initialize(options={"completion": {"model_wait_ms": 10}})
        client.open("x = ")
        assert await client.items(5, 0, 4) == []
        client.notify("initialized")
        record = (await client.result(6, "assist.why", URI))[0]
        await client.result(7, "assist.status", True)
        assert await client.items(8, 0, 4)
        await client.end()
        return record

    loading = Loading()
    assert asyncio.run(play(loading))["outcome"] == "the model is loading"
    assert loading.models == ["embedded"]


def test_the_cancel_button_works_while_the_model_loads():
    may_load = threading.Event()

    def load(choice, report):
        assert may_load.wait(20)
        return NullBackend()

    async def play():
        client = Conversation(load)
        await client.initialize()
        client.notify("initialized")
        client.open("def f(a):\n    return a\n")
        client.run(5, "assist.document", URI, {"line": 0, "character": 5})
        begun = await client.until(
            lambda said: said.get("method") == "$/progress" and is_offered(said)
        )
        client.notify("window/workDoneProgress/cancel", token=begun["params"]["token"])
        answer = await client.answer(5)
        may_load.set()
        await client.end()
        return answer

    assert asyncio.run(play())["error"]["code"] == -32800


def is_offered(progress):
    return progress["params"]["value"].get("cancellable")


def shown_messages(client):
    shown = [said for said in client.messages if said.get("method") == "window/showMessage"]
    return [said["params"]["message"] for said in shown]


def test_a_mistake_in_the_editors_settings_is_told_once_though_they_are_sent_twice():
    wrong = {"completion": {"multiline": "never"}}

    async def play():
        async with conversation(NullBackend(), options=wrong) as client:
            client.notify("workspace/didChangeConfiguration", settings={"assist": wrong})
            await client.result(5, "assist.status")
            return shown_messages(client)

    (message,) = asyncio.run(play())
    assert "completion.multiline" in message
    assert message.endswith("(the editor's settings)")


@pytest.mark.parametrize("shows_status", [True, False])
def test_a_model_that_fails_is_told_by_a_message_only_where_the_status_is_not_shown(shows_status):
    def fail(choice, report):
        raise ModelError("no such model")

    async def play():
        client = Conversation(fail)
        await client.initialize({"experimental": {"assistStatus": shows_status}})
        client.notify("initialized")
        client.run(5, "assist.status", True)
        error = (await client.answer(5))["error"]
        phases = [
            s["params"]["phase"] for s in client.messages if s.get("method") == "assist/status"
        ]
        messages = shown_messages(client)
        await client.end()
        return error, phases, messages

    error, phases, messages = asyncio.run(play())
    assert "data" not in error
    assert ("failed" in phases, messages != []) == (shows_status, not shows_status)


def test_what_cannot_be_done_here_is_told_from_what_is_broken():
    async def play():
        async with conversation(NullBackend()) as client:
            client.open("x = 1\n")
            client.run(5, "assist.document", URI, {"line": 0, "character": 0})
            client.run(6, "assist.document", URI, "nowhere")
            return [(await client.answer(number))["error"] for number in (5, 6)]

    refused, wrong = asyncio.run(play())
    assert refused["data"] == {"isRefusal": True}
    assert "data" not in wrong


def test_a_server_for_text_is_opened_by_the_first_summary_and_named_before():
    opened = []

    def load(choice, report):
        opened.append((choice.model, choice.remote.url))
        return NullBackend(answer="answer()")

    def names_host(said):
        is_status = said.get("method") == "assist/status"
        return is_status and said["params"]["text_model"] == "model at localhost:1"

    async def play():
        client = Conversation(load)
        await client.ready(capabilities={"experimental": {"assistStatus": True}})
        client.open("x = ")
        remote = {"url": "http://localhost:1", "used_for": "text"}
        client.notify("workspace/didChangeConfiguration", settings={"assist": {"remote": remote}})
        await client.until(names_host)
        assert await client.items(5, 0, 4)
        assert await client.items(6, 0, 4, is_automatic=False)
        assert opened == [("embedded", "")]
        start, end = {"line": 0, "character": 0}, {"line": 0, "character": 4}
        client.run(7, "assist.summarize", URI, {"start": start, "end": end})
        await client.answer(7)
        await client.end()

    asyncio.run(play())
    assert opened == [("embedded", ""), ("embedded", "http://localhost:1")]


@pytest.mark.parametrize("named", ["", "another"])
def test_a_text_model_that_is_no_longer_named_keeps_nobody_waiting(named):
    may_load = threading.Event()

    def load(choice, report):
        if choice.model == "slow":
            assert may_load.wait(20)
        return NullBackend(answer=choice.model)

    async def play():
        client = Conversation(load)
        await client.ready({"text_model": "slow"})
        client.open("def f(a):\n    return a\n")
        start, end = {"line": 0, "character": 0}, {"line": 2, "character": 0}
        client.run(5, "assist.summarize", URI, {"start": start, "end": end})
        await client.until(lambda said: "slow" in str(said) and said.get("method") == "$/progress")
        settings = {"assist": {"text_model": named}}
        client.notify("workspace/didChangeConfiguration", settings=settings)
        answer = await client.answer(5)
        may_load.set()
        await client.end()
        return answer

    assert "not loaded" in asyncio.run(play())["error"]["message"]
