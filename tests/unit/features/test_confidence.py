import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assist_server.context.cursor import CursorContext
from assist_server.context.snapshot import Snapshot
from assist_server.features.confidence import confidence, signals

log_probs = st.lists(st.floats(-1000, 0), min_size=1, max_size=20)


def at(text):
    """A cursor at `|`."""
    offset = text.index("|")
    return CursorContext(Snapshot("file:///a.py", "a.py", text.replace("|", "")), offset)


def test_signals_of_a_place_and_a_text():
    found = signals(at("total = su|) # end\n"), "m(values)", [-0.5, -1.5])
    assert (found["mean_log_prob"], found["lowest_log_prob"]) == (-1.0, -1.5)
    assert (found["first_log_prob"], found["bias"]) == (-0.5, 1.0)
    assert (found["is_behind_word"], found["is_behind_blank"], found["begins_line"]) == (1, 0, 0)
    assert (found["has_text_behind"], found["is_several_lines"]) == (1, 0)
    assert found["log_chars"] == pytest.approx(math.log(10))


def test_signals_of_the_beginning_of_a_line():
    found = signals(at("if x:\n    |\n"), "return x\n    more", [-0.1])
    assert (found["begins_line"], found["is_behind_blank"], found["is_several_lines"]) == (1, 0, 1)


@given(log_probs, st.dictionaries(st.sampled_from(["bias", "mean_log_prob"]), st.floats(-9, 9)))
def test_confidence_is_a_probability(values, weights):
    assert 0 <= confidence(weights, signals(at("x = |"), "1", values)) <= 1


def test_weights_are_logarithms_of_odds():
    assert confidence({"bias": math.log(3)}, {"bias": 1.0}) == pytest.approx(0.75)
    assert confidence({"bias": 0.0, "unknown": 5.0}, {"bias": 1.0}) == 0.5
