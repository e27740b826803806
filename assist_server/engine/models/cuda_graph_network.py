"""Llama's layers over a KV buffer that stays where it is: passes that a GPU can replay.

Everything that changes from one pass to the next is in the content of tensors, the place in the
text included; shapes and addresses are the same. The weights are those of the transformers model.
"""

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - its usual name


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
