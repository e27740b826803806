"""What is prepared while a completion is read; the rest is seen in tests/lsp."""

import asyncio
from dataclasses import replace

import pytest

from assist_server.context.cursor import CursorContext
from assist_server.context.snapshot import Snapshot
from assist_server.features.inline_completion import InlineCompletion, Outcome, accepted
from assist_server.lsp import completion_session
from assist_server.lsp.completion_session import DocumentCompletions


@pytest.fixture(autouse=True)
def no_pause(monkeypatch):
    """The pause in typing that means reading takes no time."""
    monkeypatch.setattr(completion_session, "_PREPARE_AFTER_S", 0)


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
    monkeypatch.setattr(completion_session, "_PREPARE_AFTER_S", 3600)

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


class Doubter(Model):
    """Proposes a text that is too doubtful to be shown."""

    async def __call__(self, context, on_text):
        shown = await super().__call__(context, on_text)
        return replace(shown, outcome=Outcome.LOW_CONFIDENCE, text=None, hidden_text=self.text)


def judge_from(chars):
    """Shows what is left once so many characters of it are typed, in `x = one()`."""

    def judge(known, context):
        if len(known.hidden_text) > len("one()") - chars:
            return known
        return replace(known, outcome=Outcome.SHOWN, text=known.hidden_text, hidden_text=None)

    return judge


def test_what_is_hidden_is_judged_anew_where_it_is_typed_and_the_model_not_asked():
    async def scenario():
        model, document = Doubter("one()"), DocumentCompletions()
        places = [place(f"x = {typed}|") for typed in ("", "o", "on", "one")]
        answers = [await document.complete(at, model, None, judge_from(2)) for at in places]
        # What is shown stays, whatever is thought of it later.
        answers.append(await document.complete(place("x = one(|"), model, None, judge_from(9)))
        return model, answers

    model, answers = asyncio.run(scenario())
    assert [answer.text for answer in answers] == [None, None, "e()", "()", ")"]
    assert [answer.outcome for answer in answers[:3]] == [
        Outcome.LOW_CONFIDENCE, Outcome.LOW_CONFIDENCE, Outcome.SHOWN,
    ]  # fmt: skip
    assert answers[2].detail == "what is left of the last one"
    assert len(model.asked) == 1


def test_the_model_is_asked_anew_where_something_else_is_typed_than_what_is_hidden():
    async def scenario():
        model, document = Doubter("one()"), DocumentCompletions()
        for typed in ("", "t"):
            await document.complete(place(f"x = {typed}|"), model, None, judge_from(0))
        return model

    assert len(asyncio.run(scenario()).asked) == 2


def test_a_hidden_completion_that_was_running_is_judged_where_it_is_wanted():
    async def scenario():
        model, document = Doubter("one()"), DocumentCompletions()
        model.may_answer.clear()
        first = asyncio.ensure_future(document.complete(place("x = |"), model, None))
        await model.was_asked.wait()
        second = asyncio.ensure_future(
            document.complete(place("x = o|"), model, None, judge_from(1))
        )
        await asyncio.sleep(0)
        model.may_answer.set()
        return await asyncio.gather(first, second), model

    (first, second), model = asyncio.run(scenario())
    assert first.outcome is Outcome.SUPERSEDED
    assert (second.outcome, second.text) == (Outcome.SHOWN, "ne()")
    assert len(model.asked) == 1
