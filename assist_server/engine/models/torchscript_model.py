"""A forward pass of our own for models of Llama's shape on a CPU.

At the sizes that complete code between two keystrokes, most of a decoding step goes into the
overhead of operators and into reading weights. Here the projections that share an input are one,
weights are packed in half precision while the arithmetic is float32, the KV cache is a buffer that
is written in place, and the layers run as one TorchScript program, outside of the interpreter and
its lock. Where the processor multiplies bfloat16 natively, long inputs do so.

Covered: Llama, Mistral without a sliding window, Qwen2 and Qwen3, with any fixed rotary embedding.
"""

import math
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from assist_server.engine.models.torchscript_network import (
    WIDE_STEP_TOKENS,
    TorchScriptNetwork,
    Weights,
    round_up,
)

_MODEL_TYPES = frozenset({"llama", "mistral", "qwen2", "qwen3"})
_FIXED_ROPE = frozenset({"default", "linear", "llama3", "yarn"})
_SMALLEST_CAPACITY = 256


def covers(model: Any) -> bool:
    """Whether a transformers model has the shape that is implemented here."""
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
    """A `LanguageModel` with weights of its own, made from a transformers model."""

    def __init__(self, model: Any, weights: Weights, *, has_bfloat16: bool) -> None:
        """Pack the weights of a model that `covers` approves of; the model can be freed then."""
        with torch.inference_mode(), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # scripting and packing are deprecated, and unequalled
            network = TorchScriptNetwork(model, weights, has_bfloat16=has_bfloat16).eval()
            self._network = torch.jit.freeze(torch.jit.script(network))
        config = model.config
        self.layer_count: int = config.num_hidden_layers
        self.kv_heads: int = config.num_key_value_heads
        self.head_dim: int = network.head_dim
        self._wide_tokens = network.wide_tokens
        self.narrow_threads = torch.get_num_threads()
        self.wide_threads = torch.get_num_threads()

    @property
    def device(self) -> torch.device:
        """Always the CPU."""
        return torch.device("cpu")

    def new_cache(self) -> "TorchScriptCache":
        """An empty sequence."""
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
        """Logits [wanted, vocabulary] behind the last of `ids`, which stand from `start` on.

        The buffers have room for `padded(len(ids))` tokens there.
        """
        threads = self.narrow_threads if len(ids) == 1 else self.wide_threads
        padding = self.padded(len(ids)) - len(ids)
        padded_ids = torch.tensor([*ids, *[0] * padding])
        with _threads(threads):
            logits: Tensor = self._network(padded_ids, keys, values, start, wanted, padding)
        return logits

    def padded(self, count: int) -> int:
        """How many tokens a pass over so many is made with: one of few sizes where it is wide."""
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
    """Room for the keys and values of one sequence, layer by layer; float32.

    Keys [kv heads, head size, capacity] are transposed, as single steps read them; values are
    [kv heads, capacity, head size].
    """

    keys: list[Tensor]
    values: list[Tensor]
    capacity: int

    @classmethod
    @torch.inference_mode()
    def of(cls, model: TorchScriptModel, capacity: int) -> "_Buffers":
        """New buffers, zero as their unused part must be finite."""
        heads, size, layers = model.kv_heads, model.head_dim, range(model.layer_count)
        keys = [torch.zeros(heads, size, capacity) for _ in layers]
        return cls(keys, [torch.zeros(heads, capacity, size) for _ in layers], capacity)

    @torch.inference_mode()
    def fill(self, other: "_Buffers", length: int) -> "_Buffers":
        """Take over the first `length` tokens of others."""
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
        """Tokens in it."""
        return self._length

    @property
    def nbytes(self) -> int:
        """Bytes of the buffers, used or not."""
        return sum(tensor.nbytes for tensor in (*self._buffers.keys, *self._buffers.values))

    @property
    def rewind_limit(self) -> float:
        """None."""
        return math.inf

    def extend(self, ids: Sequence[int], wanted: int) -> Tensor:
        """Append tokens; logits [wanted, vocabulary] behind the last of them."""
        needed = self._length + self._model.padded(len(ids))
        if needed > self._buffers.capacity:
            grown = _Buffers.of(self._model, max(round_up(needed), 2 * self._buffers.capacity))
            self._buffers = grown.fill(self._buffers, self._length)
        keys, values = self._buffers.keys, self._buffers.values
        logits = self._model.forward(ids, keys, values, wanted=wanted, start=self._length)
        self._length += len(ids)
        return logits

    def truncate(self, length: int) -> None:
        """Forget all but the first `length` tokens."""
        self._length = min(self._length, length)

    def fork(self, length: int) -> "TorchScriptCache":
        """A copy of the first `length` tokens, with as much room as here."""
        kept = min(length, self._length)
        buffers = _Buffers.of(self._model, self._buffers.capacity)
        return TorchScriptCache(self._model, buffers.fill(self._buffers, kept), kept)
