"""Which layers of a network matter least: those that change what passes through them least.

Source: Men et al., "ShortGPT: Layers in Large Language Models are More Redundant Than You Expect"
(2024), whose measure is called block influence.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - its usual name

from assist_server.errors import InputError
from assist_server.training.examples.packing import Window
from assist_server.training.model.network import Network, Segments


def important_layers(network: Network, windows: Sequence[Window], count: int) -> list[int]:
    """Return the numbers of the `count` most important layers, in rising order.

    Raises:
        InputError: the network has fewer layers.
    """
    influence = block_influence(network, windows)
    if not 0 < count <= len(influence):
        raise InputError(f"--layers must be between 1 and {len(influence)} for this model")
    ranked = sorted(range(len(influence)), key=lambda number: influence[number], reverse=True)
    return sorted(ranked[:count])


@torch.no_grad()
def block_influence(network: Network, windows: Sequence[Window]) -> list[float]:
    """Return for each layer 1 minus the mean cosine between its input and its output."""
    found: list[list[float]] = [[] for _ in network.layers]

    def note(number: int) -> Any:
        def hook(_: Any, inputs: tuple[Tensor, ...], output: Tensor) -> None:
            cosine = F.cosine_similarity(inputs[0].float(), output.float(), dim=-1)
            found[number].append(1 - cosine.mean().item())

        return hook

    hooks = [layer.register_forward_hook(note(n)) for n, layer in enumerate(network.layers)]
    try:
        network.eval()
        device = network.head.device
        for window in windows:
            inputs = torch.from_numpy(window.inputs)[None].to(device)
            network(inputs, Segments([window.lengths], device))
    finally:
        for each in hooks:
            each.remove()
    return [float(np.mean(values)) for values in found]
