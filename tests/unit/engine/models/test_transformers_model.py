import functools

import pytest
import torch
from tiny_models import FAMILIES, HYBRIDS, SLIDING, build_model
from transformers import cache_utils
from transformers.cache_utils import DynamicSlidingWindowLayer

from assist_server.engine.models.protocol import RecurrentCache
from assist_server.engine.models.transformers_model import TransformersModel

BY_CONFIG = {family.config: family for family in (*FAMILIES, *SLIDING, *HYBRIDS)}
IDS = list(range(40, 90))
assert_close = functools.partial(torch.testing.assert_close, atol=1e-3, rtol=1e-3)


# Mistral and Gemma 2 have sliding windows of 16 tokens, in all layers and in every second one.
@pytest.mark.parametrize(
    "config", ["GPT2Config", "GemmaConfig", "LlamaConfig", "MistralConfig", "Gemma2Config"]
)
def test_a_cache_can_be_cut_anywhere(config):
    cache = TransformersModel(build_model(BY_CONFIG[config], 300)).new_cache()
    assert not isinstance(cache, RecurrentCache)
    first = cache.extend(IDS, 1)
    assert cache.length == 50
    cache.truncate(20)
    assert cache.length == 20
    assert_close(cache.extend(IDS[20:], 1), first)
    cache.truncate(0)
    assert cache.length == 0
    assert_close(cache.extend(IDS, 1), first)


@pytest.mark.parametrize("config", ["MistralConfig", "Gemma2Config"])
def test_a_sliding_window_attends_to_what_transformers_lets_it(config):
    model = build_model(BY_CONFIG[config], 300)
    cache = TransformersModel(model).new_cache()
    pieces = [cache.extend(IDS[start : start + 7], 7) for start in range(0, 49, 7)]
    with torch.inference_mode():
        assert_close(torch.cat(pieces), model(torch.tensor([IDS[:49]]), use_cache=False).logits[0])


def recurrent_cache():
    """The cheapest: transformers has nothing to compile in it but convolutions."""
    return TransformersModel(build_model(BY_CONFIG["Lfm2Config"], 300)).new_cache()


def test_a_recurrent_state_comes_back_from_its_checkpoint_as_often_as_needed():
    cache = recurrent_cache()
    assert isinstance(cache, RecurrentCache)
    cache.extend(IDS[:20], 1)
    checkpoint = cache.checkpoint()
    first = cache.extend(IDS[20:], 1)
    for _ in range(2):
        cache.truncate(20)
        cache.restore(checkpoint)
        assert_close(cache.extend(IDS[20:], 1), first)
    cache.truncate(0)
    assert_close(cache.extend(IDS, 1), first)


def test_the_bytes_of_a_recurrent_state_are_counted():
    cache = recurrent_cache()
    cache.extend(IDS, 1)
    # 2 layers with convolutions over 3 tokens of 32 numbers, 1 with keys and values as below.
    states, keys_and_values = 2 * 3 * 32 * 4, 50 * 2 * 2 * 8 * 4
    assert cache.checkpoint().nbytes == states
    assert cache.nbytes == states + keys_and_values


class LayerOfAnotherKind(DynamicSlidingWindowLayer):
    """Drops tokens, and is not known to this project."""


def test_a_layer_of_an_unknown_kind_is_kept_whole(monkeypatch):
    monkeypatch.setitem(
        cache_utils.DYNAMIC_LAYER_TYPE_MAPPING, "sliding_attention", LayerOfAnotherKind
    )
    cache = TransformersModel(build_model(BY_CONFIG["MistralConfig"], 300)).new_cache()
    cache.extend(IDS[:30], 1)
    checkpoint = cache.checkpoint()
    first = cache.extend(IDS[30:], 1)
    cache.truncate(30)
    cache.restore(checkpoint)
    assert_close(cache.extend(IDS[30:], 1), first)


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
