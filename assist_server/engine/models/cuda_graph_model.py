"""Forward passes as CUDA graphs: one call launches hundreds of small kernels.

On a GPU, launching the kernels of a step of a small model takes far longer than their work. A graph
is captured once for each of a few shapes, and replayed after that. It refers to fixed addresses, so
there is one static KV buffer for the active sequence; the contents of others are saved elsewhere.
"""

import logging
import weakref
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - its usual name

_log = logging.getLogger(__name__)

_NARROW_TOKENS = (1, 2, 4, 8, 16)
"""Sizes of the passes that are captured: a step, and a step with drafts."""
_SMALLEST_CAPACITY = 1024
_SMALLEST_ATTENDED = 256
_WARMUP_PASSES = 2
"""Before a capture, in which libraries may not choose kernels or allocate workspaces."""


class _StaticNetwork:
    """Llama's layers over a static KV buffer, for models that `torchscript_model.covers` accepts.

    Everything that changes between passes is in the contents of tensors, the position included;
    shapes and addresses stay the same. The weights are those of the transformers model.
    """

    def __init__(self, model: Any) -> None:
        """Use the modules of a model, which must be on its device."""
        config, self._inner = model.config, model.model
        self._head = model.lm_head
        self.device: torch.device = model.device
        self.dtype: torch.dtype = model.dtype
        self.layer_count: int = config.num_hidden_layers
        self.kv_heads: int = config.num_key_value_heads
        self.head_dim: int = self._inner.layers[0].self_attn.head_dim
        self._group = config.num_attention_heads // self.kv_heads
        self._positions = torch.arange(config.max_position_embeddings, device=self.device)
        self._cos, self._sin = self._inner.rotary_emb(
            torch.empty(0, dtype=self.dtype, device=self.device), self._positions[None]
        )

    def new_buffer(self, capacity: int) -> Tensor:
        """Return a KV buffer of zeros [layers, 2, kv heads, capacity, head size]."""
        shape = (self.layer_count, 2, self.kv_heads, capacity, self.head_dim)
        return torch.zeros(shape, dtype=self.dtype, device=self.device)

    def __call__(
        self, ids: Tensor, start: Tensor, buffer: Tensor, *, attended: int, rows: slice
    ) -> Tensor:
        """Return logits [rows, vocabulary] after some ids; write all of them to the buffer.

        Args:
            ids: Tokens [n].
            start: The position of the first one, a scalar tensor.
            buffer: Keys and values of the tokens before; any finite numbers after them.
            attended: Length of the buffer's part that attention reads; at least `start + n`.
            rows: The tokens after which logits are returned.
        """
        positions = start + torch.arange(len(ids), device=self.device)
        # Padding may be after the last position of the model.
        known = positions.clamp(max=len(self._positions) - 1)
        rotation = self._cos[0, known, None], self._sin[0, known, None]
        is_later = torch.arange(attended, device=self.device) > positions[:, None]
        mask = torch.zeros(is_later.shape, dtype=self.dtype, device=self.device)
        mask = mask.masked_fill(is_later, float("-inf")).repeat(self._group, 1)
        x = self._inner.embed_tokens(ids)
        for layer, kv in zip(self._inner.layers, buffer, strict=True):
            x = x + self._attend(layer, x, rotation, positions, kv[:, :, :attended], mask)
            x = x + layer.mlp(layer.post_attention_layernorm(x))
        logits: Tensor = self._head(self._inner.norm(x[rows]))
        return logits

    def _attend(  # noqa: PLR0913, PLR0917 - the inputs of attention
        self,
        layer: Any,
        x: Tensor,
        rotation: tuple[Tensor, Tensor],
        positions: Tensor,
        kv: Tensor,
        mask: Tensor,
    ) -> Tensor:
        """Return the attention output [n, hidden], to be added to the residual stream."""
        attention, count = layer.self_attn, len(x)
        h = layer.input_layernorm(x)
        q = attention.q_proj(h).view(count, -1, self.head_dim)
        k = attention.k_proj(h).view(count, -1, self.head_dim)
        v = attention.v_proj(h).view(count, -1, self.head_dim)
        if hasattr(attention, "q_norm"):
            q, k = attention.q_norm(q), attention.k_norm(k)
        keys, values = kv
        keys.index_copy_(1, positions, _rotated(k, rotation).transpose(0, 1))
        values.index_copy_(1, positions, v.transpose(0, 1))
        # Queries that share a key head become rows of one matrix, so keys need no copies.
        q = _rotated(q, rotation).view(count, self.kv_heads, self._group, self.head_dim)
        q = q.permute(1, 2, 0, 3).reshape(self.kv_heads, self._group * count, self.head_dim)
        mixed = F.scaled_dot_product_attention(
            q[None], keys[None], values[None], attn_mask=mask, scale=attention.scaling
        )
        mixed = mixed.view(self.kv_heads, self._group, count, self.head_dim)
        added: Tensor = attention.o_proj(mixed.permute(2, 0, 1, 3).reshape(count, -1))
        return added


def _rotated(heads: Tensor, rotation: tuple[Tensor, Tensor]) -> Tensor:
    """Apply rotary embedding, pairing dimension i with i + size / 2 as transformers does."""
    cos, sin = rotation
    one, other = heads.chunk(2, dim=-1)
    return heads * cos + torch.cat((-other, one), dim=-1) * sin


class CudaGraphModel:
    """A `LanguageModel` over a transformers model of Llama's architecture on a CUDA device."""

    def __init__(self, model: Any, *, is_captured: bool = True) -> None:
        """Wrap a model that is on its device.

        Without capture the same passes run kernel by kernel, on any device.
        """
        self._network = _StaticNetwork(model)
        self._capture_context = _CaptureContext() if is_captured else None
        self._passes: dict[tuple[int, int], _Pass] = {}
        self._buffer = self._network.new_buffer(_SMALLEST_CAPACITY)
        self._empty = self._network.new_buffer(0)
        self._active: weakref.ref[CudaGraphCache] | None = None
        self.bytes_per_token = self._buffer.nbytes // _SMALLEST_CAPACITY

    @property
    def device(self) -> torch.device:
        """Return the device of the weights."""
        return self._network.device

    def new_cache(self) -> "CudaGraphCache":
        """Return the cache of an empty sequence."""
        return CudaGraphCache(self, self._empty)

    @torch.inference_mode()
    def forward(self, cache: "CudaGraphCache", ids: Sequence[int], wanted: int) -> Tensor:
        """Append `ids` to a sequence; return logits [wanted, vocabulary] after the last ones."""
        count, start = len(ids), cache.length
        tokens = next((tokens for tokens in _NARROW_TOKENS if tokens >= count), count)
        self._activate(cache, start + tokens)
        attended = min(max(_SMALLEST_ATTENDED, _power_of_two(start + tokens)), self._buffer.size(3))
        rows = slice(count - wanted, count)
        if tokens > _NARROW_TOKENS[-1]:
            inputs = torch.tensor(ids, device=self.device), torch.tensor(start, device=self.device)
            return self._network(*inputs, self._buffer, attended=attended, rows=rows)
        if (tokens, attended) not in self._passes:
            self._passes[tokens, attended] = self._new_pass(tokens, attended, start)
        padded = [*ids, *[0] * (tokens - count)]
        # The next replay overwrites these logits.
        return self._passes[tokens, attended].run(padded, start)[rows].clone()

    @torch.inference_mode()
    def copy_of(self, cache: "CudaGraphCache", length: int) -> Tensor:
        """Return a copy of the keys and values of a sequence's first tokens."""
        content = self._buffer if self._is_active(cache) else cache.saved
        return content[:, :, :, :length].clone()

    def _new_pass(self, tokens: int, attended: int, start: int) -> "_Pass":
        one = _Pass(self._network, self._buffer, tokens, attended)
        if self._capture_context is not None:
            try:
                one.capture(start, self._capture_context)
            except RuntimeError as error:  # this shape runs kernel by kernel
                _log.warning("a pass of %d tokens cannot be captured: %s", tokens, error)
        return one

    def _is_active(self, cache: "CudaGraphCache") -> bool:
        return self._active is not None and self._active() is cache

    def _activate(self, cache: "CudaGraphCache", room: int) -> None:
        """Move a sequence into the buffer, enlarged to at least `room` tokens."""
        if room > self._buffer.size(3):
            larger = self._network.new_buffer(_power_of_two(room))
            larger[:, :, :, : self._buffer.size(3)] = self._buffer
            self._passes.clear()  # they refer to the old address
            if self._capture_context is not None:
                self._capture_context = _CaptureContext()  # a memory pool ends with its graphs
            self._buffer = larger
        if self._is_active(cache):
            return
        other = self._active() if self._active is not None else None
        if other is not None:
            other.saved = self.copy_of(other, other.length)
        self._buffer[:, :, :, : cache.length] = cache.saved[:, :, :, : cache.length]
        cache.saved = self._empty
        self._active = weakref.ref(cache)


class CudaGraphCache:
    """A `KvCache` whose content is in the model's buffer or in `saved`."""

    def __init__(self, model: CudaGraphModel, saved: Tensor, length: int = 0) -> None:
        self._model = model
        self.saved = saved
        """The content while another sequence is active; managed by the model."""
        self._length = length

    @property
    def length(self) -> int:
        """Return the number of tokens."""
        return self._length

    @property
    def nbytes(self) -> int:
        """Return the bytes of the keys and values."""
        return self._length * self._model.bytes_per_token

    def extend(self, ids: Sequence[int], wanted: int) -> Tensor:
        """Append tokens and return the logits [wanted, vocabulary] after the last ones."""
        logits = self._model.forward(self, ids, wanted)
        self._length += len(ids)
        return logits

    def truncate(self, length: int) -> None:
        """Drop all but the first `length` tokens."""
        self._length = min(self._length, length)

    def fork(self, length: int) -> "CudaGraphCache":
        """Return a copy of the first `length` tokens."""
        kept = min(length, self._length)
        return CudaGraphCache(self._model, self._model.copy_of(self, kept), kept)


_idle_streams: list[Any] = []


class _CaptureContext:
    """The stream and the memory pool of the graphs of one buffer.

    Libraries keep a workspace for each stream (cuBLAS: 32 MiB on an H100), to which the graphs
    refer. So each buffer has its own stream; as workspaces are never freed, streams are reused.
    """

    def __init__(self) -> None:
        stream: Any = _idle_streams.pop() if _idle_streams else torch.cuda.Stream()  # type: ignore[no-untyped-call]
        self.stream = stream
        self.pool = torch.cuda.graph_pool_handle()
        weakref.finalize(self, _idle_streams.append, stream)


class _Pass:
    """A forward pass of one shape, with inputs that are written in place."""

    def __init__(self, network: _StaticNetwork, buffer: Tensor, tokens: int, attended: int) -> None:
        self._network, self._buffer, self._attended = network, buffer, attended
        self._ids = torch.zeros(tokens, dtype=torch.long, device=network.device)
        self._start = torch.zeros((), dtype=torch.long, device=network.device)
        self._graph: torch.cuda.CUDAGraph | None = None
        self._logits = torch.empty(0)

    def capture(self, start: int, context: "_CaptureContext") -> None:
        """Capture the pass, which overwrites the buffer from `start` on.

        Raises:
            RuntimeError: the pass cannot be captured on this machine.
        """
        self._start.fill_(start)
        stream = context.stream
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            for _ in range(_WARMUP_PASSES):
                self._compute()
        torch.cuda.current_stream().wait_stream(stream)
        graph = torch.cuda.CUDAGraph()
        # Other threads may use the device during the capture.
        options = {"pool": context.pool, "stream": stream, "capture_error_mode": "thread_local"}
        with torch.cuda.graph(graph, **options):
            self._logits = self._compute()
        self._graph = graph

    def run(self, ids: Sequence[int], start: int) -> Tensor:
        """Return logits [tokens, vocabulary], which the next run of a captured pass overwrites."""
        self._ids.copy_(torch.tensor(ids))
        self._start.fill_(start)
        if self._graph is None:
            return self._compute()
        self._graph.replay()
        return self._logits

    def _compute(self) -> Tensor:
        return self._network(
            self._ids, self._start, self._buffer, attended=self._attended, rows=slice(None)
        )


def _power_of_two(number: int) -> int:
    """Return the least power of two that is not below `number`."""
    return 1 << (number - 1).bit_length()
