"""The interface of models for decoding: tokens in, logits out, and a KV cache to truncate."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import torch


class KvCache(Protocol):
    """The keys and values of one sequence of tokens; used by one thread at a time."""

    @property
    def length(self) -> int:
        """Return the number of tokens."""
        ...

    @property
    def nbytes(self) -> int:
        """Return the size in bytes of the memory in use."""
        ...

    def extend(self, ids: Sequence[int], wanted: int) -> torch.Tensor:
        """Append tokens; return the logits [wanted, vocabulary] after the last `wanted` of them.

        After an error the content is undefined.
        """
        ...

    def truncate(self, length: int) -> None:
        """Drop all but the first `length` tokens."""
        ...

    def fork(self, length: int) -> "KvCache":
        """Return a copy of the first `length` tokens."""
        ...


@dataclass(frozen=True)
class Checkpoint:
    """A copy of a recurrent state."""

    state: Any
    nbytes: int


@runtime_checkable
class RecurrentCache(KvCache, Protocol):
    """A cache with a recurrent state, in which tokens cannot be told apart, let alone dropped.

    After `truncate` and `fork` to a length above 0, the state must be restored from a checkpoint
    that was made at that length.
    """

    def checkpoint(self) -> Checkpoint:
        """Return a copy of the state."""
        ...

    def restore(self, checkpoint: Checkpoint) -> None:
        """Set the state; the checkpoint can be used again."""
        ...


class LanguageModel(Protocol):
    """A causal language model in memory."""

    @property
    def device(self) -> torch.device:
        """Return the device of the logits."""
        ...

    def new_cache(self) -> KvCache:
        """Return the cache of an empty sequence."""
        ...
