"""The models that can be trained from nothing, by name."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from assist_server.errors import InputError
from assist_server.training.schedule import Budget


@dataclass(frozen=True)
class Rates:
    """How fast is learned, and how much is forgotten."""

    adamw: float
    muon: float | None = None
    """For matrices within layers; None where AdamW learns them as well."""
    weight_decay: float = 0.1
    dropout: float = 0.0
    warmup_steps: int = 50

    def continued(self) -> "Rates":
        """For weights that are good already: they are not to be thrown far."""
        muon = None if self.muon is None else self.muon / 2
        return replace(self, adamw=self.adamw / 2, muon=muon, warmup_steps=10)


@dataclass(frozen=True)
class Size:
    """A shape, and the way in which it is trained."""

    name: str
    vocabulary: int
    hidden: int
    layers: int
    heads: int
    kv_heads: int
    feed_forward: int
    norms_heads: bool
    context_tokens: int
    batch_windows: int
    micro_windows: int
    """Windows in one pass without CUDA; a batch is as many passes as it takes."""
    rates: Rates
    budget: Budget
    head_size: int = 64


_ALL = (
    # To try the command out, and for tests.
    Size(
        "toy", vocabulary=512, hidden=64, layers=2, heads=2, kv_heads=1, feed_forward=160,
        norms_heads=False, context_tokens=256, batch_windows=8, micro_windows=8,
        rates=Rates(adamw=0.01, muon=0.02, warmup_steps=5), budget=Budget(tokens=200_000),
        head_size=32,
    ),
    # 14 M parameters: what two CPU cores train in some hours and run while one types.
    Size(
        "small", vocabulary=8192, hidden=384, layers=7, heads=6, kv_heads=2, feed_forward=1024,
        norms_heads=False, context_tokens=1024, batch_windows=16, micro_windows=4,
        rates=Rates(adamw=0.003, muon=0.02), budget=Budget(seconds=6 * 3600),
    ),
    # 33 M parameters, for a GPU.
    Size(
        "base", vocabulary=8192, hidden=448, layers=14, heads=7, kv_heads=1, feed_forward=1216,
        norms_heads=True, context_tokens=2048, batch_windows=128, micro_windows=8,
        rates=Rates(adamw=0.003, muon=0.02, warmup_steps=80),
        budget=Budget(tokens=1_000_000_000),
    ),
)  # fmt: skip
SIZES: Mapping[str, Size] = MappingProxyType({size.name: size for size in _ALL})


def find_size(name: str) -> Size:
    """The size of a name.

    Raises:
        InputError: there is none.
    """
    if name not in SIZES:
        raise InputError(f"--size {name!r} is not known; choose one of {', '.join(SIZES)}")
    return SIZES[name]
