"""What is prefetched while a completion is read; the rest is seen in tests/lsp."""

import asyncio
from dataclasses import replace
from types import SimpleNamespace

import pytest

from assist_server.context.cursor import CursorContext
from assist_server.context.snapshot import Snapshot
from assist_server.engine.request import Priority
from assist_server.features.inline_completion import (
    InlineCompletion,
    Outcome,
    place_after_accepting,
)
from assist_server.lsp import completion_session
from assist_server.lsp.completion_session import CompletionSession, Resources
from assist_server.lsp.history import RequestHistory
from assist_server.settings import CompletionSettings, Settings

URI = "file:///a.py"


def complete(context, backend, settings, *, priority, **_):
    """Stands for the feature, whose backend is here a pair of scripted models."""
    return backend.by_priority(priority).answer(context)


@pytest.fixture(autouse=True)
def no_pause(monkeypatch):
    """The pause in typing that means reading takes no time."""
    monkeypatch.setattr(completion_session, "_PREFETCH_AFTER_S", 0)
    monkeypatch.setattr(completion_session, "complete", complete)


def place(text: str) -> CursorContext:
    """A document with the cursor at `|`."""
    offset = text.index("|")
    return CursorContext(Snapshot(URI, "a.py", text.replace("|", "")), offset)


class Model:
    """Proposes one text everywhere, each time when it is told to."""

    def __init__(self, text: str | None) -> None:
        self.text = text
        self.asked: list[CursorContext] = []
        self.was_asked = asyncio.Event()
        self.may_answer = asyncio.Event()
        self.was_stopped = asyncio.Event()
        self.may_answer.set()

    async def run(self, work):
        self.was_asked.set()
        try:
            await self.may_answer.wait()
        except asyncio.CancelledError:
            self.was_stopped.set()
            raise
        return work()

    def answer(self, context: CursorContext) -> InlineCompletion:
        self.asked.append(context)
        end = context.offset
        return InlineCompletion(Outcome.SHOWN, text=self.text, start=end, end=end)


class Document:
    """A session with one model for requests and one for what is prefetched."""

    def __init__(self, now: Model, ahead: Model | None = None) -> None:
        self.now, self.ahead = now, ahead
        self.history = RequestHistory()
        self._place: CursorContext | None = None
        completion = CompletionSettings(predict_next=ahead is not None)
        resources = Resources(
            documents=SimpleNamespace(find=lambda uri: self._place.snapshot),
            notebooks=SimpleNamespace(context_at=lambda uri, offset, multi_line: self._place),
            model=self,
            settings=SimpleNamespace(current=Settings(completion=completion)),
            history=self.history,
            prefetcher=SimpleNamespace(move_to=lambda place: None),
        )
        self.session = CompletionSession(URI, "a method", resources)

    # A model session

    model_name = "a model"

    @property
    def loaded(self):
        return SimpleNamespace(info=SimpleNamespace(calibration={}))

    async def ready_backend(self, wait_ms):
        return self

    def by_priority(self, priority):
        return self.ahead if priority is Priority.SPECULATIVE else self.now

    async def run(self, work, cancel, priority):
        return await self.by_priority(priority).run(work)

    # A user

    async def complete(self, place: CursorContext) -> InlineCompletion | None:
        self._place = place
        shown = await self.session.propose(place.offset, is_automatic=True)
        return shown[0] if shown else None

    @property
    def outcomes(self):
        return [record.outcome for record in reversed(self.history.of(URI))]

    @property
    def last_detail(self):
        return self.history.of(URI)[0].detail


async def prefetched(model: Model) -> None:
    """Wait until the model was asked and its answer was taken."""
    await model.was_asked.wait()
    for _ in range(3):  # turns of the loop: the task ends, then its callback runs
        await asyncio.sleep(0)


def test_what_follows_the_acceptance_is_there_at_once():
    async def scenario():
        document = Document(Model("one()"), Model("two()"))
        before = place("x = |\nend\n")
        shown = await document.complete(before)
        await prefetched(document.ahead)
        return document, await document.complete(place_after_accepting(before, shown))

    document, following = asyncio.run(scenario())
    now, ahead = document.now, document.ahead
    assert following.text == "two()"
    assert document.last_detail == "prefetched after the last completion"
    assert (len(now.asked), len(ahead.asked)) == (1, 1)
    assert ahead.asked[0].snapshot.text == "x = one()\nend\n"
    assert ahead.asked[0].offset == len("x = one()")


def test_nobody_waits_for_a_prefetch_that_is_under_way():
    """It comes after all other work; who asks in earnest does not."""

    async def scenario():
        now, ahead = Model("one()"), Model("two()")
        ahead.may_answer.clear()
        document = Document(now, ahead)
        before = place("x = |")
        shown = await document.complete(before)
        await ahead.was_asked.wait()
        following = await document.complete(place_after_accepting(before, shown))
        await ahead.was_stopped.wait()
        return now, following

    now, following = asyncio.run(scenario())
    assert following.text == "one()"
    assert len(now.asked) == 2


def test_typing_something_else_stops_it():
    async def scenario():
        now, ahead = Model("one()"), Model("two()")
        ahead.may_answer.clear()
        document = Document(now, ahead)
        await document.complete(place("x = |"))
        await ahead.was_asked.wait()
        answer = await document.complete(place("x = z|"))
        await ahead.was_stopped.wait()
        return now, answer

    now, answer = asyncio.run(scenario())
    assert len(now.asked) == 2
    assert answer.text == "one()"


def test_typing_what_is_shown_leaves_it_running():
    async def scenario():
        now, ahead = Model("one()"), Model("two()")
        ahead.may_answer.clear()
        document = Document(now, ahead)
        await document.complete(place("x = |"))
        await ahead.was_asked.wait()
        before = place("x = o|")
        rest = await document.complete(before)
        ahead.may_answer.set()
        await prefetched(ahead)
        return now, ahead, await document.complete(place_after_accepting(before, rest))

    now, ahead, following = asyncio.run(scenario())
    assert following.text == "two()"
    assert (len(now.asked), len(ahead.asked)) == (1, 1)


def test_a_request_within_the_pause_prefetches_nothing(monkeypatch):
    monkeypatch.setattr(completion_session, "_PREFETCH_AFTER_S", 3600)

    async def scenario():
        ahead = Model("two()")
        document = Document(Model("one()"), ahead)
        await document.complete(place("x = |"))
        document.session.stop()
        pending = list(asyncio.get_running_loop()._scheduled)
        return ahead, [handle for handle in pending if not handle.cancelled()]

    ahead, pending = asyncio.run(scenario())
    assert ahead.asked == []
    assert pending == []


def test_nothing_is_prefetched_where_nothing_was_shown_or_it_is_switched_off():
    async def scenario():
        ahead = Model("two()")
        silent, without = Document(Model(None), ahead), Document(Model("one()"))
        without.ahead = ahead  # though it is switched off
        await silent.complete(place("x = |"))
        await without.complete(place("y = |"))
        for _ in range(5):
            await asyncio.sleep(0)
        return ahead

    assert asyncio.run(scenario()).asked == []


class Unsure(Model):
    """Proposes a text that is too unlikely to be shown."""

    def answer(self, context):
        shown = super().answer(context)
        return replace(shown, outcome=Outcome.LOW_CONFIDENCE, text=None, hidden_text=self.text)


@pytest.fixture
def show_after(monkeypatch):
    """Has what is left shown once so many characters of it are typed, in `x = one()`."""

    def set_chars(chars):
        def check(known, *_, is_automatic):
            if len(known.hidden_text) > len("one()") - chars:
                return known
            return replace(known, outcome=Outcome.SHOWN, text=known.hidden_text, hidden_text=None)

        monkeypatch.setattr(completion_session, "check_confidence", check)

    return set_chars


def test_what_is_hidden_is_checked_anew_where_it_is_typed_and_the_model_not_asked(show_after):
    async def scenario():
        document = Document(Unsure("one()"))
        show_after(2)
        places = [place(f"x = {typed}|") for typed in ("", "o", "on")]
        answers = [await document.complete(at) for at in places]
        detail = document.last_detail
        answers.append(await document.complete(place("x = one|")))
        show_after(9)  # What is shown stays, whatever is thought of it later.
        answers.append(await document.complete(place("x = one(|")))
        return document, answers, detail

    document, answers, detail = asyncio.run(scenario())
    assert [answer and answer.text for answer in answers] == [None, None, "e()", "()", ")"]
    assert document.outcomes[:3] == [
        Outcome.LOW_CONFIDENCE, Outcome.LOW_CONFIDENCE, Outcome.SHOWN,
    ]  # fmt: skip
    assert detail == "the rest of the last completion"
    assert len(document.now.asked) == 1


def test_the_model_is_asked_anew_where_something_else_is_typed_than_what_is_hidden(show_after):
    async def scenario():
        document = Document(Unsure("one()"))
        show_after(0)
        for typed in ("", "t"):
            await document.complete(place(f"x = {typed}|"))
        return document.now

    assert len(asyncio.run(scenario()).asked) == 2


def test_a_hidden_completion_that_was_running_is_checked_where_it_is_wanted(show_after):
    async def scenario():
        document = Document(Unsure("one()"))
        show_after(1)
        document.now.may_answer.clear()
        first = asyncio.ensure_future(document.complete(place("x = |")))
        await document.now.was_asked.wait()
        second = asyncio.ensure_future(document.complete(place("x = o|")))
        await asyncio.sleep(0)
        document.now.may_answer.set()
        return await asyncio.gather(first, second), document

    (first, second), document = asyncio.run(scenario())
    assert first is None
    assert second.text == "ne()"
    assert document.outcomes == [Outcome.SUPERSEDED, Outcome.SHOWN]
    assert len(document.now.asked) == 1


def test_a_generation_that_has_just_ended_is_not_made_again():
    """A newer request comes before the older one has taken the result."""

    class Interrupted(Model):
        def answer(self, context):
            if not self.asked:
                self.second = asyncio.ensure_future(self.document.complete(place("x = o|")))
            return super().answer(context)

    async def scenario():
        model = Interrupted("one()")
        document = model.document = Document(model)
        first = await document.complete(place("x = |"))
        return model, first, await model.second

    model, first, second = asyncio.run(scenario())
    assert first is None
    assert second.text == "ne()"
    assert len(model.asked) == 1
