"""What is prepared while a completion is read; the rest is seen in tests/lsp."""

import asyncio

import pytest

from assist_server.context.cursor import CursorContext
from assist_server.context.snapshot import Snapshot
from assist_server.features.inline_completion import InlineCompletion, Outcome, accepted
from assist_server.lsp import completing
from assist_server.lsp.completing import DocumentCompletions


@pytest.fixture(autouse=True)
def no_pause(monkeypatch):
    """The pause in typing that means reading takes no time."""
    monkeypatch.setattr(completing, "_PREPARE_AFTER_S", 0)


def place(text: str) -> CursorContext:
    """A document with the cursor at `|`."""
    offset = text.index("|")
    return CursorContext(Snapshot("file:///a.py", "a.py", text.replace("|", "")), offset)


class Model:
    """Proposes one text everywhere, each time when it is told to."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.asked: list[CursorContext] = []
        self.was_asked = asyncio.Event()
        self.may_answer = asyncio.Event()
        self.was_stopped = asyncio.Event()
        self.may_answer.set()

    async def __call__(self, context, on_text):
        self.asked.append(context)
        self.was_asked.set()
        try:
            await self.may_answer.wait()
        except asyncio.CancelledError:
            self.was_stopped.set()
            raise
        end = context.offset
        return InlineCompletion(Outcome.SHOWN, text=self.text, start=end, end=end)


async def prepared(model: Model) -> None:
    """Wait until the model was asked and its answer was taken."""
    await model.was_asked.wait()
    for _ in range(3):  # turns of the loop: the task ends, then its callback runs
        await asyncio.sleep(0)


def test_what_follows_the_acceptance_is_there_at_once():
    async def scenario():
        now, ahead = Model("one()"), Model("two()")
        document = DocumentCompletions()
        before = place("x = |\nend\n")
        shown = await document.complete(before, now, ahead)
        await prepared(ahead)
        return now, ahead, await document.complete(accepted(before, shown), now, None)

    now, ahead, following = asyncio.run(scenario())
    assert following.text == "two()"
    assert following.detail == "prepared while the last one was read"
    assert (len(now.asked), len(ahead.asked)) == (1, 1)
    assert ahead.asked[0].snapshot.text == "x = one()\nend\n"
    assert ahead.asked[0].offset == len("x = one()")


def test_nobody_waits_for_a_preparation_that_is_under_way():
    """It comes behind all other work; who asks in earnest does not."""

    async def scenario():
        now, ahead = Model("one()"), Model("two()")
        ahead.may_answer.clear()
        document = DocumentCompletions()
        before = place("x = |")
        shown = await document.complete(before, now, ahead)
        await ahead.was_asked.wait()
        following = await document.complete(accepted(before, shown), now, None)
        await ahead.was_stopped.wait()
        return now, following

    now, following = asyncio.run(scenario())
    assert following.text == "one()"
    assert len(now.asked) == 2


def test_typing_something_else_stops_it():
    async def scenario():
        now, ahead = Model("one()"), Model("two()")
        ahead.may_answer.clear()
        document = DocumentCompletions()
        await document.complete(place("x = |"), now, ahead)
        await ahead.was_asked.wait()
        answer = await document.complete(place("x = z|"), now, None)
        await ahead.was_stopped.wait()
        return now, answer

    now, answer = asyncio.run(scenario())
    assert len(now.asked) == 2
    assert answer.text == "one()"


def test_typing_what_is_shown_leaves_it_running():
    async def scenario():
        now, ahead = Model("one()"), Model("two()")
        ahead.may_answer.clear()
        document = DocumentCompletions()
        await document.complete(place("x = |"), now, ahead)
        await ahead.was_asked.wait()
        before = place("x = o|")
        rest = await document.complete(before, now, ahead)
        ahead.may_answer.set()
        await prepared(ahead)
        return now, ahead, await document.complete(accepted(before, rest), now, None)

    now, ahead, following = asyncio.run(scenario())
    assert following.text == "two()"
    assert (len(now.asked), len(ahead.asked)) == (1, 1)


def test_a_request_within_the_pause_prepares_nothing(monkeypatch):
    monkeypatch.setattr(completing, "_PREPARE_AFTER_S", 3600)

    async def scenario():
        ahead = Model("two()")
        document = DocumentCompletions()
        await document.complete(place("x = |"), Model("one()"), ahead)
        document.stop()
        pending = list(asyncio.get_running_loop()._scheduled)
        return ahead, [handle for handle in pending if not handle.cancelled()]

    ahead, pending = asyncio.run(scenario())
    assert ahead.asked == []
    assert pending == []


def test_nothing_is_prepared_where_nothing_was_shown_or_it_is_switched_off():
    async def scenario():
        document, ahead = DocumentCompletions(), Model("two()")
        silent = Model("")
        silent.text = None
        await document.complete(place("x = |"), silent, ahead)
        await document.complete(place("y = |"), Model("one()"), None)
        for _ in range(5):
            await asyncio.sleep(0)
        return ahead

    assert asyncio.run(scenario()).asked == []
