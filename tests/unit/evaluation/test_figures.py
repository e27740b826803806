import importlib
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assist_server.errors import InputError
from assist_server.evaluation.figures import (
    Estimate,
    Insertion,
    chrf,
    figures,
    rouge_l,
    rouge_n,
    score,
)
from assist_server.evaluation.tasks import Kind, Place

TEXT = "total = add(first, second)\nprint(total)\n"
START = TEXT.index("first")
ARGUMENT = Place(Kind.ARGUMENT, "a.py", TEXT, START, START + len("first"))


def test_without_the_extra_packages_the_remedy_is_named(monkeypatch):
    monkeypatch.delitem(sys.modules, "assist_server.evaluation.figures")
    monkeypatch.setitem(sys.modules, "rapidfuzz.distance", None)
    with pytest.raises(InputError, match=r"pip install '\.\[eval\]'"):
        importlib.import_module("assist_server.evaluation.figures")


def test_the_missing_text_is_exact():
    found = score(ARGUMENT, Insertion("first"))
    assert (found.is_exact, found.similarity, found.right_chars) == (True, 1.0, 1.0)
    assert (found.parses, found.is_shown, found.stopped_right) == (True, True, True)


def test_what_is_written_again_in_place_of_what_stood_there_is_exact():
    assert score(ARGUMENT, Insertion("first, second)", len(", second)"))).is_exact


def test_going_on_is_not_stopping():
    found = score(ARGUMENT, Insertion("first_one"))
    assert (found.is_exact, found.right_chars, found.stopped_right) == (False, 1.0, False)


def test_what_is_wrong_is_measured_up_to_the_first_wrong_character():
    found = score(ARGUMENT, Insertion("fist"))
    assert (found.is_exact, found.right_chars, found.stopped_right) == (False, 0.4, None)
    assert 0 < found.similarity < 1


def test_nothing_shown_is_nothing_right():
    found = score(ARGUMENT, Insertion(""))
    assert (found.is_shown, found.is_exact, found.right_chars) == (False, False, 0.0)
    assert not found.parses


def test_blanks_at_the_end_do_not_count():
    assert score(ARGUMENT, Insertion("first  ")).is_exact


def test_code_that_is_broken_does_not_parse():
    assert not score(ARGUMENT, Insertion("first(")).parses


@given(st.lists(st.sampled_from([0.0, 1.0]), min_size=1, max_size=40))
def test_an_interval_holds_its_mean(values):
    estimate = Estimate.of(values)
    assert estimate.low <= estimate.mean <= estimate.high
    assert (estimate.mean, estimate.count) == (
        pytest.approx(sum(values) / len(values)),
        len(values),
    )


def test_intervals_get_narrower_with_more_places():
    few, many = Estimate.of([0.0, 1.0] * 10), Estimate.of([0.0, 1.0] * 500)
    assert few.high - few.low > 3 * (many.high - many.low)


def test_a_ratio_weighs_what_is_larger():
    found = Estimate.ratio([(1, 1), (0, 3)])
    assert (found.mean, found.count) == (0.25, 2)
    assert Estimate.ratio([(0, 0)]) is None


def test_a_figure_is_of_the_places_that_say_something_of_it():
    scores = [score(ARGUMENT, Insertion(text)) for text in ("first", "first_one", "wrong", "")]
    found = figures(scores)
    assert (found["exact"].mean, found["exact"].count) == (0.25, 4)
    assert (found["stopped right"].mean, found["stopped right"].count) == (0.5, 2)
    assert figures([])["exact"] is None


@pytest.mark.parametrize(
    ("written", "wanted", "expected"),
    [
        ("Return the size of a file.", "Get the size of the file in bytes.", 0.375),
        ("Parse the header", "Parse header lines and return them", 0.3287),
        ("Send", "Send a request.", 0.2493),
        ("a", "b", 0.0),
        ("", "b", 0.0),
    ],
)
def test_chrf(written, wanted, expected):
    assert chrf(written, wanted) == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize(
    ("written", "wanted", "expected"),
    [
        (
            "Return the size of a file.",
            "Get the size of the file in bytes.",
            (0.5714, 0.3333, 0.5714),
        ),
        ("Parse the header", "Parse header lines and return them", (0.4444, 0.0, 0.4444)),
        ("a", "b", (0.0, 0.0, 0.0)),
    ],
)
def test_rouge(written, wanted, expected):
    found = (rouge_n(written, wanted, 1), rouge_n(written, wanted, 2), rouge_l(written, wanted))
    assert found == pytest.approx(expected, abs=1e-4)


@given(st.text("ab c", max_size=12), st.text("ab c", max_size=12))
def test_they_are_shares_and_one_for_the_same_text(one, other):
    for measure in (chrf, rouge_l, lambda a, b: rouge_n(a, b, 1)):
        assert 0 <= measure(one, other) <= 1
        assert measure(one, one) == (1 if one.strip() else 0)
