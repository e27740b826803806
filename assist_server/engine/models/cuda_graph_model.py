"""Short passes as CUDA graphs: hundreds of small kernels started by one call.

On a GPU, a step of a small model takes far longer to start than to compute. A graph is captured
once for each of a few shapes and replayed from then on. It knows addresses only, so there is one
buffer, the desk, on which the sequence that is being continued lies; the others are put aside.
"""

import logging
import math
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
_SMALLEST_SEEN = 256
_WARMUP_PASSES = 2
"""Before a capture: libraries choose their kernels and allocate what they need."""


class StaticNetwork:
    """From token ids and their place to logits, for models that `direct_model.covers` approves."""

    def __init__(self, model: Any) -> None:
        """Use the modules of a model that lies on its device."""
        config, self._inner = model.config, model.model
        self._head = model.lm_head
        self.device: torch.device = model.device
        self.dtype: torch.dtype = model.dtype
        self.layer_count: int = config.num_hidden_layers
        self.kv_heads: int = config.num_key_value_heads
        self.head_dim: int = self._inner.layers[0].self_attn.head_dim
        self._group = config.num_attention_heads // self.kv_heads
        self._places = torch.arange(config.max_position_embeddings, device=self.device)
        self._cos, self._sin = self._inner.rotary_emb(
            torch.empty(0, dtype=self.dtype, device=self.device), self._places[None]
        )

    def new_buffer(self, capacity: int) -> Tensor:
        """Room for keys and values: zeros [layers, 2, kv heads, capacity, head size]."""
        shape = (self.layer_count, 2, self.kv_heads, capacity, self.head_dim)
        return torch.zeros(shape, dtype=self.dtype, device=self.device)

    def __call__(
        self, ids: Tensor, start: Tensor, buffer: Tensor, *, seen: int, rows: slice
    ) -> Tensor:
        """Logits [rows, vocabulary] behind some of the ids; the buffer learns of all of them.

        Args:
            ids: Tokens [n].
            start: The place of the first one; a number without dimensions.
            buffer: What is known of the tokens before; behind them it holds any finite numbers.
            seen: How much of the buffer is looked at; at least `start + n`.
            rows: Which of the tokens' logits are wanted.
        """
        places = start + torch.arange(len(ids), device=self.device)
        # Padding may stand behind the last place that the model knows.
        known = places.clamp(max=len(self._places) - 1)
        turn = self._cos[0, known, None], self._sin[0, known, None]
        is_later = torch.arange(seen, device=self.device) > places[:, None]
        mask = torch.zeros(is_later.shape, dtype=self.dtype, device=self.device)
        mask = mask.masked_fill(is_later, float("-inf")).repeat(self._group, 1)
        x = self._inner.embed_tokens(ids)
        for layer, kept in zip(self._inner.layers, buffer, strict=True):
            x = x + self._attend(layer, x, turn, places, kept[:, :, :seen], mask)
            x = x + layer.mlp(layer.post_attention_layernorm(x))
        logits: Tensor = self._head(self._inner.norm(x[rows]))
        return logits

    def _attend(  # noqa: PLR0913, PLR0917 - what attention is made of
        self,
        layer: Any,
        x: Tensor,
        turn: tuple[Tensor, Tensor],
        places: Tensor,
        kept: Tensor,
        mask: Tensor,
    ) -> Tensor:
        """What attention adds to the stream [n, hidden]."""
        attention, count = layer.self_attn, len(x)
        h = layer.input_layernorm(x)
        q = attention.q_proj(h).view(count, -1, self.head_dim)
        k = attention.k_proj(h).view(count, -1, self.head_dim)
        v = attention.v_proj(h).view(count, -1, self.head_dim)
        if hasattr(attention, "q_norm"):
            q, k = attention.q_norm(q), attention.k_norm(k)
        keys, values = kept
        keys.index_copy_(1, places, _turned(k, turn).transpose(0, 1))
        values.index_copy_(1, places, v.transpose(0, 1))
        # Queries that share a head of keys stand in rows below each other: nothing is copied.
        q = _turned(q, turn).view(count, self.kv_heads, self._group, self.head_dim)
        q = q.permute(1, 2, 0, 3).reshape(self.kv_heads, self._group * count, self.head_dim)
        mixed = F.scaled_dot_product_attention(
            q[None], keys[None], values[None], attn_mask=mask, scale=attention.scaling
        )
        mixed = mixed.view(self.kv_heads, self._group, count, self.head_dim)
        added: Tensor = attention.o_proj(mixed.permute(2, 0, 1, 3).reshape(count, -1))
        return added


def _turned(heads: Tensor, turn: tuple[Tensor, Tensor]) -> Tensor:
    """Rotary embedding, as transformers pairs the dimensions: i together with i + size / 2."""
    cos, sin = turn
    one, other = heads.chunk(2, dim=-1)
    return heads * cos + torch.cat((-other, one), dim=-1) * sin


class CudaGraphModel:
    """A `LanguageModel` over a transformers model of Llama's shape on a CUDA device."""

    def __init__(self, model: Any, *, is_captured: bool = True) -> None:
        """Take over a model that is on its device.

        Without capture the same passes are run kernel by kernel, on any device.
        """
        self._network = StaticNetwork(model)
        self._capturing = _Capturing() if is_captured else None
        self._passes: dict[tuple[int, int], _Pass] = {}
        self._desk = self._network.new_buffer(_SMALLEST_CAPACITY)
        self._nothing = self._network.new_buffer(0)
        self._lying: weakref.ref[CudaGraphCache] | None = None
        self.bytes_per_token = self._desk.nbytes // _SMALLEST_CAPACITY

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return self._network.device

    def new_cache(self) -> "CudaGraphCache":
        """An empty sequence."""
        return CudaGraphCache(self, self._nothing)

    @torch.inference_mode()
    def forward(self, cache: "CudaGraphCache", ids: Sequence[int], wanted: int) -> Tensor:
        """Logits [wanted, vocabulary] behind the last of `ids`, which follow a sequence."""
        count, start = len(ids), cache.length
        tokens = next((tokens for tokens in _NARROW_TOKENS if tokens >= count), count)
        self._lay(cache, start + tokens)
        seen = min(max(_SMALLEST_SEEN, _power_of_two(start + tokens)), self._desk.size(3))
        rows = slice(count - wanted, count)
        if tokens > _NARROW_TOKENS[-1]:
            inputs = torch.tensor(ids, device=self.device), torch.tensor(start, device=self.device)
            return self._network(*inputs, self._desk, seen=seen, rows=rows)
        if (tokens, seen) not in self._passes:
            self._passes[tokens, seen] = self._new_pass(tokens, seen, start)
        padded = [*ids, *[0] * (tokens - count)]
        # The next replay writes where this one's logits are.
        return self._passes[tokens, seen].run(padded, start)[rows].clone()

    @torch.inference_mode()
    def copied(self, cache: "CudaGraphCache", length: int) -> Tensor:
        """Keys and values of the first tokens of a sequence, wherever they are."""
        content = self._desk if self._is_lying(cache) else cache.aside
        return content[:, :, :, :length].clone()

    def _new_pass(self, tokens: int, seen: int, start: int) -> "_Pass":
        one = _Pass(self._network, self._desk, tokens, seen)
        if self._capturing is not None:
            try:
                one.capture(start, self._capturing)
            except RuntimeError as error:  # this shape is run kernel by kernel, then
                _log.warning("a pass of %d tokens cannot be captured: %s", tokens, error)
        return one

    def _is_lying(self, cache: "CudaGraphCache") -> bool:
        return self._lying is not None and self._lying() is cache

    def _lay(self, cache: "CudaGraphCache", room: int) -> None:
        """Put a sequence on the desk, which has room for so many tokens then."""
        if room > self._desk.size(3):
            larger = self._network.new_buffer(_power_of_two(room))
            larger[:, :, :, : self._desk.size(3)] = self._desk
            self._passes.clear()  # they know the old address
            if self._capturing is not None:
                self._capturing = _Capturing()  # a pool without graphs is gone
            self._desk = larger
        if self._is_lying(cache):
            return
        other = self._lying() if self._lying is not None else None
        if other is not None:
            other.aside = self.copied(other, other.length)
        self._desk[:, :, :, : cache.length] = cache.aside[:, :, :, : cache.length]
        cache.aside = self._nothing
        self._lying = weakref.ref(cache)


class CudaGraphCache:
    """A `KvCache` whose content lies on the model's desk or aside."""

    def __init__(self, model: CudaGraphModel, aside: Tensor, length: int = 0) -> None:
        self._model = model
        self.aside = aside
        """The content while another sequence lies on the desk; belongs to the model."""
        self._length = length

    @property
    def length(self) -> int:
        """Tokens in it."""
        return self._length

    @property
    def nbytes(self) -> int:
        """Bytes of the keys and values."""
        return self._length * self._model.bytes_per_token

    @property
    def rewind_limit(self) -> float:
        """None."""
        return math.inf

    def extend(self, ids: Sequence[int], wanted: int) -> Tensor:
        """Append tokens; logits [wanted, vocabulary] behind the last of them."""
        logits = self._model.forward(self, ids, wanted)
        self._length += len(ids)
        return logits

    def truncate(self, length: int) -> None:
        """Forget all but the first `length` tokens."""
        self._length = min(self._length, length)

    def fork(self, length: int) -> "CudaGraphCache":
        """A copy of the first `length` tokens."""
        kept = min(length, self._length)
        return CudaGraphCache(self._model, self._model.copied(self, kept), kept)


_idle_streams: list[Any] = []


class _Capturing:
    """Where the graphs of one desk are captured, and the memory that they share.

    Libraries keep a workspace for each stream (cuBLAS: 32 MiB on an H100), whose address the graphs
    know. So each desk has a stream of its own; and as a workspace is never given back, the stream
    of a desk that is gone goes to the next one.
    """

    def __init__(self) -> None:
        stream: Any = _idle_streams.pop() if _idle_streams else torch.cuda.Stream()  # type: ignore[no-untyped-call]
        self.stream = stream
        self.pool = torch.cuda.graph_pool_handle()
        weakref.finalize(self, _idle_streams.append, stream)


class _Pass:
    """A forward pass of one shape, whose inputs are written in place."""

    def __init__(self, network: StaticNetwork, desk: Tensor, tokens: int, seen: int) -> None:
        self._network, self._desk, self._seen = network, desk, seen
        self._ids = torch.zeros(tokens, dtype=torch.long, device=network.device)
        self._start = torch.zeros((), dtype=torch.long, device=network.device)
        self._graph: torch.cuda.CUDAGraph | None = None
        self._logits = torch.empty(0)

    def capture(self, start: int, capturing: "_Capturing") -> None:
        """Record the pass; from `start` on, the desk holds nothing of worth.

        Raises:
            RuntimeError: something in it cannot be captured here.
        """
        self._start.fill_(start)
        stream = capturing.stream
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            for _ in range(_WARMUP_PASSES):
                self._compute()
        torch.cuda.current_stream().wait_stream(stream)
        graph = torch.cuda.CUDAGraph()
        # Other threads may use the device meanwhile.
        options = {"pool": capturing.pool, "stream": stream, "capture_error_mode": "thread_local"}
        with torch.cuda.graph(graph, **options):
            self._logits = self._compute()
        self._graph = graph

    def run(self, ids: Sequence[int], start: int) -> Tensor:
        """Logits [tokens, vocabulary], overwritten by the next run of a captured pass."""
        self._ids.copy_(torch.tensor(ids))
        self._start.fill_(start)
        if self._graph is None:
            return self._compute()
        self._graph.replay()
        return self._logits

    def _compute(self) -> Tensor:
        return self._network(self._ids, self._start, self._desk, seen=self._seen, rows=slice(None))


def _power_of_two(number: int) -> int:
    """The next power of two."""
    return 1 << (number - 1).bit_length()
