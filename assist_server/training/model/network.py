"""Networks for training: Llama's, Qwen2's and Qwen3's layers, and any transformers model.

Weights have transformers' names, so that trained weights can be loaded there. Training needs two
additions: dropout, and several independent examples in a window.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - its usual name
from torch.nn.attention.varlen import varlen_attn

from assist_server.errors import InputError
from assist_server.training.model.sizes import Shape

_INIT_STD = 0.02


_BOUNDS_STEP = 256
"""The number of bounds is rounded up to a multiple of it, as compiled code has fixed shapes."""

_FLASH_CAPABILITY = (8, 0)
"""Lowest capability for which torch has variable-length attention (Ampere GPUs)."""

_FULL_PARAMETERS = 150_000_000
"""Up to this size all weights are trained; larger models are trained by LoRA."""

_LORA_RANK = 16


def has_varlen_kernel(device: torch.device) -> bool:
    """Return whether the device has variable-length attention for all examples at once."""
    is_cuda = device.type == "cuda"
    return is_cuda and torch.cuda.get_device_capability(device) >= _FLASH_CAPABILITY


class Segments:
    """The bounds of the examples in a batch of windows."""

    def __init__(self, lengths: Sequence[Sequence[int]], device: torch.device) -> None:
        self.lengths = [length for window in lengths for length in window]
        self.window_tokens = sum(lengths[0])
        places = torch.cat([torch.arange(length) for length in self.lengths])
        positions = places.view(len(lengths), self.window_tokens)
        self.positions = to_device(positions, device)
        self.bounds: Tensor | None = None
        """The starts of the examples, and the end, int32, for variable-length attention; None if
        the device does not have it, in which case examples are computed one by one."""
        if has_varlen_kernel(device):
            self.bounds = to_device(segment_bounds(self.lengths), device)


def segment_bounds(lengths: Sequence[int]) -> Tensor:
    """Return the start of each consecutive example, padded with the end."""
    size = (len(lengths) // _BOUNDS_STEP + 1) * _BOUNDS_STEP + 1
    bounds = torch.full((size,), sum(lengths), dtype=torch.int32)
    bounds[0] = 0
    bounds[1 : len(lengths) + 1] = torch.tensor(lengths).cumsum(0)
    return bounds


def to_device(tensor: Tensor, device: torch.device) -> Tensor:
    """Copy a tensor to a device, without waiting for a GPU's pending work."""
    if device.type == "cuda":
        return tensor.pin_memory().to(device, non_blocking=True)
    return tensor.to(device)


class _Attention(nn.Module):
    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        inner, kv_inner = shape.heads * shape.head_size, shape.kv_heads * shape.head_size
        self.q_proj = nn.Linear(shape.hidden, inner, bias=shape.has_biases)
        self.k_proj = nn.Linear(shape.hidden, kv_inner, bias=shape.has_biases)
        self.v_proj = nn.Linear(shape.hidden, kv_inner, bias=shape.has_biases)
        self.o_proj = nn.Linear(inner, shape.hidden, bias=False)
        if shape.norms_heads:
            self.q_norm = nn.RMSNorm(shape.head_size, shape.norm_eps)
            self.k_norm = nn.RMSNorm(shape.head_size, shape.norm_eps)

    def forward(self, x: Tensor, rotation: tuple[Tensor, Tensor], segments: Segments) -> Tensor:
        shape = self.shape
        query = self.q_proj(x).unflatten(-1, (shape.heads, shape.head_size))
        key = self.k_proj(x).unflatten(-1, (shape.kv_heads, shape.head_size))
        value = self.v_proj(x).unflatten(-1, (shape.kv_heads, shape.head_size))
        if shape.norms_heads:
            query, key = self.q_norm(query.float()), self.k_norm(key.float())
        # The rotation is computed in float32, and its result converted back.
        query = _rotate(query, rotation).to(value.dtype)
        key = _rotate(key, rotation).to(value.dtype)
        group = shape.heads // shape.kv_heads
        key, value = key.repeat_interleave(group, 2), value.repeat_interleave(group, 2)
        seen: Tensor = self.o_proj(_attend(query, key, value, segments).flatten(-2))
        return seen


def _rotate(x: Tensor, rotation: tuple[Tensor, Tensor]) -> Tensor:
    cosine, sine = rotation
    first, second = x.chunk(2, -1)
    return torch.cat((first * cosine - second * sine, second * cosine + first * sine), -1)


def _attend(query: Tensor, key: Tensor, value: Tensor, segments: Segments) -> Tensor:
    """Return attention outputs within examples, [windows, tokens, heads, size]."""
    if segments.bounds is not None:
        return _attend_varlen(query, key, value, segments.bounds, segments.window_tokens)
    queries, keys, values = (
        torch.split(part.flatten(0, 1).transpose(0, 1)[None], segments.lengths, 2)
        for part in (query, key, value)
    )
    attend = _attend_unfused if query.dtype == torch.bfloat16 else _attend_fused
    seen = [attend(*example) for example in zip(queries, keys, values, strict=True)]
    return torch.cat(seen, 2)[0].transpose(0, 1).view(query.shape)


def _attend_varlen(
    query: Tensor, key: Tensor, value: Tensor, bounds: Tensor, longest: int
) -> Tensor:
    """Compute all examples of all windows by one kernel, which supports 16 bits only."""
    q, k, v = (part.flatten(0, 1).to(torch.bfloat16) for part in (query, key, value))
    seen = varlen_attn(q, k, v, bounds, bounds, longest, longest, window_size=(-1, 0))
    return seen.view(query.shape).to(query.dtype)  # type: ignore[union-attr]  # a single tensor without `return_aux`


def _attend_fused(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    return F.scaled_dot_product_attention(query, key, value, is_causal=True)


def _attend_unfused(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    """Compute the same as `_attend_fused`; in bfloat16 on a CPU, about twice as fast here."""
    tokens = query.shape[2]
    later = torch.full((tokens, tokens), -torch.inf, dtype=query.dtype).triu_(1)
    scores = torch.baddbmm(
        later.expand(query.shape[1], -1, -1), query[0], key[0].mT, alpha=query.shape[-1] ** -0.5
    )
    return (scores.softmax(-1) @ value[0])[None]


class _FeedForward(nn.Module):
    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.gate_proj = nn.Linear(shape.hidden, shape.feed_forward, bias=False)
        self.up_proj = nn.Linear(shape.hidden, shape.feed_forward, bias=False)
        self.down_proj = nn.Linear(shape.feed_forward, shape.hidden, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        result: Tensor = self.down_proj(F.silu(self.gate_proj(x)) * self.up_proj(x))
        return result


class _Layer(nn.Module):
    def __init__(self, shape: Shape, dropout: float) -> None:
        super().__init__()
        self.input_layernorm = nn.RMSNorm(shape.hidden, shape.norm_eps)
        self.self_attn = _Attention(shape)
        self.post_attention_layernorm = nn.RMSNorm(shape.hidden, shape.norm_eps)
        self.mlp = _FeedForward(shape)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor, rotation: tuple[Tensor, Tensor], segments: Segments) -> Tensor:
        seen = self.self_attn(self.input_layernorm(x), rotation, segments)
        x = x + self.dropout(seen)
        result: Tensor = x + self.dropout(self.mlp(self.post_attention_layernorm(x)))
        return result


class Network(nn.Module):
    """A network from token ids to hidden states, with the head that maps these to logits."""

    def __init__(self, shape: Shape, dropout: float = 0.0) -> None:
        """Initialise random weights with torch's global generator."""
        super().__init__()
        self.shape = shape
        self.embed_tokens = nn.Embedding(shape.vocabulary, shape.hidden)
        self.layers = nn.ModuleList(_Layer(shape, dropout) for _ in range(shape.layers))
        self.norm = nn.RMSNorm(shape.hidden, shape.norm_eps)
        self.lm_head = (
            None if shape.is_tied else nn.Linear(shape.hidden, shape.vocabulary, bias=False)
        )
        for name, weight in self.named_parameters():
            if weight.ndim > 1:
                is_output = name.endswith(("o_proj.weight", "down_proj.weight"))
                std = _INIT_STD / (2 * shape.layers) ** 0.5 if is_output else _INIT_STD
                nn.init.normal_(weight, std=std)

    @property
    def head(self) -> Tensor:
        """Return the weight that maps hidden states to logits."""
        return self.embed_tokens.weight if self.lm_head is None else self.lm_head.weight

    def compile_layers(self) -> None:
        """Compile the layers, which share one compilation.

        On a GPU most of the time is spent on reads and writes between small operations.
        """
        for layer in self.layers:
            layer.compile()

    def forward(self, inputs: Tensor, segments: Segments) -> Tensor:
        """Return hidden states [windows, tokens, hidden] of ids [windows, tokens]."""
        x = self.embed_tokens(inputs)
        rotation = self._rotation(segments.positions)
        for layer in self.layers:
            x = layer(x, rotation, segments)
        hidden: Tensor = self.norm(x)
        return hidden

    def _rotation(self, positions: Tensor) -> tuple[Tensor, Tensor]:
        half = torch.arange(0, self.shape.head_size, 2, device=positions.device)
        speeds = self.shape.rope_theta ** (-half.float() / self.shape.head_size)
        angles = positions[:, :, None, None].float() * speeds
        return angles.cos(), angles.sin()


class TransformersNetwork:
    """Any causal model of the transformers library, trained as a whole or by LoRA."""

    def __init__(self, model: Any) -> None:
        """Wrap a model, with or without a peft adapter."""
        self._model = model

    @property
    def head(self) -> Tensor:
        """Return the weight that maps hidden states to logits."""
        weight: Tensor = self._model.get_output_embeddings().weight
        return weight

    def __call__(self, inputs: Tensor, segments: Segments) -> Tensor:
        """Return hidden states; transformers recognises a new example by a position of 0."""
        inner = self._model.get_base_model() if hasattr(self._model, "peft_config") else self._model
        body = getattr(inner, inner.base_model_prefix)
        found = body(input_ids=inputs, position_ids=segments.positions, use_cache=False)
        hidden: Tensor = found.last_hidden_state
        return hidden

    def train(self, mode: bool = True) -> Any:  # noqa: FBT001, FBT002 - torch's own signature
        """Switch dropout on or off."""
        self._model.train(mode)


def check_trainable(model: Any, name: str) -> None:
    """Check that a model's logits are the product of its head and its hidden states.

    Raises:
        InputError: they are not.
    """
    config = model.config
    scale = getattr(config, "logits_scaling", None) or getattr(config, "logit_scale", None) or 1
    head = model.get_output_embeddings()
    has_bias = getattr(head, "bias", None) is not None
    if getattr(config, "final_logit_softcapping", None) or scale != 1 or has_bias or head is None:
        raise InputError(
            f"{name!r} is a {config.model_type} model, which transforms its logits in a way that "
            "training does not support; choose a model of another family"
        )


def make_trainable(model: Any, name: str) -> Any:
    """Return the model with trainable weights: all of them, or LoRA matrices if it is large.

    Raises:
        InputError: peft is needed and missing.
    """
    parameters = sum(parameter.numel() for parameter in model.parameters())
    if parameters <= _FULL_PARAMETERS:
        return model.float().requires_grad_(True)
    try:
        from peft import LoraConfig, get_peft_model  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise InputError(
            f"{name!r} has {parameters / 1e6:,.0f} M parameters, too many to train all; "
            "fine-tuning it needs peft: install 'assist-server[train]'"
        ) from error
    config = LoraConfig(
        r=_LORA_RANK, lora_alpha=2 * _LORA_RANK, target_modules="all-linear", task_type="CAUSAL_LM"
    )
    return get_peft_model(model, config)


def merge_adapter(model: Any) -> Any:
    """Return the model with a LoRA adapter merged into its weights."""
    return model.merge_and_unload() if hasattr(model, "peft_config") else model
