import math

import pytest
import torch

from assist_server.engine.request import Sampling
from assist_server.engine.sampling import choose_token, make_generator
from assist_server.errors import ModelError

LOGITS = torch.log(torch.tensor([0.5, 0.3, 0.15, 0.05]))


def draw(sampling, count=400):
    generator = make_generator(sampling, torch.device("cpu"))
    return [choose_token(LOGITS, sampling, generator)[0] for _ in range(count)]


def test_greedy_takes_the_likeliest_and_reports_its_probability():
    token, log_prob = choose_token(LOGITS, Sampling(), None)
    assert token == 0
    assert log_prob == pytest.approx(math.log(0.5))


def test_a_temperature_next_to_nothing_is_greedy():
    assert set(draw(Sampling(temperature=1e-42, seed=1), 20)) == {0}


def test_broken_weights_are_an_error_and_no_endless_text():
    with pytest.raises(ModelError, match="no numbers"):
        choose_token(torch.full((4,), math.nan), Sampling(), None)


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
    token, log_prob = choose_token(LOGITS, sampling, make_generator(sampling, torch.device("cpu")))
    assert log_prob == pytest.approx(float(LOGITS[token]))
