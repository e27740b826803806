"""Pruning of a model: a vocabulary of the first merges of its tokenizer, or fewer layers.

A byte-pair tokenizer of the first merges is valid, as each merge needs only earlier ones; and a
transformer without a layer only loses what that layer adds to the residual stream.
"""

import copy
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - its usual name

from assist_server.errors import InputError
from assist_server.training.examples.windows import Window
from assist_server.training.model.initial_model import EMBEDDING, HEAD, InitialModel, token_ids
from assist_server.training.model.network import Network, Segments


def prune_vocabulary(model: InitialModel, size: int) -> InitialModel:
    """Return the model with a vocabulary of `size` tokens, without those of later merges.

    Raises:
        InputError: the tokenizer is not byte-pair encoding, or `size` is below its alphabet.
    """
    if model.tokenizer["model"]["type"] != "BPE":
        raise InputError("--vocabulary works for byte-pair tokenizers only; omit it")
    if size >= len(token_ids(model.tokenizer)):
        return model
    tokenizer, kept = _cut(model.tokenizer, size)
    rows = torch.tensor(kept)
    names = {EMBEDDING, HEAD} & model.weights.keys()
    weights = {**model.weights, **{name: model.weights[name][rows] for name in names}}
    new_ids = {old: new for new, old in enumerate(kept)}
    config = {key: _renumbered(key, value, new_ids) for key, value in model.config.items()}
    shape = replace(model.shape, vocabulary=len(kept))
    return replace(model, shape=shape, config=config, weights=weights, tokenizer=tokenizer)


def _cut(tokenizer: Mapping[str, Any], size: int) -> tuple[dict[str, Any], list[int]]:
    """Return a tokenizer with fewer merges, and the old ids of its tokens in their new order."""
    found = copy.deepcopy(dict(tokenizer))
    ids = token_ids(found)
    merges = found["model"]["merges"]
    made = ["".join(pair if isinstance(pair, list) else pair.split(" ")) for pair in merges]
    base = ids.keys() - set(made)
    room = size - len(base)
    if room < 0:
        raise InputError(f"--vocabulary must be at least {len(base)} for this model's tokenizer")
    # Two merges may make the same token; it counts once.
    names, count = dict.fromkeys(base), 0
    while count < len(made) and (len(names) < size or made[count] in names):
        names[made[count]] = None
        count += 1
    kept = sorted({ids[name] for name in names})
    new_ids = {old: new for new, old in enumerate(kept)}
    vocabulary = found["model"]["vocab"]
    found["model"]["merges"] = merges[:count]
    found["model"]["vocab"] = {
        name: new_ids[number] for name, number in vocabulary.items() if number in new_ids
    }
    for token in found["added_tokens"]:
        token["id"] = new_ids[token["id"]]
    return found, kept


def _renumbered(key: str, value: Any, new_ids: Mapping[int, int]) -> Any:
    """Return a value of `config.json`, with new token ids if it contains token ids."""
    if not key.endswith("_token_id") or value is None:
        return value
    if isinstance(value, int):
        return new_ids.get(value)
    return [new_ids[number] for number in value if number in new_ids]


def prune_layers(model: InitialModel, kept: Sequence[int]) -> InitialModel:
    """Return the model with some of its layers, given by their numbers in rising order."""
    weights: dict[str, Tensor] = {}
    for name, weight in model.weights.items():
        if not name.startswith("layers."):
            weights[name] = weight
            continue
        _, number, rest = name.split(".", 2)
        if int(number) in kept:
            weights[f"layers.{kept.index(int(number))}.{rest}"] = weight
    config = dict(model.config)
    if config.get("layer_types"):
        config["layer_types"] = [config["layer_types"][number] for number in kept]
    shape = replace(model.shape, layers=len(kept))
    return replace(model, shape=shape, config=config, weights=weights)


def important_layers(network: Network, windows: Sequence[Window], count: int) -> list[int]:
    """Return the numbers of the `count` layers with the most influence, in rising order.

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
    """Return each layer's block influence: 1 minus the mean cosine of its input and output.

    Source: Men et al., "ShortGPT: Layers in Large Language Models are More Redundant Than You
        Expect"
    (2024).
    """
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
