from itertools import pairwise

import pytest
import torch
import transformers
from tiny_models import FAMILIES, build_model
from torch.nn import functional as F  # noqa: N812 - its usual name

from assist_server.errors import InputError
from assist_server.training.model.export import export_weights, model_config
from assist_server.training.model.network import (
    Network,
    Segments,
    TransformersNetwork,
    check_trainable,
    segment_bounds,
)
from assist_server.training.model.sizes import Shape

CPU = torch.device("cpu")
SHAPES = [
    Shape(97, 32, 2, heads=4, kv_heads=2, head_size=8, feed_forward=48, norms_heads=norms)
    for norms in (False, True)
]
IDS = torch.arange(24).view(2, 12) % 97
LENGTHS = [(5, 7), (12,)]


@pytest.fixture(params=SHAPES, ids=["llama", "qwen3"])
def network(request):
    torch.manual_seed(0)
    found = Network(request.param)
    with torch.no_grad():
        for weight in found.parameters():
            weight.add_(0.1 * torch.randn_like(weight))
    return found


def test_the_shape_tells_the_number_of_parameters(network):
    assert network.shape.parameters() == sum(weight.numel() for weight in network.parameters())


def test_transformers_loads_the_weights_and_computes_the_same(network, tmp_path):
    config = model_config(network.shape, 64, end_id=0, pad_id=4)
    export_weights(tmp_path, config, dict(network.named_parameters()), {})
    loaded, found = transformers.AutoModelForCausalLM.from_pretrained(
        tmp_path, dtype=torch.float32, output_loading_info=True
    )
    assert not any(found.values())
    assert loaded.config.use_cache
    assert loaded.config.fim_template == "assist"
    assert loaded.generation_config.eos_token_id == 0
    exact = Network(network.shape)
    exact.load_state_dict({k: w.to(torch.bfloat16) for k, w in network.state_dict().items()})
    with torch.no_grad():
        hidden = exact(IDS, Segments([(12,), (12,)], CPU))
        torch.testing.assert_close(hidden @ exact.head.T, loaded(IDS).logits, atol=2e-4, rtol=2e-4)


def test_examples_in_a_window_do_not_see_each_other(network):
    packed = network(IDS, Segments(LENGTHS, CPU))
    for row, start, end in ((0, 0, 5), (0, 5, 12), (1, 0, 12)):
        alone = network(IDS[row : row + 1, start:end], Segments([(end - start,)], CPU))
        torch.testing.assert_close(packed[row, start:end], alone[0], atol=1e-5, rtol=1e-4)


def test_in_bfloat16_attention_is_the_same_up_to_rounding(network):
    segments = Segments(LENGTHS, CPU)
    exact = network(IDS, segments)
    with torch.autocast("cpu", torch.bfloat16):
        narrow = network(IDS, segments)
    difference = (narrow - exact).norm() / exact.norm()
    assert 0 < difference < 0.03


def test_no_gradient_crosses_from_one_example_to_another(network):
    embedded = network.embed_tokens.weight[IDS].detach().requires_grad_()
    network.embed_tokens.forward = lambda _: embedded
    network(IDS, Segments(LENGTHS, CPU))[0, 5:].sum().backward()
    assert embedded.grad[0, :5].abs().max() == 0
    assert embedded.grad[0, 5:].abs().max() > 0
    assert embedded.grad[1].abs().max() == 0


def attend_within_bounds(*inputs, window_size):
    """What the kernel of GPUs is documented to compute, one example after the other."""
    query, key, value, bounds, other_bounds, longest, _ = inputs
    assert window_size == (-1, 0)
    assert other_bounds is bounds
    assert bounds.dtype == torch.int32
    found = torch.empty_like(query)
    for start, end in pairwise(bounds.tolist()):
        assert end - start <= longest
        example = (part[None, start:end].transpose(1, 2) for part in (query, key, value))
        attended = F.scaled_dot_product_attention(*example, is_causal=True)
        found[start:end] = attended[0].transpose(0, 1)
    return found


def test_one_kernel_for_all_examples_says_the_same(network, monkeypatch):
    monkeypatch.setattr("assist_server.training.model.network.varlen_attn", attend_within_bounds)
    segments = Segments(LENGTHS, CPU)
    with torch.autocast("cpu", torch.bfloat16):
        expected = network(IDS, segments)
        segments.bounds = segment_bounds(segments.lengths)
        found = network(IDS, segments)
    assert (found - expected).norm() / expected.norm() < 0.02


@pytest.mark.parametrize("count", [1, 255, 256, 257])
def test_the_end_fills_the_bounds(count):
    bounds = segment_bounds([3] * count)
    assert bounds[: count + 1].tolist() == [3 * number for number in range(count + 1)]
    assert set(bounds[count:].tolist()) == {3 * count}
    assert len(bounds) % 256 == 1


def test_dropout_is_of_training_only():
    torch.manual_seed(0)
    network = Network(SHAPES[0], dropout=0.5)
    segments = Segments(LENGTHS, CPU)
    assert not torch.equal(network(IDS, segments), network(IDS, segments))
    network.eval()
    assert torch.equal(network(IDS, segments), network(IDS, segments))


PACKABLE = [family for family in FAMILIES if family.config in {"LlamaConfig", "Qwen2Config"}]


@pytest.mark.parametrize("family", PACKABLE, ids=lambda family: family.name)
def test_models_of_transformers_keep_examples_apart_as_well(family):
    model = build_model(family, 97)
    network = TransformersNetwork(model)
    check_trainable(model, "tiny")
    with torch.no_grad():
        packed = network(IDS, Segments(LENGTHS, CPU))
        for row, start, end in ((0, 0, 5), (0, 5, 12), (1, 0, 12)):
            alone = network(IDS[row : row + 1, start:end], Segments([(end - start,)], CPU))
            torch.testing.assert_close(packed[row, start:end], alone[0], atol=1e-4, rtol=1e-3)
        logits = packed[1:] @ network.head.T
        torch.testing.assert_close(logits, model(IDS[1:]).logits, atol=1e-4, rtol=1e-3)


def test_a_model_that_bends_its_logits_is_refused():
    model = build_model(PACKABLE[0], 97)
    model.config.final_logit_softcapping = 30.0
    with pytest.raises(InputError, match="another family"):
        check_trainable(model, "tiny")
