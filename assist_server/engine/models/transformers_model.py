"""Any causal language model through transformers' own forward pass."""

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
        """Take over a model that is on its device."""
        self._model = model
        # Without it, a prompt's logits would be computed for every position and thrown away.
        self._can_choose_logits = "logits_to_keep" in inspect.signature(model.forward).parameters

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        device: torch.device = self._model.device
        return device

    def new_cache(self) -> "TransformersCache":
        """An empty sequence."""
        return TransformersCache(self, DynamicCache(config=self._model.config))

    @torch.inference_mode()
    def forward(self, ids: Sequence[int], cache: DynamicCache, wanted: int) -> torch.Tensor:
        """Logits [wanted, vocabulary] behind the last of `ids`; the cache grows by all of them."""
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
    """A `KvCache` over transformers' cache that grows."""

    def __init__(self, model: TransformersModel, cache: DynamicCache) -> None:
        self._model = model
        self._cache = cache

    @property
    def length(self) -> int:
        """Tokens in it."""
        return int(self._cache.get_seq_length())

    @property
    def nbytes(self) -> int:
        """Bytes of the keys and values."""
        layers = [layer for layer in self._cache.layers if getattr(layer, "is_initialized", False)]
        return sum(_nbytes(layer) for layer in layers)

    @property
    def rewind_limit(self) -> float:
        """The length, in tokens, at which the first layer begins to forget."""
        return min((_rewind_limit(layer) for layer in self._cache.layers), default=math.inf)

    def extend(self, ids: Sequence[int], wanted: int) -> torch.Tensor:
        """Append tokens; logits [wanted, vocabulary] behind the last of them."""
        return self._model.forward(ids, self._cache, wanted)

    def truncate(self, length: int) -> None:
        """Forget all but the first `length` tokens."""
        if length == 0:
            self._cache = self._model.new_cache()._cache  # noqa: SLF001 - its own class
        elif length < self.length:
            self._cache.crop(length - self.length)

    def fork(self, length: int) -> "TransformersCache":
        """A copy of the first `length` tokens."""
        other = TransformersCache(self._model, copy.deepcopy(self._cache))
        other.truncate(length)
        return other


def _rewind_limit(layer: Any) -> float:
    if type(layer) is DynamicLayer:
        return math.inf
    if type(layer) is DynamicSlidingWindowLayer:
        return layer.sliding_window - 1
    return 0  # others, such as state spaces, keep no past


def _nbytes(layer: Any) -> int:
    tensors = [value for value in vars(layer).values() if isinstance(value, torch.Tensor)]
    return sum(tensor.nbytes for tensor in tensors)
