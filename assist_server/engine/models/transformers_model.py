"""Any causal language model with transformers' forward pass."""

import copy
import inspect
import math
from collections.abc import Sequence
from typing import Any

import torch
from transformers import DynamicCache
from transformers.cache_utils import DynamicLayer, DynamicSlidingWindowLayer


class TransformersModel:
    """A `LanguageModel` over a transformers model."""

    def __init__(self, model: Any) -> None:
        """Wrap a model that is on its device."""
        self._model = model
        # Without it, logits are computed for every position of a prompt.
        self._can_choose_logits = "logits_to_keep" in inspect.signature(model.forward).parameters

    @property
    def device(self) -> torch.device:
        """Return the device of the weights."""
        device: torch.device = self._model.device
        return device

    def new_cache(self) -> "TransformersCache":
        """Return the cache of an empty sequence."""
        return TransformersCache(self, DynamicCache(config=self._model.config))

    @torch.inference_mode()
    def forward(self, ids: Sequence[int], cache: DynamicCache, wanted: int) -> torch.Tensor:
        """Append `ids` to the cache; return the logits [wanted, vocabulary] after the last ones."""
        options = {"logits_to_keep": wanted} if self._can_choose_logits else {}
        output = self._model(
            input_ids=torch.tensor([ids], device=self.device),
            past_key_values=cache,
            use_cache=True,
            **options,
        )
        logits: torch.Tensor = output.logits[0, -wanted:]
        return logits


class TransformersCache:
    """A `KvCache` over transformers' dynamic cache."""

    def __init__(self, model: TransformersModel, cache: DynamicCache) -> None:
        self._model = model
        self._cache = cache

    @property
    def length(self) -> int:
        """Return the number of tokens."""
        return int(self._cache.get_seq_length())

    @property
    def nbytes(self) -> int:
        """Return the bytes of the keys and values."""
        layers = [layer for layer in self._cache.layers if getattr(layer, "is_initialized", False)]
        return sum(_nbytes(layer) for layer in layers)

    @property
    def truncatable_length(self) -> float:
        """Return the greatest length, in tokens, at which no layer has dropped tokens."""
        return min((_truncatable_length(layer) for layer in self._cache.layers), default=math.inf)

    def extend(self, ids: Sequence[int], wanted: int) -> torch.Tensor:
        """Append tokens and return the logits [wanted, vocabulary] after the last ones."""
        return self._model.forward(ids, self._cache, wanted)

    def truncate(self, length: int) -> None:
        """Drop all but the first `length` tokens."""
        if length == 0:
            self._cache = self._model.new_cache()._cache  # noqa: SLF001 - its own class
        elif length < self.length:
            self._cache.crop(length - self.length)

    def fork(self, length: int) -> "TransformersCache":
        """Return a copy of the first `length` tokens."""
        other = TransformersCache(self._model, copy.deepcopy(self._cache))
        other.truncate(length)
        return other


def _truncatable_length(layer: Any) -> float:
    if type(layer) is DynamicLayer:
        return math.inf
    if type(layer) is DynamicSlidingWindowLayer:
        return layer.sliding_window - 1
    return 0  # others, such as state space layers, cannot be truncated


def _nbytes(layer: Any) -> int:
    tensors = [value for value in vars(layer).values() if isinstance(value, torch.Tensor)]
    return sum(tensor.nbytes for tensor in tensors)
