"""Weights that are read from their files when they are used, so that few are in memory at a time.

A model is built with stand-ins that take no memory. The attribute `weight` of its linear layers
and embeddings is the weight in the file, read anew at each access: packing a layer reads it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrize import (
    is_parametrized,
    register_parametrization,
    remove_parametrizations,
)
from transformers.pytorch_utils import Conv1D

from assist_server.engine.device import return_free_memory

_DEFERRED = (nn.Linear, nn.Embedding, Conv1D)


@dataclass(frozen=True)
class UnreadWeight:
    """A weight in a file."""

    shape: torch.Size
    dtype: torch.dtype
    """That of what `read` returns."""
    read: Callable[[], Tensor]


def load_deferred(
    skeleton: Any, weights: Mapping[str, UnreadWeight], dtype: torch.dtype
) -> tuple[Any, Any]:
    """Return a model whose large weights are read on use, and transformers' loading report.

    Args:
        skeleton: The model on the meta device.
        weights: By the names and in the shapes of the model's parameters.
        dtype: Of the model's weights; those of another one are read at once.
    """
    modules = skeleton.named_modules()
    names = {f"{name}.weight" for name, module in modules if type(module) in _DEFERRED}
    state: dict[str, Tensor] = {}
    unread: dict[int, str] = {}
    for name, weight in weights.items():
        if name in names and weight.dtype == dtype:
            state[name] = _stand_in(weight)
            unread[state[name].data_ptr()] = name
        else:
            state[name] = weight.read()
    model, report = type(skeleton).from_pretrained(
        None, config=skeleton.config, state_dict=state, dtype=dtype, output_loading_info=True
    )
    deferred = set()
    for module in list(model.modules()):
        # Tied layers have the same stand-in.
        if type(module) in _DEFERRED and (found := unread.get(module.weight.data_ptr())):
            deferred.add(found)
            register_parametrization(module, "weight", _FromFile(weights[found].read), unsafe=True)
    for name in {*unread.values()} - deferred:  # copied, into the dtype that the model wants
        parameter = model.get_parameter(name)
        parameter.data = weights[name].read().to(parameter.dtype)
    return model, report


def _stand_in(weight: UnreadWeight) -> Tensor:
    """Return a tensor that takes no memory: one number, which would show in every result."""
    return torch.full([1] * len(weight.shape), torch.nan, dtype=weight.dtype).expand(weight.shape)


class _FromFile(nn.Module):
    """The reading of a weight, as torch computes an attribute: a parametrization."""

    def __init__(self, read: Callable[[], Tensor]) -> None:
        super().__init__()
        self.read = read

    def forward(self, _stand_in: Tensor) -> Tensor:
        return_free_memory()  # of the weight before, in whose place the next one would not fit
        return self.read()


def stored_weight(layer: nn.Module) -> Tensor:
    """Return the weight of a layer without reading it: if it is deferred, its stand-in."""
    if is_parametrized(layer, "weight"):
        layer = layer.parametrizations["weight"]  # type: ignore[index, assignment]
        return layer.original  # type: ignore[return-value]
    return layer.weight  # type: ignore[return-value]


def held_bytes(model: nn.Module) -> int:
    """Return the memory of a model's weights; stand-ins take none."""
    return sum(min(each.nbytes, each.untyped_storage().nbytes()) for each in model.parameters())


def read_deferred(model: nn.Module) -> None:
    """Read all weights of a model that are still deferred, each once."""
    found: dict[int, nn.Parameter] = {}
    for module in list(model.modules()):
        if is_parametrized(module, "weight"):
            key = stored_weight(module).data_ptr()
            if key not in found:
                found[key] = nn.Parameter(module.weight, requires_grad=False)  # type: ignore[arg-type]
            remove_parametrizations(module, "weight", leave_parametrized=False)
            module.weight = found[key]
