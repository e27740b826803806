"""Any causal language model with transformers' forward pass."""

import copy
import importlib
import inspect
from collections.abc import Sequence
from typing import Any, Self

import torch
from transformers import DynamicCache
from transformers.cache_utils import (
    DummyLayer,
    DynamicLayer,
    DynamicSlidingWindowLayer,
    LinearAttentionAndFullAttentionLayer,
    LinearAttentionLayer,
)

from assist_server.engine.models.protocol import Checkpoint


class TransformersModel:
    """A `LanguageModel` over a transformers model."""

    def __init__(self, model: Any) -> None:
        """Wrap a model that is on its device."""
        self._model = model
        # Without it, logits are computed for every position of a prompt.
        self._can_choose_logits = "logits_to_keep" in inspect.signature(model.forward).parameters
        self._is_recurrent = any(map(_recurrent_names, self.empty_layers().layers))
        if self._is_recurrent:
            # Its layers import it in their first pass, which takes seconds.
            importlib.import_module("torch._dynamo")

    @property
    def device(self) -> torch.device:
        """Return the device of the weights."""
        device: torch.device = self._model.device
        return device

    def new_cache(self) -> "TransformersCache":
        """Return the cache of an empty sequence."""
        kind = RecurrentTransformersCache if self._is_recurrent else TransformersCache
        return kind(self, self.empty_layers())

    def empty_layers(self) -> DynamicCache:
        """Return transformers' cache of an empty sequence, which can be truncated."""
        cache = DynamicCache(config=self._model.config)
        cache.layers = [_truncatable(layer) for layer in cache.layers]
        return cache

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

    def __init__(self, model: TransformersModel, cache: DynamicCache, length: int = 0) -> None:
        self._model = model
        self._cache = cache
        self._length = length

    @property
    def length(self) -> int:
        """Return the number of tokens."""
        return self._length

    @property
    def nbytes(self) -> int:
        """Return the bytes of the keys, values and states."""
        return sum(_nbytes(vars(layer)) for layer in self._cache.layers)

    def extend(self, ids: Sequence[int], wanted: int) -> torch.Tensor:
        """Append tokens and return the logits [wanted, vocabulary] after the last ones."""
        logits = self._model.forward(ids, self._cache, wanted)
        self._length += len(ids)
        return logits

    def truncate(self, length: int) -> None:
        """Drop all but the first `length` tokens."""
        if length == 0:
            self._cache = self._model.empty_layers()
        elif length < self._length:
            for layer in self._cache.layers:
                if isinstance(layer, DynamicLayer):
                    # Not the layer's own `crop`, as those with a recurrent state refuse.
                    _crop_keys(layer, length - self._length)
        self._length = min(self._length, length)

    def fork(self, length: int) -> Self:
        """Return a copy of the first `length` tokens."""
        other = type(self)(self._model, copy.deepcopy(self._cache), self._length)
        other.truncate(length)
        return other


class RecurrentTransformersCache(TransformersCache):
    """A `RecurrentCache` over transformers' dynamic cache."""

    def checkpoint(self) -> Checkpoint:
        """Return a copy of the layers' states."""
        states = [_copied(layer) for layer in self._cache.layers]
        return Checkpoint(states, _nbytes(states))

    def restore(self, checkpoint: Checkpoint) -> None:
        """Set the layers' states to a copy of the checkpoint, as passes change them in place."""
        states = copy.deepcopy(checkpoint.state)
        for layer, state in zip(self._cache.layers, states, strict=True):
            vars(layer).update(state)


class _WholeSlidingLayer(DynamicSlidingWindowLayer):  # type: ignore[no-untyped-call]
    """A sliding window that keeps the tokens before it, so that it can move back.

    A pass attends to the same tokens as with transformers' own layer.
    """

    def update(
        self, key_states: torch.Tensor, value_states: torch.Tensor, *_args: Any, **_kwargs: Any
    ) -> tuple[torch.Tensor, torch.Tensor]:
        keys, values = DynamicLayer.update(self, key_states, value_states)
        self.cumulative_length = keys.shape[-2]
        visible = self.sliding_window - 1 + key_states.shape[-2]
        return keys[..., -visible:, :], values[..., -visible:, :]


_RECURRENT_NAMES = (
    "conv_states",
    "recurrent_states",
    "has_previous_state",
    "is_conv_states_initialized",
    "is_recurrent_states_initialized",
)
"""The attributes of `LinearAttentionCacheLayerMixin` that a pass changes."""

_PLAIN_LAYERS = (DynamicLayer, _WholeSlidingLayer, DummyLayer)
_RECURRENT_LAYERS = (LinearAttentionLayer, LinearAttentionAndFullAttentionLayer)


def _truncatable(layer: Any) -> Any:
    """Return a layer's replacement if it would drop tokens, else the layer."""
    if type(layer) is DynamicSlidingWindowLayer:
        return _WholeSlidingLayer(layer.sliding_window)
    return layer


def _recurrent_names(layer: Any) -> tuple[str, ...]:
    """Return the names of a layer's attributes that truncating its keys does not restore.

    Of kinds of layers that are not known here, these are all.
    """
    if type(layer) in _PLAIN_LAYERS:
        return ()
    return _RECURRENT_NAMES if type(layer) in _RECURRENT_LAYERS else tuple(vars(layer))


def _copied(layer: Any) -> dict[str, Any]:
    return {name: copy.deepcopy(getattr(layer, name)) for name in _recurrent_names(layer)}


def _crop_keys(layer: DynamicLayer, change: int) -> None:
    DynamicLayer.crop(layer, change)
    if isinstance(layer, _WholeSlidingLayer):
        layer.cumulative_length = DynamicLayer.get_seq_length(layer)


def _nbytes(value: Any) -> int:
    """Return the bytes of the tensors in nested lists and dictionaries."""
    if isinstance(value, dict):
        value = [*value.values()]
    if isinstance(value, list):
        return sum(map(_nbytes, value))
    return value.nbytes if isinstance(value, torch.Tensor) else 0
