"""Shapes of networks, training configurations, and the sizes to train from scratch."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from assist_server.errors import InputError
from assist_server.training.loop.schedule import Budget


@dataclass(frozen=True)
class Shape:
    """The shape of a network: Llama's, Qwen2's (with biases) or Qwen3's (with head norms)."""

    vocabulary: int
    hidden: int
    layers: int
    heads: int
    kv_heads: int
    head_size: int
    feed_forward: int
    norms_heads: bool = False
    """Whether queries and keys are normalized, as in Qwen3."""
    has_biases: bool = False
    """Whether queries, keys and values have biases, as in Qwen2."""
    is_tied: bool = True
    """Whether embedding and head share a weight."""
    norm_eps: float = 1e-6
    rope_theta: float = 10_000.0

    def parameters(self) -> int:
        """Return the number of parameters."""
        heads = self.heads + 2 * self.kv_heads
        attention = self.hidden * self.head_size * (heads + self.heads)
        biases = heads * self.head_size * self.has_biases
        norms = 2 * self.hidden + 2 * self.head_size * self.norms_heads
        layer = attention + biases + 3 * self.hidden * self.feed_forward + norms
        vocabulary = self.vocabulary * self.hidden * (1 if self.is_tied else 2)
        return vocabulary + self.layers * layer + self.hidden


@dataclass(frozen=True)
class Rates:
    """Learning rates and regularization."""

    adamw: float
    muon: float | None = None
    """The rate for matrices in layers; None to use AdamW for them, too."""
    weight_decay: float = 0.1
    dropout: float = 0.0
    warmup_steps: int = 50


@dataclass(frozen=True)
class TrainingConfig:
    """The configuration of a training run."""

    context_tokens: int
    """Length of a training window; a model may support more positions."""
    batch_windows: int
    micro_windows: int
    """Windows in one pass without CUDA; a batch may take several passes."""
    rates: Rates
    budget: Budget


@dataclass(frozen=True)
class Size:
    """A shape and its training configuration."""

    name: str
    shape: Shape
    training: TrainingConfig


_ALL = (
    # For trials and tests.
    Size(
        "toy",
        Shape(512, hidden=64, layers=2, heads=2, kv_heads=1, head_size=32, feed_forward=160),
        TrainingConfig(
            context_tokens=256, batch_windows=8, micro_windows=8,
            rates=Rates(adamw=0.01, muon=0.02, warmup_steps=5), budget=Budget(tokens=200_000),
        ),
    ),
    # 14 M parameters: two CPU cores can train it in some hours, and run it during typing.
    Size(
        "small",
        Shape(8192, hidden=384, layers=7, heads=6, kv_heads=2, head_size=64, feed_forward=1024),
        TrainingConfig(
            context_tokens=1024, batch_windows=16, micro_windows=4,
            rates=Rates(adamw=0.003, muon=0.02), budget=Budget(seconds=6 * 3600),
        ),
    ),
    # 33 M parameters, for a GPU.
    Size(
        "base",
        Shape(
            8192, hidden=448, layers=14, heads=7, kv_heads=1, head_size=64, feed_forward=1216,
            norms_heads=True,
        ),
        TrainingConfig(
            context_tokens=2048, batch_windows=128, micro_windows=8,
            rates=Rates(adamw=0.003, muon=0.02, warmup_steps=80),
            budget=Budget(tokens=1_000_000_000),
        ),
    ),
)  # fmt: skip
SIZES: Mapping[str, Size] = MappingProxyType({size.name: size for size in _ALL})

_CONTINUED: Mapping[str, TrainingConfig] = MappingProxyType({
    # Short windows have more holes for the same arithmetic, the bottleneck of a CPU.
    "cpu": TrainingConfig(
        context_tokens=512, batch_windows=8, micro_windows=2,
        rates=Rates(adamw=2e-4, weight_decay=0.05, warmup_steps=20),
        budget=Budget(seconds=6 * 3600),
    ),
    "cuda": TrainingConfig(
        context_tokens=2048, batch_windows=64, micro_windows=4,
        rates=Rates(adamw=1e-3, weight_decay=0.05, warmup_steps=80),
        budget=Budget(tokens=300_000_000),
    ),
})  # fmt: skip


def find_size(name: str) -> Size:
    """Return the size called `name`.

    Raises:
        InputError: there is none.
    """
    if name not in SIZES:
        raise InputError(f"--size {name!r} is not known; choose one of {', '.join(SIZES)}")
    return SIZES[name]


def continued_training(device: str, context_tokens: int) -> TrainingConfig:
    """Return the configuration to train existing weights further, with low rates.

    Args:
        device: `cuda`, or any other one, which is treated like a CPU.
        context_tokens: Positions that the model supports; windows are never longer.
    """
    training = _CONTINUED.get(device, _CONTINUED["cpu"])
    return replace(training, context_tokens=min(training.context_tokens, context_tokens))
