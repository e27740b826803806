import math
from dataclasses import dataclass, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assist_server.context.cursor import CursorContext
from assist_server.context.snapshot import Snapshot
from assist_server.engine.backend import NullBackend
from assist_server.engine.request import CancelToken, Chunk, FinishReason, Priority, Sampling
from assist_server.errors import InputError
from assist_server.features.inline_completion import (
    InlineCompletion,
    Outcome,
    check_confidence,
    complete,
)
from assist_server.prompts.fim import LEFT_TO_RIGHT, TEMPLATES
from assist_server.settings import CompletionSettings, Settings


def at_cursor(document: str, path: str = "sample.py") -> CursorContext:
    """The place that a bar marks."""
    offset = document.index("|")
    return CursorContext(Snapshot(f"file:///{path}", path, document.replace("|", "", 1)), offset)


def settings_with(**completion) -> Settings:
    return Settings(completion=CompletionSettings(**completion))


def ask(document, answer="", *, backend=None, settings=None, **more):
    backend, settings = backend or NullBackend(answer=answer), settings or Settings()
    context = replace(at_cursor(document), multi_line=settings.completion.multi_line)
    return complete(context, backend, settings, **more)


def test_an_answer_says_what_it_cost():
    found = ask("total = |\n", "1 + 2")
    assert (found.outcome, found.text, found.start, found.end) == (Outcome.SHOWN, "1 + 2", 8, 8)
    assert (len(found.prompt_ids), found.new_tokens) == (len("total = "), len("1 + 2"))
    assert found.finish_reason is FinishReason.END_OF_TEXT
    assert found.mean_log_prob == pytest.approx(-0.1)
    assert found.milliseconds > 0


def test_text_behind_the_cursor_is_replaced_when_the_answer_holds_it():
    found = ask("call(|)\n", "a, b)")
    assert (found.text, found.start, found.end) == ("a, b)", 5, 6)


def test_what_is_filtered_names_the_rule():
    found = ask("total = |\n", "")
    assert (found.outcome, found.text) == (Outcome.FILTERED, None)
    assert found.detail == "it is too short to be worth accepting"


def test_a_single_line_ends_with_the_line():
    found = ask("total = |\n", "1 + 2\nother = 3\n")
    assert (found.text, found.finish_reason) == ("1 + 2", FinishReason.STOP_RULE)
    assert found.new_tokens == len("1 + 2\n")


@pytest.mark.parametrize(
    ("document", "answer", "text"),
    [
        ("def f():\n    |\n", "a = 1\n    return a\nprint()\n", "a = 1\n    return a"),
        ("def f():|\n", "\n    return 1\n\nprint()\n", "\n    return 1"),
        ("class A:\n    def f(self):\n        |\n", "pass\n    x = 1\n", "pass"),
    ],
)
def test_a_block_ends_where_a_line_leaves_it(document, answer, text):
    found = ask(document, answer)
    assert (found.text, found.finish_reason) == (text, FinishReason.STOP_RULE)
    assert found.new_tokens < len(answer)


@pytest.mark.parametrize(
    ("multi_line", "document", "tokens"),
    [
        ("auto", "total = |\n", 5),
        ("auto", "def f():\n    |\n", 7),
        ("never", "def f():\n    |\n", 5),
        ("always", "total = |\n", 7),
    ],
)
def test_how_many_tokens_are_asked_for(multi_line, document, tokens):
    backend = NullBackend(answer="x" * 50)
    limits = {"max_new_tokens": 7, "max_new_tokens_single_line": 5}
    found = ask(document, backend=backend, settings=settings_with(multi_line=multi_line, **limits))
    assert backend.requests[0].max_new_tokens == found.new_tokens == tokens
    assert found.finish_reason is FinishReason.MAX_NEW_TOKENS


@pytest.mark.parametrize(
    ("document", "completion", "outcome"),
    [
        ("value = na|me\n", {}, Outcome.INSIDE_WORD),
        ("value = |\n", {"enabled": False}, Outcome.DISABLED),
        ("value = |\n", {"trigger": "invoked"}, Outcome.DISABLED),
    ],
)
def test_only_the_typing_is_left_alone(document, completion, outcome):
    backend = NullBackend(answer="answer")
    settings = settings_with(**completion)
    found = ask(document, backend=backend, settings=settings, is_automatic=True)
    assert (found.outcome, found.text, backend.requests) == (outcome, None, [])
    invoked = ask(document, backend=backend, settings=settings)
    assert invoked.outcome is (Outcome.SHOWN if settings.completion.enabled else Outcome.DISABLED)


@pytest.mark.parametrize("document", ["|", "value = |\n", "name|", "call(|)\n", "x = |  \n"])
def test_typing_is_answered_anywhere_else(document):
    assert ask(document, "answer", is_automatic=True).outcome is Outcome.SHOWN


def test_a_cancelled_request_shows_nothing():
    cancel = CancelToken()
    cancel.cancel()
    found = ask("total = |\n", "1 + 2", cancel=cancel)
    assert (found.outcome, found.text) == (Outcome.CANCELLED, None)
    assert found.finish_reason is FinishReason.CANCELLED


@dataclass
class LateBackend(NullBackend):
    """Runs out of time behind its answer."""

    def generate(self, request):
        for chunk in super().generate(request):
            if chunk.token_ids:
                yield chunk
        yield Chunk("", finish_reason=FinishReason.DEADLINE)


def test_somebody_waits_for_it_and_not_for_ever():
    backend = NullBackend(answer="x")
    ask("|", backend=backend, settings=settings_with(max_latency_ms=70))
    assert backend.requests[0].priority is Priority.INTERACTIVE
    assert backend.requests[0].max_latency_ms == 70


@pytest.mark.parametrize(
    ("document", "ready", "text"),
    [
        ("total = |\n", "sum(prices) + discou", "sum(prices)"),
        ("def f():\n    |\n", "a = 1\n    b = 2\n    ret", "a = 1\n    b = 2"),
        ("call(|)\n", "a, b)", "a, b)"),
    ],
)
def test_what_is_ready_in_time_is_shown(document, ready, text):
    found = ask(document, backend=LateBackend(ready))
    assert (found.outcome, found.text) == (Outcome.SHOWN, text)
    assert (found.detail, found.finish_reason) == ("what was ready in time", FinishReason.DEADLINE)


@pytest.mark.parametrize("ready", ["", "pri", "'text", "\x07()"])
def test_nothing_usable_in_time_shows_nothing_and_says_so(ready):
    found = ask("total = |\n", backend=LateBackend(ready))
    assert (found.outcome, found.text) == (Outcome.OUT_OF_TIME, None)
    assert "completion.max_latency_ms" in found.detail


def test_sampling_is_as_set():
    backend = NullBackend(answer="x")
    ask("|", backend=backend, settings=settings_with(temperature=0.5, top_p=0.9))
    assert backend.requests[0].sampling == Sampling(0.5, 0.9)


def test_the_template_s_control_tokens_end_a_completion():
    template = next(one for one in TEMPLATES if one.family == "starcoder")
    special_ids = {token: 10_000 + i for i, token in enumerate(template.control_tokens)}
    backend = NullBackend(answer="x", special_ids=special_ids)
    ask("before|behind", backend=backend)
    (request,) = backend.requests
    prefix, suffix, middle = special_ids.values()
    ids = (prefix, suffix, *map(ord, "behind"), middle, *map(ord, "before"))
    assert request.prompt_ids == ids
    assert request.end_ids == set(special_ids.values())


def test_a_template_that_the_model_cannot_serve_is_an_error():
    with pytest.raises(InputError, match="fim_template"):
        ask("|", settings=Settings(fim_template="starcoder"))


LINES = st.lists(st.text("ab (", max_size=30), max_size=20).map("\n".join)
DOCUMENTS = st.tuples(LINES, LINES).map("|".join)
PATHS = st.sampled_from(["a.py", "some/folder/of/mine/" * 12 + "a.py"])


@pytest.mark.parametrize("template", [*TEMPLATES, LEFT_TO_RIGHT], ids=lambda one: one.family)
@given(DOCUMENTS, PATHS, st.integers(64, 300), st.floats(0, 1))
def test_no_prompt_is_over_the_budget(template, document, path, max_tokens, share):
    special_ids = {token: 10_000 + i for i, token in enumerate(template.control_tokens)}
    backend = NullBackend(answer="x", special_ids=special_ids)
    limits = CompletionSettings(max_prompt_tokens=max_tokens, prefix_share=share)
    settings = Settings(completion=limits, fim_template=template.family)
    complete(at_cursor(document, path), backend, settings)
    assert len(backend.requests[0].prompt_ids) <= max_tokens


@pytest.mark.parametrize(
    ("bias", "is_automatic", "is_shown"),
    [(-5.0, True, False), (5.0, True, True), (-5.0, False, True)],
)
def test_what_is_likely_wrong_is_shown_only_to_who_asks(bias, is_automatic, is_shown):
    backend = NullBackend(answer="answer(one)", calibration={"bias": bias})
    context = CursorContext(Snapshot("file:///a.py", "a.py", "x = "), 4)
    found = complete(context, backend, Settings(), is_automatic=is_automatic)
    assert (found.text is not None) == is_shown
    assert found.confidence == pytest.approx(1 / (1 + math.exp(-bias)), abs=1e-3)
    if not is_shown:
        assert found.outcome is Outcome.LOW_CONFIDENCE
        assert "completion.min_confidence is 20%" in found.detail


def test_what_was_hidden_is_shown_once_it_is_likely_or_asked_for():
    backend = NullBackend(answer="answer(one)", calibration={"bias": -5.0})
    context = CursorContext(Snapshot("file:///a.py", "a.py", "x = "), 4)
    hidden = complete(context, backend, Settings(), is_automatic=True)
    limits, unlikely, likely = Settings().completion, {"bias": -5.0}, {"bias": 5.0}
    assert check_confidence(hidden, context, unlikely, limits, is_automatic=True) == hidden
    asked_for = check_confidence(hidden, context, unlikely, limits, is_automatic=False)
    assert (asked_for.outcome, asked_for.text) == (Outcome.SHOWN, "answer(one)")
    assert asked_for.hidden_text is None
    likelier = check_confidence(hidden, context, likely, limits, is_automatic=True)
    assert likelier.text == "answer(one)"


def test_what_a_deadline_cut_off_is_hidden_and_forgotten():
    context = CursorContext(Snapshot("file:///a.py", "a.py", "x = "), 4)
    cut = InlineCompletion(
        Outcome.SHOWN,
        text="ans",
        log_probs=(-1.0,),
        finish_reason=FinishReason.DEADLINE,
    )
    found = check_confidence(cut, context, {"bias": -5.0}, Settings().completion, is_automatic=True)
    assert (found.outcome, found.text, found.hidden_text) == (Outcome.LOW_CONFIDENCE, None, None)


def test_without_a_calibration_everything_is_shown():
    context = CursorContext(Snapshot("file:///a.py", "a.py", "x = "), 4)
    found = complete(context, NullBackend(answer="answer(one)"), Settings(), is_automatic=True)
    assert (found.text, found.confidence) == ("answer(one)", None)
