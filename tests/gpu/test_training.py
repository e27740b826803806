"""On a CUDA device: the kernels that train there compute what is computed here."""

import pytest
import torch

from assist_server.training.model.losses import chunked_loss
from assist_server.training.model.network import Network, Segments
from assist_server.training.model.sizes import Shape

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device"),
]
CPU, GPU = torch.device("cpu"), torch.device("cuda")
_SIZES = {"heads": 4, "kv_heads": 1, "head_size": 16, "feed_forward": 96}
SHAPES = [
    Shape(97, 64, 2, **_SIZES, norms_heads=True),
    Shape(97, 64, 2, **_SIZES, has_biases=True, is_tied=False, rope_theta=1e5),
]
LENGTHS = [(5, 27), (32,), (1, 30, 1)]


def relative_difference(one, other):
    return ((one.cpu().float() - other.float()).norm() / other.float().norm()).item()


@pytest.mark.parametrize("shape", SHAPES, ids=["qwen3", "qwen2"])
@pytest.mark.parametrize("is_compiled", [False, True])
def test_states_and_gradients_are_those_of_the_cpu(shape, is_compiled):
    torch.manual_seed(0)
    here, there = Network(shape), Network(shape)
    there.load_state_dict(here.state_dict())
    there.to(GPU)
    if is_compiled:
        there.compile_layers()
    ids = torch.randint(0, 97, (3, 32))
    expected = here(ids, Segments(LENGTHS, CPU))
    with torch.autocast("cuda", torch.bfloat16):
        found = there(ids.to(GPU), Segments(LENGTHS, GPU))
    assert relative_difference(found, expected) < 0.03
    expected.square().sum().backward()
    found.float().square().sum().backward()
    learned = zip(there.parameters(), here.parameters(), strict=True)
    gradients = [(one.grad, other.grad) for one, other in learned if other.grad is not None]
    assert max(relative_difference(one, other) for one, other in gradients) < 0.1


@pytest.mark.parametrize("is_compiled", [False, True])
def test_the_loss_is_that_of_the_cpu(is_compiled, monkeypatch):
    monkeypatch.setattr("assist_server.training.model.losses._COMPILED_CHUNK_TOKENS", 5)
    torch.manual_seed(0)
    hidden, head = torch.randn(13, 8), torch.randn(31, 8)
    targets, weights = torch.randint(0, 31, (13,)), torch.rand(13)
    found = []
    for device in (CPU, GPU):
        inputs = [part.clone().to(device).requires_grad_() for part in (hidden, head)]
        told = targets.to(device), weights.to(device), 0.01
        total, plain = chunked_loss(*inputs, *told, is_compiled=is_compiled and device == GPU)
        total.backward()
        found.append((total, plain, inputs[0].grad, inputs[1].grad))
    for here, there in zip(*found, strict=True):
        torch.testing.assert_close(there.cpu(), here, atol=1e-3, rtol=1e-3)
