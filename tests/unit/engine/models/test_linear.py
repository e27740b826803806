import pytest
import torch
from tiny_models import FAMILIES, TinyFamily, build_model

from assist_server.engine.models.linear import Int8Linear, quantize_linears

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
