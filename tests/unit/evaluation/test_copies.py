import math
import random

import pytest
import torch
from tiny_models import FAMILIES, save_family

from assist_server.engine.backend import ModelChoice
from assist_server.engine.copying import Copy, CopyRule
from assist_server.engine.opening import open_backend
from assist_server.evaluation.copies import CopyExample, calibrate_copies, copy_examples
from assist_server.evaluation.places import Kind, Place
from assist_server.evaluation.reading import Reader
from assist_server.settings import Settings

WEIGHTS = {"bias": -1.0, "log_match_tokens": 1.0, "log_odds": 0.5}
LOG_ROW = torch.tensor([2.0, 1.0, 0.0]).log_softmax(-1)


def example(match_tokens, copied, written):
    """A token that was written, where another one or the same could be copied."""
    rest = float(LOG_ROW[[token for token in range(3) if token != copied]].logsumexp(-1))
    log_odds = float(LOG_ROW[copied]) - rest
    signals = {"bias": 1.0, "log_match_tokens": math.log(match_tokens), "log_odds": log_odds}
    return CopyExample(signals, copied == written, float(LOG_ROW[written]), rest)


@pytest.mark.parametrize("written", [0, 1, 2])
@pytest.mark.parametrize("match_tokens", [1, 5])
def test_the_gain_is_what_the_engine_makes_of_the_logits(match_tokens, written):
    after = (
        CopyRule(WEIGHTS).applied(LOG_ROW[None].clone(), [Copy(1, match_tokens)]).log_softmax(-1)[0]
    )
    gained = float(after[written] - LOG_ROW[written])
    assert example(match_tokens, 1, written).gain(WEIGHTS) == pytest.approx(gained, abs=1e-5)


def test_the_weights_that_made_the_examples_are_found():
    draw = random.Random(0)  # noqa: S311 - repeatable, not secret
    made = []
    for _ in range(20_000):
        match_tokens, copied = draw.randint(1, 16), draw.randrange(3)
        rule = CopyRule(WEIGHTS).applied(LOG_ROW[None].clone(), [Copy(copied, match_tokens)])
        chances = rule.softmax(-1)[0].tolist()
        made.append(example(match_tokens, copied, draw.choices(range(3), chances)[0]))
    found = calibrate_copies([made[start : start + 100] for start in range(0, len(made), 100)])
    assert found.weights == pytest.approx(WEIGHTS, abs=0.15)
    assert found.tokens == len(made)
    assert found.gained_nats > 0


def test_too_few_examples_teach_nothing():
    assert calibrate_copies([]) is None
    assert calibrate_copies([[example(1, 1, 1)] * 100]) is None


def test_examples_are_the_missing_tokens_for_which_there_is_a_copy(tmp_path):
    folder = str(save_family(FAMILIES[0], tmp_path))
    text = "xyz = first\nxyz = first\n"
    place = Place(Kind.REST_OF_LINE, "a.py", text, text.rindex("rst"), len(text) - 1)
    backend = open_backend(ModelChoice(folder))
    found = list(copy_examples(place, backend, Reader(folder), Settings()))
    backend.close()
    # A character is a token. Of the word at the cursor all is asked for: "first", behind "xyz = ".
    matches = [round(math.exp(one.signals["log_match_tokens"])) for one in found]
    assert matches == [6, 7, 8, 9, 10]
    assert all(one.is_right and one.log_prob < 0 for one in found)
