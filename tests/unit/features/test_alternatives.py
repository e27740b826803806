"""What else a model may mean at a place, for who asks."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from assist_server.context.cursor import CursorContext
from assist_server.context.snapshot import Snapshot
from assist_server.engine.backend import NullBackend
from assist_server.engine.request import CancelToken, Chunk, GenerationRequest, Sampling
from assist_server.features.alternatives import alternatives
from assist_server.settings import CompletionSettings, Settings


@dataclass
class ManyMinds(NullBackend):
    """Answers with one text after the other, and with the last one for ever."""

    answers: list[str] = field(default_factory=list)

    def generate(self, request: GenerationRequest) -> Iterator[Chunk]:
        self.answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        yield from super().generate(request)


def others(answers, first="one()", document="x = |\n", cancel=None, **completion):
    offset = document.index("|")
    context = CursorContext(Snapshot("file:///a.py", "a.py", document.replace("|", "")), offset)
    backend = ManyMinds(answers=list(answers))
    settings = Settings(completion=CompletionSettings(**completion))
    found = alternatives(context, backend, settings, first, cancel or CancelToken())
    return [each.text for each in found], backend


def test_each_differs_from_the_first_and_from_the_others():
    texts, _ = others(["two()", "one()", "two()", "three()", "three()"])
    assert texts == ["two()", "three()"]


def test_what_differs_in_blanks_at_the_end_only_is_the_same_to_a_person():
    texts, _ = others(["one()  ", "two()", "two() "])
    assert texts == ["two()"]


def test_a_person_has_three_to_choose_from_beside_the_first():
    texts, _ = others(f"choice{number}()" for number in range(9))
    assert texts == ["choice0()", "choice1()", "choice2()"]


def test_a_model_that_is_sure_is_not_asked_for_ever():
    texts, backend = others(["one()"])
    assert texts == []
    assert len(backend.requests) == 6


def test_they_pass_the_same_filters():
    texts, _ = others(["a)", ""], first="b)", document="f(|)\n")
    assert texts == ["a)"]  # it takes the place of the bracket that is there; nothing is nothing
    texts, _ = others(["\n", "   "], first="b")
    assert texts == []


@pytest.mark.parametrize(
    ("temperature", "top_p", "drawn"),
    [(0.0, 1.0, Sampling(0.8, 0.95)), (1.5, 0.5, Sampling(1.5, 0.5))],
)
def test_they_are_drawn_at_least_as_freely_as_is_needed_to_differ(temperature, top_p, drawn):
    _, backend = others(["two()"], temperature=temperature, top_p=top_p)
    assert {request.sampling for request in backend.requests} == {drawn}


def test_nothing_is_drawn_for_who_has_gone_on():
    cancel = CancelToken()
    cancel.cancel()
    texts, backend = others(["two()"], cancel=cancel)
    assert (texts, backend.requests) == ([], [])
