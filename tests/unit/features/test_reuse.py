from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assist_server.context.cursor import CursorContext
from assist_server.context.snapshot import Snapshot
from assist_server.engine.backend import NullBackend
from assist_server.features.inline_completion import InlineCompletion, Outcome, complete
from assist_server.features.reuse import reusable_rest
from assist_server.settings import Settings

SHOWN = {
    "behind an opener": ("def f():|\n", "\n    a = 1\n    b = 2\n    return a\n"),
    "in an empty block": ("def f(a):\n    |\n", "total = 0\n    for x in a:\n        total += x\n"),
    "one line": ("x = |\n", "f(a, [b], 'c') + 1"),
    "before a closer": ("print(|)\n", "a, g(b))"),
    "before an end of its own": ("x = |, z\n", "(a, b), z"),
}
"""Where a completion was shown, and what the model wrote there."""


def at_cursor(document):
    """The place that a bar marks."""
    offset = document.index("|")
    return CursorContext(Snapshot("file:///a.py", "a.py", document.replace("|", "", 1)), offset)


def shown_at(place, answer):
    context = at_cursor(place)
    completion = complete(context, NullBackend(answer=answer), Settings())
    assert completion.text is not None
    return context, completion


def typed_into(context, text, closers=""):
    """The place after a text was typed there and an editor put closers behind it."""
    old = context.snapshot.text
    new = old[: context.offset] + text + closers + old[context.offset :]
    snapshot = replace(context.snapshot, text=new)
    return replace(context, snapshot=snapshot, offset=context.offset + len(text))


def accepted(context, completion):
    text = context.snapshot.text
    return text[: completion.start] + completion.text + text[completion.end :]


@pytest.mark.parametrize("place", SHOWN)
@given(data=st.data())
def test_the_rest_gives_what_was_proposed_wherever_the_typing_stops(place, data):
    before, completion = shown_at(*SHOWN[place])
    chars = data.draw(st.integers(0, len(completion.text.rstrip()) - 1))

    now = typed_into(before, completion.text[:chars])
    rest = reusable_rest(completion, before, now)

    if rest is None:  # only where all that is left stands behind the cursor already
        assert now.snapshot.text == accepted(before, completion)
    else:
        assert rest.text == completion.text[chars:]
        assert accepted(now, rest) == accepted(before, completion)


@pytest.mark.parametrize(
    ("place", "answer", "typed", "closers"),
    [
        ("x = |\n", '"abc"', '"', '"'),
        ("x = |\n", "f('abc', [1])", "f(", ")"),
        ("x = |\n", "f('abc', [1])", "f('", "')"),
        ("x = |\n", "f('abc', [1])", "f('abc', [", "])"),
        ("x = |\n", "f(a, b) + 1", "f(a", ")"),
        ("print(|)\n", "g(x))", "g(", ")"),
        ("|\n", "def f(a):\n    return a\n", "def f(", ")"),
    ],
)
def test_closers_that_the_editor_inserted_are_replaced(place, answer, typed, closers):
    before, completion = shown_at(place, answer)

    now = typed_into(before, typed, closers)
    rest = reusable_rest(completion, before, now)

    assert accepted(now, rest) == accepted(before, completion)


def test_an_inserted_closer_that_the_rest_does_not_write_stays():
    before = at_cursor("x = |\n")
    completion = InlineCompletion(Outcome.SHOWN, text="f(a, b", start=4, end=4)

    now = typed_into(before, "f(", ")")

    assert accepted(now, reusable_rest(completion, before, now)) == "x = f(a, b)\n"


def test_an_inserted_closer_that_stays_before_a_replaced_one_asks_the_model():
    before = at_cursor("x = f(|)\n")
    completion = InlineCompletion(Outcome.SHOWN, text="[a, b)", start=6, end=7)

    assert reusable_rest(completion, before, typed_into(before, "[", "]")) is None


@pytest.mark.parametrize("typed", ["y", "\n    b", "\n    a = 1\n    b = 2\n    return a"])
def test_what_disagrees_or_is_complete_has_no_rest(typed):
    before, completion = shown_at(*SHOWN["behind an opener"])

    assert reusable_rest(completion, before, typed_into(before, typed)) is None


@pytest.mark.parametrize("neighbours", [{"cells_above": "import os\n\n"}, {"cells_below": "\n\nx"}])
def test_another_text_around_the_document_asks_the_model(neighbours):
    before, completion = shown_at("x = |\n", "answer(one)")
    now = typed_into(before, "ans")
    assert reusable_rest(completion, before, now) is not None

    assert reusable_rest(completion, before, replace(now, **neighbours)) is None


def test_of_a_hidden_completion_what_is_left_is_as_hidden():
    backend = NullBackend(answer="answer(one)", calibration={"bias": -5.0})
    context = at_cursor("x = |")
    hidden = complete(context, backend, Settings(), is_automatic=True)
    rest = reusable_rest(hidden, context, typed_into(context, "answer"))
    assert (rest.outcome, rest.text, rest.hidden_text) == (Outcome.LOW_CONFIDENCE, None, "(one)")
    assert reusable_rest(hidden, context, typed_into(context, "other")) is None


@pytest.mark.parametrize(
    ("typed", "left"), [("", (-9, -1, -2, -3)), ("a", (-1, -2, -3)), ("ab", (-3,)), ("abcd", (-3,))]
)
def test_what_is_typed_to_its_end_counts_no_more_for_the_confidence(typed, left):
    """A token that was cut at the cursor, `ab`, one without text of its own, and `cde`."""
    context = at_cursor("x = |")
    shown = InlineCompletion(
        Outcome.SHOWN,
        text="abcde",
        start=4,
        end=4,
        log_probs=(-9, -1, -2, -3),
        token_chars=(0, 2, 0, 3),
    )
    rest = reusable_rest(shown, context, typed_into(context, typed))
    assert rest.log_probs == left
    assert len(rest.token_chars) == len(left)
