import functools
import math

import pytest
import torch
from tiny_models import FAMILIES, build_model

from assist_server.engine.models.transformers_model import TransformersModel

BY_CONFIG = {family.config: family for family in FAMILIES}
IDS = list(range(40, 90))
assert_close = functools.partial(torch.testing.assert_close, atol=1e-3, rtol=1e-3)


@pytest.mark.parametrize("config", ["GPT2Config", "GemmaConfig", "LlamaConfig"])
def test_a_cache_can_be_cut_anywhere(config):
    cache = TransformersModel(build_model(BY_CONFIG[config], 300)).new_cache()
    assert cache.truncatable_length == math.inf
    first = cache.extend(IDS, 1)
    assert cache.length == 50
    cache.truncate(20)
    assert cache.length == 20
    assert_close(cache.extend(IDS[20:], 1), first)
    cache.truncate(0)
    assert cache.length == 0
    assert_close(cache.extend(IDS, 1), first)


def test_a_sliding_window_tells_when_it_begins_to_forget():
    model = TransformersModel(build_model(BY_CONFIG["MistralConfig"], 300))  # a window of 16 tokens
    cache = model.new_cache()
    assert cache.truncatable_length == 15
    cache.extend(IDS[:15], 1)
    cache.truncate(10)
    after = cache.extend([99], 1)
    assert_close(after, model.new_cache().extend([*IDS[:10], 99], 1))


def test_a_fork_and_its_origin_go_their_own_ways():
    cache = TransformersModel(build_model(BY_CONFIG["LlamaConfig"], 300)).new_cache()
    cache.extend(IDS, 1)
    fork = cache.fork(30)
    fork.extend([99], 1)
    assert (cache.length, fork.length) == (50, 31)


def test_bytes_follow_the_length():
    cache = TransformersModel(build_model(BY_CONFIG["LlamaConfig"], 300)).new_cache()
    assert cache.nbytes == 0
    cache.extend(IDS, 1)
    # 2 layers, keys and values, 2 heads of 8 float32 numbers for each token.
    assert cache.nbytes == 50 * 2 * 2 * 2 * 8 * 4
    cache.truncate(10)
    cache.extend([99], 1)
    assert cache.nbytes == 11 * 2 * 2 * 2 * 8 * 4
