"""A forward pass in TorchScript for models of Llama's architecture on a CPU.

For models that complete code between two keystrokes, most of a decoding step is the overhead of
operators and the reading of weights. Here the projections that share an input are fused, weights
are packed in half precision with float32 arithmetic, the KV cache is a buffer that is written in
place, and the layers run as one TorchScript program without the interpreter and its lock. Long
inputs use bfloat16 if the processor multiplies it natively.

Supported: Llama, Mistral without a sliding window, Qwen2 and Qwen3, with any fixed rotary
    embedding.
"""

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from assist_server.engine.models.linear import Weights
from assist_server.engine.models.torchscript_network import (
    WIDE_STEP_TOKENS,
    TorchScriptNetwork,
    round_up,
)

_MODEL_TYPES = frozenset({"llama", "mistral", "qwen2", "qwen3"})
_FIXED_ROPE = frozenset({"default", "linear", "llama3", "yarn"})
_SMALLEST_CAPACITY = 256


def covers(model: Any) -> bool:
    """Return whether this module supports a transformers model."""
    config = model.config
    rope = getattr(config, "rope_parameters", None) or {}
    return (
        config.model_type in _MODEL_TYPES
        and getattr(config, "hidden_act", "") == "silu"
        and rope.get("rope_type", "default") in _FIXED_ROPE
        and rope.get("partial_rotary_factor", 1.0) == 1.0
        and not _slides(config)
    )


def _slides(config: Any) -> bool:
    layer_types = getattr(config, "layer_types", None)
    if layer_types:
        return any(kind != "full_attention" for kind in layer_types)
    return getattr(config, "sliding_window", None) is not None


class TorchScriptModel:
    """A `LanguageModel` with its own packed weights, made from a transformers model."""

    def __init__(self, model: Any, weights: Weights, *, has_bfloat16: bool) -> None:
        """Pack the weights of a model that `covers` accepts; the model can be freed after that."""
        with torch.inference_mode(), warnings.catch_warnings():
            warnings.simplefilter(
                "ignore"
            )  # scripting and packing are deprecated, without a replacement
            network = TorchScriptNetwork(model, weights, has_bfloat16=has_bfloat16).eval()
            self._network = torch.jit.freeze(torch.jit.script(network))
        config = model.config
        self.layer_count: int = config.num_hidden_layers
        self.kv_heads: int = config.num_key_value_heads
        self.head_dim: int = network.head_dim
        self._wide_tokens = network.wide_tokens
        self.narrow_threads = torch.get_num_threads()
        self.wide_threads = torch.get_num_threads()
        # TorchScript's first pass, which it profiles, keeps all that it computes until its end.
        self.new_cache().extend([0], 1)

    @property
    def device(self) -> torch.device:
        """Return the CPU."""
        return torch.device("cpu")

    def new_cache(self) -> "TorchScriptCache":
        """Return the cache of an empty sequence."""
        return TorchScriptCache(self, _Buffers.of(self, _SMALLEST_CAPACITY))

    @torch.inference_mode()
    def forward(
        self,
        ids: Sequence[int],
        keys: list[Tensor],
        values: list[Tensor],
        *,
        start: int,
        wanted: int,
    ) -> Tensor:
        """Return the logits [wanted, vocabulary] after the last of `ids`, written at `start`.

        The buffers must have room for `padded(len(ids))` tokens there.
        """
        threads = self.narrow_threads if len(ids) == 1 else self.wide_threads
        padding = self.padded(len(ids)) - len(ids)
        padded_ids = torch.tensor([*ids, *[0] * padding])
        with _threads(threads):
            logits: Tensor = self._network(padded_ids, keys, values, start, wanted, padding)
        return logits

    def padded(self, count: int) -> int:
        """Return the length after padding: unchanged for short passes, else one of few lengths."""
        if count < self._wide_tokens:
            return count
        return -(-count // WIDE_STEP_TOKENS) * WIDE_STEP_TOKENS


@contextmanager
def _threads(count: int) -> Iterator[None]:
    before = torch.get_num_threads()
    if count == before:
        yield
        return
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@dataclass(frozen=True)
class _Buffers:
    """Buffers for the keys and values of one sequence, by layer; float32.

    Keys [kv heads, head size, capacity] are transposed, as single steps read them; values are
    [kv heads, capacity, head size].
    """

    keys: list[Tensor]
    values: list[Tensor]
    capacity: int

    @classmethod
    @torch.inference_mode()
    def of(cls, model: TorchScriptModel, capacity: int) -> "_Buffers":
        """Return new buffers of zeros, as their unused part must be finite."""
        heads, size, layers = model.kv_heads, model.head_dim, range(model.layer_count)
        keys = [torch.zeros(heads, size, capacity) for _ in layers]
        return cls(keys, [torch.zeros(heads, capacity, size) for _ in layers], capacity)

    @torch.inference_mode()
    def fill(self, other: "_Buffers", length: int) -> "_Buffers":
        """Copy the first `length` tokens of other buffers; return self."""
        for mine, theirs in zip(self.keys, other.keys, strict=True):
            mine[:, :, :length] = theirs[:, :, :length]
        for mine, theirs in zip(self.values, other.values, strict=True):
            mine[:, :length] = theirs[:, :length]
        return self


class TorchScriptCache:
    """A `KvCache` in buffers that are written in place and grow by doubling."""

    def __init__(self, model: TorchScriptModel, buffers: _Buffers, length: int = 0) -> None:
        self._model = model
        self._buffers = buffers
        self._length = length

    @property
    def length(self) -> int:
        """Return the number of tokens."""
        return self._length

    @property
    def nbytes(self) -> int:
        """Return the bytes of the buffers, unused parts included."""
        return sum(tensor.nbytes for tensor in (*self._buffers.keys, *self._buffers.values))

    def extend(self, ids: Sequence[int], wanted: int) -> Tensor:
        """Append tokens and return the logits [wanted, vocabulary] after the last ones."""
        needed = self._length + self._model.padded(len(ids))
        if needed > self._buffers.capacity:
            grown = _Buffers.of(self._model, max(round_up(needed), 2 * self._buffers.capacity))
            self._buffers = grown.fill(self._buffers, self._length)
        keys, values = self._buffers.keys, self._buffers.values
        logits = self._model.forward(ids, keys, values, wanted=wanted, start=self._length)
        self._length += len(ids)
        return logits

    def truncate(self, length: int) -> None:
        """Drop all but the first `length` tokens."""
        self._length = min(self._length, length)

    def fork(self, length: int) -> "TorchScriptCache":
        """Return a copy of the first `length` tokens, with the same capacity."""
        kept = min(length, self._length)
        buffers = _Buffers.of(self._model, self._buffers.capacity)
        return TorchScriptCache(self._model, buffers.fill(self._buffers, kept), kept)
