import functools

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sequences import direct
from tiny_models import FAMILIES, build_model

from assist_server.engine.models.linear import ReadableInt4Linear
from assist_server.engine.models.torchscript_model import TorchScriptModel, covers
from assist_server.engine.models.torchscript_network import round_up
from assist_server.engine.models.transformers_model import TransformersModel

IDS = [40 + number % 17 for number in range(400)]
LLAMA = next(family for family in FAMILIES if family.config == "LlamaConfig")
COVERED = [f for f in FAMILIES if f.config in {"LlamaConfig", "Qwen2Config", "Qwen3Config"}]


assert_close = functools.partial(torch.testing.assert_close, atol=1e-3, rtol=1e-3)
"""For logits of about ten; another order of additions moves them by some 1e-5."""


def logits_of(model, ids=IDS[:60]):
    """Logits behind each of some ids, read in pieces of different sizes."""
    cache, found = model.new_cache(), []
    for start, end in ((0, 40), (40, 41), (41, 48), (48, 60)):
        found.append(cache.extend(ids[start:end], end - start))
    return torch.cat(found)


@pytest.mark.parametrize("family", COVERED, ids=lambda family: f"{family.name}-{family.config}")
def test_logits_are_those_of_transformers(family):
    model = build_model(family, 300)
    assert_close(logits_of(direct(model)), logits_of(TransformersModel(model)))


@pytest.mark.parametrize(
    "rope",
    [
        {"rope_type": "linear", "factor": 2.0, "rope_theta": 10000.0},
        {
            "rope_type": "llama3",
            "rope_theta": 10000.0,
            "factor": 8.0,
            "low_freq_factor": 1.0,
            "high_freq_factor": 4.0,
            "original_max_position_embeddings": 64,
        },
        {
            "rope_type": "yarn",
            "rope_theta": 10000.0,
            "factor": 4.0,
            "original_max_position_embeddings": 128,
        },
    ],
    ids=lambda rope: rope["rope_type"],
)
def test_scaled_rotary_embeddings(rope):
    model = build_model(with_options(LLAMA, rope_parameters=rope), 300)
    assert covers(model)
    assert_close(logits_of(direct(model)), logits_of(TransformersModel(model)))


@pytest.mark.parametrize("options", [{"attention_bias": True}, {"mlp_bias": True}])
def test_biases(options):
    model = build_model(with_options(LLAMA, **options), 300)
    for name, parameter in model.named_parameters():
        if name.endswith("bias"):
            torch.nn.init.normal_(parameter)  # they begin as zeros, which would hide a lost one
    assert_close(logits_of(direct(model)), logits_of(TransformersModel(model)))


@pytest.mark.parametrize(
    "options",
    [
        {"hidden_act": "gelu"},
        {"rope_parameters": {"rope_type": "dynamic", "factor": 2.0, "rope_theta": 10000.0}},
        {
            "rope_parameters": {
                "rope_type": "default", "rope_theta": 10000.0, "partial_rotary_factor": 0.5,
            }
        },
    ],
    ids=str,
)  # fmt: skip
def test_what_is_computed_otherwise_is_left_to_transformers(options):
    assert covers(build_model(LLAMA, 300))
    assert not covers(build_model(with_options(LLAMA, **options), 300))


def test_sliding_windows_are_left_to_transformers():
    codestral = next(family for family in FAMILIES if family.config == "MistralConfig")
    assert not covers(build_model(codestral, 300))
    assert covers(build_model(with_options(codestral, sliding_window=None), 300))


@pytest.mark.parametrize(
    ("weights", "has_bfloat16", "tolerance"),
    [("float16", False, 0.01), ("float16", True, 0.1), ("int8", False, 0.3)],
)
def test_smaller_weights_are_close(weights, has_bfloat16, tolerance):
    model = build_model(LLAMA, 300)
    exact = logits_of(direct(model))
    found = logits_of(TorchScriptModel(model, weights, has_bfloat16=has_bfloat16))
    assert 0 < float((found - exact).norm() / exact.norm()) < tolerance


@pytest.mark.parametrize("family", [LLAMA, COVERED[-3]], ids=lambda family: family.config)
def test_four_bits_compute_as_the_weights_they_stand_for(family):
    family = with_options(family, hidden_size=64, intermediate_size=96)
    model, same = (build_model(family, 300) for _ in range(2))
    for layer in same.model.layers.modules():
        if isinstance(layer, torch.nn.Linear):
            layer.weight.data = ReadableInt4Linear(layer.weight.data, None).weight
    expected = logits_of(direct(same))
    found = logits_of(TorchScriptModel(model, "int4", has_bfloat16=False))
    exact = logits_of(direct(model))
    # Weights of this size amplify the rounding of inputs, but the weights' own is clearly more.
    assert 0 < float((found - expected).norm() / expected.norm()) < 0.2
    assert float((exact - expected).norm() / expected.norm()) > 0.3


def test_weights_that_float16_holds_lose_nothing():
    # Heads of 16 numbers, as their scale, a quarter, changes no weight's digits.
    model = build_model(with_options(LLAMA, head_dim=16), 300).half().float()
    half = TorchScriptModel(model, "float16", has_bfloat16=False)
    assert_close(logits_of(half), logits_of(direct(model)))


def test_the_buffers_grow():
    model = direct(build_model(LLAMA, 300))
    grown, whole = model.new_cache(), model.new_cache()
    small_bytes = grown.nbytes
    for start in range(0, 400, 50):
        last = grown.extend(IDS[start : start + 50], 1)
    assert_close(last, whole.extend(IDS, 1))
    assert grown.length == 400
    assert grown.nbytes > small_bytes


@pytest.mark.parametrize("wanted", [1, 3])
@pytest.mark.parametrize("kept", [0, 1, 70, 128])
def test_what_a_longer_text_left_behind_is_not_seen(kept, wanted):
    """Wide passes are padded, and look at a part of the buffer that they must not believe."""
    model = TorchScriptModel(build_model(LLAMA, 300), "float16", has_bfloat16=True)
    used, fresh = model.new_cache(), model.new_cache()
    for cache in (used, fresh):
        if kept:
            cache.extend(IDS[:kept], 1)
    used.extend(IDS, 1)
    used.truncate(kept)
    other = [90 + number % 7 for number in range(130)]
    exact = direct(build_model(LLAMA, 300)).new_cache()
    expected = exact.extend([*IDS[:kept], *other], wanted)
    found = used.extend(other, wanted)
    assert torch.equal(found, fresh.extend(other, wanted))
    assert float((found - expected).norm() / expected.norm()) < 0.1
    expected, found = exact.extend([40], 1), used.extend([40], 1)
    assert torch.equal(found, fresh.extend([40], 1))
    assert float((found - expected).norm() / expected.norm()) < 0.1


def test_a_wide_pass_may_end_at_the_last_position():
    model = build_model(LLAMA, 300)
    positions = model.config.max_position_embeddings
    ids = [40 + number % 17 for number in range(positions)]
    wide = TorchScriptModel(model, "float16", has_bfloat16=True).new_cache()
    exact = direct(model).new_cache()
    for start in range(0, positions, 65):  # the last piece is a wide one
        found, expected = (cache.extend(ids[start : start + 65], 1) for cache in (wide, exact))
        assert float((found - expected).norm() / expected.norm()) < 0.1
    assert positions % 65 >= 32


@given(length=st.integers(1, 1 << 20))
def test_lengths_are_rounded_to_few(length):
    rounded = round_up(length)
    assert length <= rounded < length + max(128, length / 4)
    assert round_up(rounded) == rounded


def test_there_are_few_rounded_lengths():
    assert len({round_up(length) for length in range(1, 1025)}) == 8
    assert len({round_up(length) for length in range(1025, 32_769)}) <= 8 * 5


def test_a_fork_and_its_origin_go_their_own_ways():
    model = direct(build_model(LLAMA, 300))
    origin = model.new_cache()
    origin.extend(IDS[:50], 1)
    fork = origin.fork(30)
    fork.extend([77, 78], 1)
    assert (origin.length, fork.length) == (50, 32)
    fresh = model.new_cache()
    assert_close(origin.extend([7], 1), fresh.extend([*IDS[:50], 7], 1)[-1:])
    fresh.truncate(30)
    fresh.extend([77, 78], 1)
    assert_close(fork.extend([9], 1), fresh.extend([9], 1))


def test_the_number_of_threads_is_set_for_the_pass_only():
    model = direct(build_model(LLAMA, 300))
    before = torch.get_num_threads()
    model.narrow_threads = before + 1
    model.new_cache().extend([40], 1)
    assert torch.get_num_threads() == before


def with_options(family, **options):
    """The family with some of its configuration changed."""
    return type(family)(family.name, family.config, family.special_tokens, options=options)
