"""Llama's layers as a TorchScript program: from token ids and KV buffers to logits.

TorchScript compiles a subset of Python: no keyword-only arguments, one return type, configuration
in attributes.
"""

import math
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - its usual name

from assist_server.engine.loading.deferred import stored_weight
from assist_server.engine.models.linear import (
    FullLinear,
    HalfLinear,
    Int4Linear,
    Int8Embedding,
    Int8Linear,
    Weights,
    takes_int4,
)

_WIDE_TOKENS = 32
"""Wider passes are bound by arithmetic, narrower ones by reading weights and by overhead."""
WIDE_STEP_TOKENS = 64
"""The length of wide passes, padding included, is a multiple of it (see `round_up`)."""
_BLOCK_TOKENS = 128
"""Queries whose scores are computed together: few enough to stay in a processor's cache."""
_NEVER = 1 << 40


class _Norm(nn.Module):
    """Root mean square normalization of rows, with fewer operators than torch's on a CPU.

    x / sqrt(mean(x^2) + eps) is sqrt(n) * x / hypot(|x|, sqrt(n * eps)).
    """

    def __init__(self, weight: Tensor, eps: float) -> None:
        super().__init__()
        size = weight.size(-1)
        self.weight = weight.float() * math.sqrt(size)
        self.floor = torch.tensor(math.sqrt(size * eps))

    def forward(self, x: Tensor) -> Tensor:
        length = torch.linalg.vector_norm(x, 2.0, [-1], True)
        return (x / torch.hypot(length, self.floor)).mul_(self.weight)


class _Layer(nn.Module):
    """One layer: attention and feed-forward, each after a norm and added to the residual stream."""

    def __init__(self, layer: Any, config: Any, make_linear: Any, *, has_bfloat16: bool) -> None:
        super().__init__()
        attention, forward = layer.self_attn, layer.mlp
        self.heads: int = config.num_attention_heads
        self.kv_heads: int = config.num_key_value_heads
        self.group = self.heads // self.kv_heads
        self.size: int = attention.head_dim
        self.eps: float = config.rms_norm_eps
        # The scale of the scores is folded into the query weights. The usual scale, a power of two,
        # is exact in floating point.
        scale: float = attention.scaling
        self.norms_heads = hasattr(attention, "q_norm")
        q_weight, q_bias = _interleaved(attention.q_proj, self.size)
        if not self.norms_heads:
            q_weight, q_bias = q_weight * scale, None if q_bias is None else q_bias * scale
        k_weight, k_bias = _interleaved(attention.k_proj, self.size)
        v = attention.v_proj
        biases = None
        if q_bias is not None and k_bias is not None:
            biases = torch.cat([q_bias, k_bias, v.bias])
        self.qkv = make_linear(torch.cat([q_weight, k_weight, v.weight]), biases)
        self.out = make_linear(attention.o_proj.weight, attention.o_proj.bias)
        gate_up = torch.cat([forward.gate_proj.weight, forward.up_proj.weight])
        gate, up = forward.gate_proj.bias, forward.up_proj.bias
        self.gate_up = make_linear(gate_up, None if gate is None else torch.cat([gate, up]))
        self.down = make_linear(forward.down_proj.weight, forward.down_proj.bias)
        self.attention_norm = _Norm(layer.input_layernorm.weight, self.eps)
        self.forward_norm = _Norm(layer.post_attention_layernorm.weight, self.eps)
        head_norm = torch.ones(1, self.size)
        if self.norms_heads:
            pairs = _pairs(self.size)
            q_norm = attention.q_norm.weight[pairs].expand(self.heads, -1) * scale
            k_norm = attention.k_norm.weight[pairs].expand(self.kv_heads, -1)
            head_norm = torch.cat([q_norm, k_norm])
        self.head_norm = _Norm(head_norm, self.eps)
        self.wide_tokens = _WIDE_TOKENS if has_bfloat16 else _NEVER
        self.block_tokens = _BLOCK_TOKENS
        self.wide_linear_tokens = self.wide_tokens if self.qkv.takes_bfloat16 else _NEVER

    def forward(  # noqa: PLR0913, PLR0917 - TorchScript takes no dataclasses
        self,
        x: Tensor,
        rotation: Tensor,
        keys: Tensor,
        values: Tensor,
        start: int,
        mask: Tensor,
        rows: tuple[int, int],
    ) -> Tensor:
        """Return the residual stream [rows, hidden] of some tokens; all are written to the cache.

        The mask [tokens, columns] applies to the cache from `start` on.
        """
        count = x.size(0)
        first, last = rows
        wanted = last - first
        rotated = self.heads + self.kv_heads
        qkv = self.qkv(self.as_input(self.attention_norm(x))).float()
        qkv = qkv.view(count, rotated + self.kv_heads, self.size)
        qk = qkv[:, :rotated]
        if self.norms_heads:
            qk = self.head_norm(qk)
        pairs = qk.reshape(count, rotated, self.size // 2, 2)
        qk = torch.view_as_real(torch.view_as_complex(pairs) * rotation).view(
            count, rotated, self.size
        )
        keys[:, :, start : start + count].copy_(qk[:, self.heads :].permute(1, 2, 0))
        values[:, start : start + count].copy_(qkv[:, rotated:].transpose(0, 1))
        x = x[first:last]
        q = qk[first:last, : self.heads]
        q = q.reshape(wanted, self.kv_heads, self.group, self.size).permute(1, 2, 0, 3)
        seen = start + mask.size(1)
        mixed = self.attend(q, keys[:, :, :seen], values[:, :seen], mask[first:last], first)
        mixed = mixed.permute(2, 0, 1, 3)
        mixed = self.as_input(mixed.reshape(wanted, self.heads * self.size))
        x = x + self.out(mixed)
        h = self.gate_up(self.as_input(self.forward_norm(x)))
        half = h.size(1) // 2
        fed: Tensor = self.down(F.silu(h[:, :half]).mul_(h[:, half:]))
        return x + fed

    def as_input(self, x: Tensor) -> Tensor:
        """Convert the input of a linear layer: bfloat16 for many rows if it takes that."""
        return x.to(torch.bfloat16 if x.size(0) >= self.wide_linear_tokens else torch.float32)

    def attend(self, q: Tensor, keys: Tensor, values: Tensor, mask: Tensor, first: int) -> Tensor:
        """Return attention outputs [kv heads, group, queries, head size].

        Args:
            q: Queries, in the same layout.
            keys: Keys [kv heads, head size, seen].
            values: Values [kv heads, seen, head size].
            mask: For the last keys, [queries, masked]; 0 or minus infinity.
            first: The row of the first query in the whole mask, from which on it is causal.
        """
        count = q.size(2)
        if count >= self.wide_tokens:
            q, keys, values = (
                q.to(torch.bfloat16),
                keys.to(torch.bfloat16),
                values.to(torch.bfloat16),
            )
        if count <= self.block_tokens:
            return self.attend_block(q, keys, values, mask)
        # A block of queries sees no later keys, which saves up to half of the products.
        start = keys.size(2) - mask.size(1)
        parts: list[Tensor] = []
        for begin in range(0, count, self.block_tokens):
            end = min(begin + self.block_tokens, count)
            seen = min(round_up(start + first + end), keys.size(2))
            block = mask[begin:end, : seen - start]
            parts.append(
                self.attend_block(q[:, :, begin:end], keys[:, :, :seen], values[:, :seen], block)
            )
        return torch.cat(parts, 2)

    def attend_block(self, q: Tensor, keys: Tensor, values: Tensor, mask: Tensor) -> Tensor:
        """Return the outputs of one block of queries; the mask is for the last keys."""
        count, masked = q.size(2), mask.size(1)
        scores = torch.bmm(q.reshape(self.kv_heads, self.group * count, self.size), keys)
        if masked > 1:
            newest = scores.view(-1, count, scores.size(2))[:, :, scores.size(2) - masked :]
            newest.add_(mask.to(scores.dtype))
        mixed = torch.bmm(torch.softmax(scores, -1), values)
        return mixed.view(self.kv_heads, self.group, count, self.size)


class _Embedding(nn.Module):
    """Vectors of tokens, in any float dtype."""

    def __init__(self, weight: Tensor) -> None:
        super().__init__()
        self.vectors = weight

    def forward(self, ids: Tensor) -> Tensor:
        return F.embedding(ids, self.vectors).float()


def _embedding(weight: Tensor, weights: Weights) -> nn.Module:
    if weights == "int4":
        return Int8Embedding(weight)
    return _Embedding(weight if weights == "float32" else weight.half())


class TorchScriptNetwork(nn.Module):
    """The whole network, from token ids to logits."""

    def __init__(self, model: Any, weights: Weights, *, has_bfloat16: bool) -> None:
        super().__init__()
        config, inner = model.config, model.model
        is_mixed = weights != "float32" and has_bfloat16
        is_prepared = getattr(config, "suits_int8", False)

        def make_linear(weight: Tensor, bias: Tensor | None, *, is_head: bool = False) -> nn.Module:
            if weights == "float32":
                return FullLinear(weight, bias)
            if weights == "float16":
                return HalfLinear(weight, bias, has_bfloat16=is_mixed)
            if weights == "int4" and takes_int4(*weight.shape) and not is_head:
                return Int4Linear(weight, bias)
            return Int8Linear(weight, bias, is_prepared=is_prepared)

        # First what takes the most memory while it is made: the head and the embedding.
        embedding = inner.embed_tokens.weight.detach()
        is_tied = stored_weight(model.lm_head) is stored_weight(inner.embed_tokens)
        head = embedding if is_tied else model.lm_head.weight
        self.head = make_linear(head, model.lm_head.bias, is_head=True)
        self.embedding = _embedding(embedding, weights)
        del embedding, head
        layers = [
            _Layer(layer, config, make_linear, has_bfloat16=is_mixed) for layer in inner.layers
        ]
        self.layers = nn.ModuleList(layers)
        self.head_dim: int = layers[0].size
        self.wide_tokens = layers[0].wide_tokens
        self.norm = _Norm(inner.norm.weight, config.rms_norm_eps)
        rotary = inner.rotary_emb
        # Padding may be after the last position of the model.
        positions = torch.arange(config.max_position_embeddings + WIDE_STEP_TOKENS).float()
        angles = torch.outer(positions, rotary.inv_freq.float())[:, None]
        self.rotations = torch.polar(torch.full_like(angles, rotary.attention_scaling), angles)

    def forward(  # noqa: PLR0913, PLR0917 - TorchScript takes no dataclasses
        self,
        ids: Tensor,
        keys: list[Tensor],
        values: list[Tensor],
        start: int,
        wanted: int,
        padding: int,
    ) -> Tensor:
        """Return logits [wanted, vocabulary] after the last of `ids` before the padding.

        The first of the ids is at `start`. After them the buffers may hold any finite numbers.
        """
        x = self.embedding(ids)
        count = x.size(0)
        end = start + count
        rotation = self.rotations[start:end]
        mask = torch.zeros([1, 1])
        if count > 1:
            seen = end if count < self.wide_tokens else min(round_up(end), keys[0].size(2))
            mask = torch.full([count, seen - start], float("-inf")).triu_(1)
        all_rows, wanted_rows = (0, count), (count - padding - wanted, count - padding)
        last = len(self.layers) - 1
        for i, layer in enumerate(self.layers):
            rows = wanted_rows if i == last else all_rows
            x = layer(x, rotation, keys[i], values[i], start, mask, rows)
        logits: Tensor = self.head(self.norm(x))
        return logits


def round_up(length: int) -> int:
    """Return the next of few lengths, at most a quarter longer from 512 on.

    Kernels for bfloat16 are compiled and kept for each input shape; without rounding they would
    take hundreds of megabytes.
    """
    step = 128
    while 8 * step < length:
        step *= 2
    return (length + step - 1) // step * step


def _pairs(size: int) -> Tensor:
    """Return the permutation that interleaves the two halves of a head.

    transformers rotates dimension i together with i + size / 2. Adjacent, they form one complex
    number; queries and keys are permuted alike, so their products stay the same.
    """
    return torch.arange(size).view(2, size // 2).t().reshape(-1)


def _interleaved(projection: Any, size: int) -> tuple[Tensor, Tensor | None]:
    pairs = _pairs(size)
    weight = projection.weight
    weight = weight.view(-1, size, weight.size(1))[:, pairs].flatten(0, 1)
    bias = projection.bias
    return weight, None if bias is None else bias.view(-1, size)[:, pairs].flatten()
