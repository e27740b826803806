import random

import pytest

from assist_server.evaluation.calibration import Example, calibrate, fit
from assist_server.features.confidence import confidence


def examples(count, seed=0):
    """Completions that are right the more likely the likelier their tokens were."""
    draw = random.Random(seed)  # noqa: S311 - repeatable, not secret
    for _ in range(count):
        log_prob = -4 * draw.random()
        odds = confidence(
            {"bias": 3.0, "mean_log_prob": 2.0}, {"bias": 1, "mean_log_prob": log_prob}
        )
        yield Example({"bias": 1.0, "mean_log_prob": log_prob}, draw.random() < odds)


def test_the_weights_that_made_the_examples_are_found():
    weights = fit(list(examples(20_000)))
    assert weights["bias"] == pytest.approx(3.0, abs=0.3)
    assert weights["mean_log_prob"] == pytest.approx(2.0, abs=0.2)


def test_more_confidence_shows_less_and_more_of_it_right():
    found = calibrate([[example] for example in examples(2000)], seed=0)
    assert found.curve[0].shown == found.curve[0].coverage == 1.0
    assert found.curve[0].precision == pytest.approx(found.right / found.examples, abs=1e-4)
    shown = [point.shown for point in found.curve]
    assert shown == sorted(shown, reverse=True)
    assert found.curve[-4].precision > found.curve[0].precision + 0.2


@pytest.mark.parametrize("groups", [[], [list(examples(50))]])
def test_too_few_examples_teach_nothing(groups):
    assert calibrate(groups, seed=0) is None


def test_where_all_are_wrong_there_is_nothing_to_learn():
    groups = [[Example({"bias": 1.0}, is_right=False)] * 10 for _ in range(30)]
    assert calibrate(groups, seed=0) is None
