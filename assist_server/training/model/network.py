"""The network that is trained: Llama's layers, or Qwen3's, which norm queries and keys as well.

Weights are named as transformers names them, so that what is trained is loaded there as it is. What
this adds is what training wants: dropout, and several examples in a window that do not see each
other.
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
"""The number of bounds is rounded up to a multiple: what is compiled is of one shape."""

_FLASH_CAPABILITY = (8, 0)
"""Of the first GPUs for which torch has attention over examples of any lengths (Ampere)."""

_FULL_PARAMETERS = 150_000_000
"""Up to this size all weights are trained; larger models learn small matrices beside (LoRA)."""

_LORA_RANK = 16


def has_varlen_kernel(device: torch.device) -> bool:
    """Whether one kernel attends to all examples of all windows there."""
    is_cuda = device.type == "cuda"
    return is_cuda and torch.cuda.get_device_capability(device) >= _FLASH_CAPABILITY


class Segments:
    """Where the examples of a batch of windows begin and end."""

    def __init__(self, lengths: Sequence[Sequence[int]], device: torch.device) -> None:
        self.lengths = [length for window in lengths for length in window]
        self.window_tokens = sum(lengths[0])
        places = torch.cat([torch.arange(length) for length in self.lengths])
        positions = places.view(len(lengths), self.window_tokens)
        self.positions = to_device(positions, device)
        self.bounds: Tensor | None = None
        """Where each example begins, and the end, int32, for one kernel that takes all of them;
        None where there is no such kernel: then they are taken one by one."""
        if has_varlen_kernel(device):
            self.bounds = to_device(segment_bounds(self.lengths), device)


def segment_bounds(lengths: Sequence[int]) -> Tensor:
    """Where each of some examples in a row begins, and, as often as fills the tensor, the end."""
    size = (len(lengths) // _BOUNDS_STEP + 1) * _BOUNDS_STEP + 1
    bounds = torch.full((size,), sum(lengths), dtype=torch.int32)
    bounds[0] = 0
    bounds[1 : len(lengths) + 1] = torch.tensor(lengths).cumsum(0)
    return bounds


def to_device(tensor: Tensor, device: torch.device) -> Tensor:
    """A copy there, for which nothing that a GPU still has to do is waited for."""
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
        # The rotation is exact; what it gives is as narrow as it was.
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
    """What each token sees of its own example, [windows, tokens, heads, size]."""
    if segments.bounds is not None:
        return _attend_all(query, key, value, segments.bounds, segments.window_tokens)
    queries, keys, values = (
        torch.split(part.flatten(0, 1).transpose(0, 1)[None], segments.lengths, 2)
        for part in (query, key, value)
    )
    attend = _attend_plainly if query.dtype == torch.bfloat16 else _attend_in_blocks
    seen = [attend(*example) for example in zip(queries, keys, values, strict=True)]
    return torch.cat(seen, 2)[0].transpose(0, 1).view(query.shape)


def _attend_all(query: Tensor, key: Tensor, value: Tensor, bounds: Tensor, longest: int) -> Tensor:
    """All examples of all windows by one kernel, which knows no wider numbers than 16 bits."""
    q, k, v = (part.flatten(0, 1).to(torch.bfloat16) for part in (query, key, value))
    seen = varlen_attn(q, k, v, bounds, bounds, longest, longest, window_size=(-1, 0))
    return seen.view(query.shape).to(query.dtype)  # type: ignore[union-attr]  # no pair asked for


def _attend_in_blocks(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    return F.scaled_dot_product_attention(query, key, value, is_causal=True)


def _attend_plainly(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    """As in blocks; on a CPU, in bfloat16 and at these lengths, in about half the time."""
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
    """From token ids to hidden states, and the head that makes logits of these."""

    def __init__(self, shape: Shape, dropout: float = 0.0) -> None:
        """Random weights, by torch's global generator."""
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
        """The weight that makes logits of hidden states."""
        return self.embed_tokens.weight if self.lm_head is None else self.lm_head.weight

    def compile_layers(self) -> None:
        """Have torch make kernels of the layers, which are alike and compiled once.

        On a GPU most of the time goes into reading and writing between small operations.
        """
        for layer in self.layers:
            layer.compile()

    def forward(self, inputs: Tensor, segments: Segments) -> Tensor:
        """Hidden states [windows, tokens, hidden] of ids [windows, tokens]."""
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
    """Hidden states and head of any causal model."""

    def __init__(self, model: Any) -> None:
        """Wrap a model, or one within an adapter of peft."""
        self._model = model

    @property
    def head(self) -> Tensor:
        """The weight that makes logits of hidden states."""
        weight: Tensor = self._model.get_output_embeddings().weight
        return weight

    def __call__(self, inputs: Tensor, segments: Segments) -> Tensor:
        """Hidden states; positions that begin anew tell transformers where an example begins."""
        inner = self._model.get_base_model() if hasattr(self._model, "peft_config") else self._model
        body = getattr(inner, inner.base_model_prefix)
        found = body(input_ids=inputs, position_ids=segments.positions, use_cache=False)
        hidden: Tensor = found.last_hidden_state
        return hidden

    def train(self, mode: bool = True) -> Any:  # noqa: FBT001, FBT002 - torch's own signature
        """Switch dropout on or off."""
        self._model.train(mode)


def check_trainable(model: Any, name: str) -> None:
    """Refuse models whose logits are not simply their head times their hidden states.

    Raises:
        InputError: it is such a model.
    """
    config = model.config
    scale = getattr(config, "logits_scaling", None) or getattr(config, "logit_scale", None) or 1
    head = model.get_output_embeddings()
    has_bias = getattr(head, "bias", None) is not None
    if getattr(config, "final_logit_softcapping", None) or scale != 1 or has_bias or head is None:
        raise InputError(
            f"{name!r} is a {config.model_type} model, which changes its logits in a way that "
            "training here does not follow; choose a model of another family"
        )


def prepare(model: Any, name: str) -> Any:
    """The model with what is to be trained switched on: everything, or LoRA where it is large.

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
            f"{name!r} has {parameters / 1e6:,.0f} M parameters, too many to train all of them; "
            "its fine-tuning needs peft: install 'assist-server[train]'"
        ) from error
    config = LoraConfig(
        r=_LORA_RANK, lora_alpha=2 * _LORA_RANK, target_modules="all-linear", task_type="CAUSAL_LM"
    )
    return get_peft_model(model, config)


def merged(model: Any) -> Any:
    """The model with what was learned beside its weights put into them."""
    return model.merge_and_unload() if hasattr(model, "peft_config") else model
