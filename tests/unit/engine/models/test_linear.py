import gguf
import numpy as np
import pytest
import torch
from tiny_models import FAMILIES, TinyFamily, build_model

from assist_server.engine.models import linear as linear_module
from assist_server.engine.models.linear import (
    Int4Linear,
    Int8Embedding,
    Int8Linear,
    ReadableInt4Linear,
    quantize_linears,
)
from assist_server.engine.models.nibbles import GROUP, nibbles_of

# Quantized tensors are deprecated, without a replacement.
pytestmark = pytest.mark.filterwarnings("ignore:torch.quantize_per_tensor:UserWarning")


def outlying_inputs():
    """As the first token of a text has in many models, and a few channels of others."""
    torch.manual_seed(0)
    x = torch.randn(5, 64)
    x[0] *= 1000
    x[1:, 7] *= 100
    x[2] = 0
    return x


def relative_error(linear, x):
    """The error of the rows that are not zero, with the linear layer's own weights."""
    exact = x @ torch.ops.quantized.linear_unpack(linear.packed)[0].dequantize().T + linear.bias
    error = (linear(x) - exact).norm(dim=-1) / exact.norm(dim=-1)
    return float(error.max())


def test_inputs_of_any_size_have_14_bits():
    linear = Int8Linear(torch.randn(8, 64), torch.randn(8))
    x = outlying_inputs()
    assert relative_error(linear, x) < 0.002
    assert relative_error(linear, x[None]) < 0.002
    assert torch.equal(linear(x[2:3]), linear.bias[None])


def test_a_prepared_model_has_one_scale_for_all_inputs():
    linear = Int8Linear(torch.randn(8, 64), torch.randn(8), is_prepared=True)
    x = torch.randn(5, 64)
    assert relative_error(linear, x) < 0.05
    assert relative_error(linear, outlying_inputs()) > 0.2


def dequantized(weight):
    """The weights [rows, columns] that groups of 4 bits stand for."""
    codes, scales = nibbles_of(weight)
    scale, zero = scales.float().transpose(0, 1).unbind(-1)
    groups = (codes.unflatten(1, (-1, GROUP)) - 8) * scale[..., None] + zero[..., None]
    return groups.flatten(1)


@pytest.mark.parametrize("rows", [16, 80, 208])
@pytest.mark.parametrize("bias", [None, torch.linspace(-9, 9, 208)])
def test_four_bits_multiply_as_the_weights_they_stand_for(rows, bias, monkeypatch):
    monkeypatch.setattr(linear_module, "_PART_WEIGHTS", 64 * 96)  # parts of 64 rows
    torch.manual_seed(0)
    weight, x = torch.randn(rows, 96), torch.randn(2, 5, 96)
    bias = None if bias is None else bias[:rows]
    linear = Int4Linear(weight, bias)
    expected = torch.nn.functional.linear(x.bfloat16().float(), dequantized(weight), bias)
    torch.testing.assert_close(linear(x), expected, rtol=0.01, atol=0.05)
    # A row is the same in each company: cached and cold passes agree.
    torch.testing.assert_close(linear(x[1, 2:3]), linear(x)[1, 2:3], rtol=0, atol=0)
    readable = ReadableInt4Linear(weight, bias)
    torch.testing.assert_close(readable.weight, dequantized(weight), rtol=0.01, atol=0.05)


def random_blocks(kind):
    """Weights [64, 512] as a file of that kind has them, with scales of a usual size."""
    generator = np.random.default_rng(0)
    if kind.name != "Q4_K":
        weight = generator.normal(size=(64, 512)).astype(np.float32)
        return gguf.quants.quantize(weight, kind)
    blocks = generator.integers(0, 256, (64, 2, 144), np.uint8)
    blocks[..., :4] = np.array([0.01, 0.05], np.float16).view(np.uint8)  # of scales, and of minima
    return blocks.reshape(64, 288)


@pytest.mark.parametrize("name", ["Q4_0", "Q4_1", "Q4_K"])
def test_groups_of_a_file_in_four_bits_are_kept(name):
    kind = gguf.GGMLQuantizationType[name]
    weight = torch.from_numpy(gguf.quants.dequantize(random_blocks(kind), kind))
    groups = weight.unflatten(1, (-1, GROUP))
    used = torch.tensor([len(group.unique()) for group in groups.flatten(0, 1)])
    assert (used < 16).any()  # not all codes
    width = groups.amax(-1) - groups.amin(-1)
    is_wide = width > groups.abs().amax(-1)  # else bfloat16 cannot hold its steps
    error = (dequantized(weight.half()) - weight).unflatten(1, (-1, GROUP))
    assert float((error.abs().amax(-1) / width)[is_wide].max()) < 0.2 / 15
    assert float(error.norm() / weight.norm()) < 0.004


def test_groups_of_equal_weights_and_of_zeros_are_kept():
    weight = torch.zeros(16, 64)
    weight[1], weight[2, 32:] = 0.5, -3
    torch.testing.assert_close(dequantized(weight), weight)


def test_vectors_in_8_bits():
    torch.manual_seed(0)
    weight = torch.randn(40, 24)
    found = Int8Embedding(weight)(torch.tensor([3, 39]))
    torch.testing.assert_close(found, weight[[3, 39]], rtol=0, atol=0.02)


JAMBA = TinyFamily(
    "reads the weights of a layer",
    "JambaConfig",
    (),
    options={
        "mamba_dt_rank": 4, "mamba_d_state": 4, "attn_layer_period": 2, "attn_layer_offset": 1,
        "num_experts": 1, "initializer_range": 0.3,
    },
)  # fmt: skip


@pytest.mark.parametrize("family", [*FAMILIES, JAMBA], ids=lambda family: family.config)
def test_every_linear_layer_of_a_family_is_in_8_bits(family):
    model = build_model(family, 300).eval()
    ids = torch.arange(40, 60)[None]
    with torch.inference_mode():
        expected = model(ids).logits
        quantize_linears(model)
        found = model(ids).logits
    kinds = {type(each).__name__ for each in model.modules()}
    assert any(isinstance(each, Int8Linear) for each in model.modules())
    assert not kinds & {"Linear", "Conv1D"}
    assert 0 < float((found - expected).norm() / expected.norm()) < 0.05


@pytest.mark.parametrize("config", ["GPT2Config", "Starcoder2Config", "GemmaConfig", "JambaConfig"])
def test_layers_of_a_family_are_in_4_bits_where_they_divide_into_groups(config):
    family = next(one for one in [*FAMILIES, JAMBA] if one.config == config)
    model, exact = (build_model(family, 300).eval() for _ in range(2))
    for name, layer in exact.named_modules():
        kind = type(layer).__name__
        if kind in {"Linear", "Conv1D"} and name != "lm_head":
            weight = layer.weight.data.t() if kind == "Conv1D" else layer.weight.data
            if weight.size(1) % GROUP == 0 and weight.size(0) % 16 == 0:
                new = dequantized(weight)
                layer.weight.data = new.t() if kind == "Conv1D" else new
    ids = torch.arange(40, 60)[None]
    with torch.inference_mode():
        expected = exact(ids).logits
        quantize_linears(model, "int4")
        found = model(ids).logits
    layers = dict(model.named_modules())
    assert any(isinstance(each, Int4Linear) for each in layers.values())
    assert isinstance(layers["lm_head"], Int8Linear)
    assert not {type(each).__name__ for each in layers.values()} & {"Linear", "Conv1D"}
    assert 0 < float((found - expected).norm() / expected.norm()) < 0.05
