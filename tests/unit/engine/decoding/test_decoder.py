import math

import pytest
import torch

from assist_server.engine.decoding.decoder import TokenChooser
from assist_server.engine.request import Sampling
from assist_server.errors import ModelError

LOGITS = torch.log(torch.tensor([0.5, 0.3, 0.15, 0.05]))


def draw(sampling, count=400):
    return [token for token, _ in choose(LOGITS.expand(count, -1), sampling)]


def choose(logits, sampling):
    return list(TokenChooser(sampling, torch.device("cpu")).choose(logits))


def test_greedy_takes_the_likeliest_and_reports_its_probability():
    ((token, log_prob),) = choose(LOGITS[None], Sampling())
    assert token == 0
    assert log_prob == pytest.approx(math.log(0.5))


def test_a_temperature_next_to_nothing_is_greedy():
    assert set(draw(Sampling(temperature=1e-42, seed=1), 20)) == {0}


def test_broken_weights_are_an_error_and_no_endless_text():
    with pytest.raises(ModelError, match="not finite"):
        choose(torch.full((1, 4), math.nan), Sampling())


def test_a_nucleus_drops_the_unlikely():
    assert set(draw(Sampling(temperature=1.0, top_p=0.75, seed=1))) == {0, 1}


def test_a_tiny_nucleus_keeps_the_likeliest():
    assert set(draw(Sampling(temperature=1.0, top_p=1e-6, seed=1))) == {0}


def test_frequencies_follow_the_temperature():
    hot, cold = draw(Sampling(2.0, seed=3), 2000), draw(Sampling(0.5, seed=3), 2000)
    # 0.5 and 0.3 at temperature 0.5 are 0.25 : 0.09 : ..., at 2.0 they are 0.71 : 0.55 : ...
    assert cold.count(0) / 2000 == pytest.approx(0.25 / 0.365, abs=0.05)
    assert hot.count(0) / 2000 == pytest.approx(0.7071 / 1.8657, abs=0.05)


def test_log_probs_are_the_models_whatever_the_temperature():
    sampling = Sampling(temperature=0.3, seed=5)
    ((token, log_prob),) = choose(LOGITS[None], sampling)
    assert log_prob == pytest.approx(float(LOGITS[token]))


def test_rows_that_nobody_asks_for_take_no_random_number():
    sampling = Sampling(temperature=1.0, seed=7)
    one_by_one = TokenChooser(sampling, torch.device("cpu"))
    left_early = TokenChooser(sampling, torch.device("cpu"))
    drawn = [next(left_early.choose(LOGITS.expand(5, -1))) for _ in range(50)]
    assert drawn == [next(one_by_one.choose(LOGITS[None])) for _ in range(50)]
