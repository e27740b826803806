"""Preparation of trained weights for packing, by the inputs that they multiply in real text.

Rounding a weight costs most where its input is large. So large inputs are made smaller and their
weights larger (Xiao et al., "SmoothQuant", 2022). In exact arithmetic this changes nothing; it also
lets the engine round inputs to 8 bits. The error of each rounded column is compensated by the
columns after it (Frantar et al., "GPTQ", 2022; see `packed_weights`).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from assist_server.training.examples.windows import Window
from assist_server.training.model.initial_model import InitialModel
from assist_server.training.model.network import Network, Segments
from assist_server.training.model.sizes import Shape

_LEAST = 1e-5
_MIN_SHARE = 0.01
"""Least value of an input's largest value, as a share of the mean.

An input that is near zero here may be large elsewhere.
"""
_LINEAR_MAPS = ("q_proj", "k_proj", "v_proj", "gate_proj", "up_proj", "o_proj", "down_proj")
"""The linear maps in a layer."""


@dataclass
class InputStatistics:
    """Statistics of the inputs of a linear map."""

    largest: Tensor
    """The largest absolute value of each input."""
    products: Tensor
    """Sums of the products of each pair of inputs, [inputs, inputs]."""

    def divided(self, scale: Tensor) -> "InputStatistics":
        """Return the statistics of the inputs divided by a scale [inputs]."""
        return InputStatistics(self.largest / scale, self.products / scale / scale[:, None])


def prepare(
    model: InitialModel, windows: Sequence[Window]
) -> tuple[InitialModel, dict[str, Tensor]]:
    """Return an equivalent model that loses less by rounding, and the products for each weight.

    These are the products [inputs, inputs] of the weight's inputs, by the weight's name.
    """
    inputs = _measure(model, windows)
    weights = {name: weight.float() for name, weight in model.weights.items()}
    for number in range(model.shape.layers):
        _smooth_layer(weights, inputs, f"layers.{number}.", model.shape)
    return replace(model, weights=weights), {name: each.products for name, each in inputs.items()}


@torch.no_grad()
def _measure(model: InitialModel, windows: Sequence[Window]) -> dict[str, InputStatistics]:
    """Return the inputs of all linear maps in layers, by the names of their weights."""
    network = Network(model.shape).eval()
    model.copy_weights_to(network)
    found: dict[str, InputStatistics] = {}

    def note(name: str) -> Any:
        def hook(_: Any, given: tuple[Tensor, ...]) -> None:
            x = given[0].flatten(0, -2).float()
            seen = found.setdefault(
                name, InputStatistics(x.new_zeros(x.size(1)), x.new_zeros(x.size(1), 1))
            )
            seen.largest = torch.maximum(seen.largest, x.abs().amax(0))
            seen.products = seen.products + x.T @ x

        return hook

    for name, module in network.named_modules():
        if name.rpartition(".")[2] in _LINEAR_MAPS:
            module.register_forward_pre_hook(note(f"{name}.weight"))
    for window in windows:
        ids = torch.from_numpy(window.inputs)[None]
        network(ids, Segments([window.lengths], torch.device("cpu")))
    return found


def _smooth_layer(
    weights: dict[str, Tensor], inputs: dict[str, InputStatistics], layer: str, shape: Shape
) -> None:
    """Move scale from the inputs of a layer's linear maps into their weights, in place."""
    for source, readers in (
        ("input_layernorm", ("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj")),
        ("post_attention_layernorm", ("mlp.gate_proj", "mlp.up_proj")),
        ("mlp.up_proj", ("mlp.down_proj",)),
        ("self_attn.v_proj", ("self_attn.o_proj",)),
    ):
        names = [f"{layer}{reader}.weight" for reader in readers]
        # All heads of a group read the same values.
        heads_per_group = shape.heads // shape.kv_heads if source == "self_attn.v_proj" else 1
        scale = _scale(
            inputs[names[0]].largest, [weights[name] for name in names], heads_per_group, shape
        )
        for part in _parts(weights, f"{layer}{source}"):
            divisor = _of_source(scale, heads_per_group, shape)
            is_matrix = weights[part].ndim == 2
            weights[part] = weights[part] / (divisor[:, None] if is_matrix else divisor)
        for name in names:
            weights[name] = weights[name] * scale
            inputs[name] = inputs[name].divided(scale)


def _parts(weights: Mapping[str, Tensor], source: str) -> Iterator[str]:
    yield from (name for part in ("weight", "bias") if (name := f"{source}.{part}") in weights)


def _scale(
    largest: Tensor, weights: Sequence[Tensor], heads_per_group: int, shape: Shape
) -> Tensor:
    """Return the divisor of each input [inputs].

    It is the square root of the input's largest value divided by its largest weight, scaled to a
    geometric mean of 1.
    """
    of_weights = torch.stack([weight.abs().amax(0) for weight in weights]).amax(0)
    if heads_per_group > 1:
        largest, of_weights = (
            _of_heads(each, heads_per_group, shape) for each in (largest, of_weights)
        )
    least = max(_LEAST, _MIN_SHARE * largest.mean().item())
    scale = (largest.clamp_min(least) / of_weights.clamp_min(_LEAST)).sqrt()
    return scale / scale.log().mean().exp()


def _of_heads(values: Tensor, heads_per_group: int, shape: Shape) -> Tensor:
    """Return values [heads * size], each replaced by the largest among the heads of its group."""
    by_group = values.view(shape.kv_heads, heads_per_group, shape.head_size)
    return by_group.amax(1, keepdim=True).expand_as(by_group).flatten()


def _of_source(scale: Tensor, heads_per_group: int, shape: Shape) -> Tensor:
    """Return the scale with one entry for each value that the heads of a group share."""
    if heads_per_group == 1:
        return scale
    return scale.view(shape.kv_heads, heads_per_group, shape.head_size)[:, 0].flatten()
