"""Preparation for packing: the same function, and less loss by rounding."""

from collections import defaultdict

import numpy as np
import pytest
import torch

from assist_server.engine.loading.packed_weights import pack, unpack
from assist_server.training.examples.windows import IGNORED, Window
from assist_server.training.model.initial_model import InitialModel
from assist_server.training.model.network import Network, Segments
from assist_server.training.model.packing import prepare
from assist_server.training.model.sizes import Shape

SIZES = {"heads": 4, "kv_heads": 2, "head_size": 16, "feed_forward": 96}
SHAPES = {
    "llama": Shape(97, 64, 2, **SIZES),
    "qwen2": Shape(97, 64, 2, **SIZES, has_biases=True, is_tied=False, rope_theta=1e5),
    "qwen3": Shape(97, 64, 2, **SIZES, norms_heads=True),
}
TOKENS = 48


def random_model(shape: Shape) -> InitialModel:
    """A model with some large inputs, as trained models have them."""
    torch.manual_seed(0)
    weights = {}
    for name, weight in Network(shape).named_parameters():
        weights[name] = weight.detach().clone()
        if weight.ndim > 1 and "embed" not in name:
            weights[name] = torch.randn(weight.shape) / weight.size(1) ** 0.5
        if name.endswith(("norm.weight", "bias")):
            weights[name] = 1 + 0.2 * torch.randn(weight.shape)
            weights[name][:3] *= 20
    weights["embed_tokens.weight"] = torch.randn(97, 64)
    return InitialModel(shape, {}, weights, {}, {}, {}, "")


def windows_of(count: int, seed: int) -> list[Window]:
    rng = np.random.default_rng(seed)
    lengths = (20, TOKENS - 20)
    targets = np.full(TOKENS, IGNORED)
    weights = np.zeros(TOKENS, dtype=np.float32)
    return [Window(rng.integers(0, 97, TOKENS), targets, weights, lengths) for _ in range(count)]


def states(shape: Shape, weights, windows) -> torch.Tensor:
    network = Network(shape).eval()
    with torch.no_grad():
        for name, weight in network.named_parameters():
            weight.copy_(weights[name])
        return torch.cat([
            network(
                torch.from_numpy(window.inputs)[None],
                Segments([window.lengths], torch.device("cpu")),
            )
            for window in windows
        ])  # fmt: skip


@pytest.mark.parametrize("name", SHAPES)
def test_the_prepared_model_computes_the_same(name):
    model = random_model(SHAPES[name])
    ready, products = prepare(model, windows_of(4, 0))
    before = states(model.shape, model.weights, windows_of(3, 1))
    after = states(model.shape, ready.weights, windows_of(3, 1))
    torch.testing.assert_close(after, before, atol=2e-3, rtol=2e-3)
    changed = [each for each in model.weights if (ready.weights[each] != model.weights[each]).any()]
    assert {each.rpartition(".")[0].rpartition(".")[2] for each in changed} >= {
        "q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj",
    }  # fmt: skip
    assert products.keys() == {each for each in changed if each.endswith("proj.weight")}


def test_products_are_those_of_the_prepared_inputs():
    model = random_model(SHAPES["llama"])
    windows = windows_of(2, 0)
    ready, products = prepare(model, windows)
    found = defaultdict(list)
    network = Network(model.shape).eval()
    ready.copy_weights_to(network)
    for name, module in network.named_modules():
        if f"{name}.weight" in products:
            module.register_forward_pre_hook(lambda _, x, n=name: found[n].append(x[0][0]))
    with torch.no_grad():
        for window in windows:
            ids = torch.from_numpy(window.inputs)[None]
            network(ids, Segments([window.lengths], torch.device("cpu")))
    for name, inputs in found.items():
        x = torch.cat(inputs)
        torch.testing.assert_close(products[f"{name}.weight"], x.T @ x, atol=0.05, rtol=1e-3)


def test_rounding_for_the_inputs_loses_less_than_the_nearest_rounding():
    model = random_model(SHAPES["llama"])
    ready, products = prepare(model, windows_of(24, 0))
    unseen = windows_of(6, 1)
    before = states(model.shape, model.weights, unseen)

    def loss(packed) -> float:
        found = {name: weight.float() for name, weight in unpack(packed).items()}
        return (states(model.shape, found, unseen) - before).norm().item()

    nearest = loss(pack(model.weights, lambda _: 4))
    assert loss(pack(ready.weights, lambda _: 4, products)) < 0.9 * nearest


def test_few_inputs_are_enough_for_a_rounding():
    torch.manual_seed(0)
    weight, inputs = torch.randn(5, 64), torch.randn(3, 64)
    found = unpack(pack({"w": weight}, lambda _: 4, {"w": inputs.T @ inputs}))["w"].float()
    nearest = unpack(pack({"w": weight}, lambda _: 4))["w"].float()
    assert ((weight - found) @ inputs.T).norm() < ((weight - nearest) @ inputs.T).norm()
    nothing = unpack(pack({"w": weight}, lambda _: 4, {"w": torch.zeros(64, 64)}))["w"].float()
    torch.testing.assert_close(nothing, nearest)
