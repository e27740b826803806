"""The interface of models for decoding: tokens in, logits out, and a KV cache to truncate."""

from collections.abc import Sequence
from typing import Protocol

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

    @property
    def truncatable_length(self) -> float:
        """Return the greatest length, in tokens, from which `truncate` still works.

        A sliding window that has moved past its first tokens has lost them.
        """
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


class LanguageModel(Protocol):
    """A causal language model in memory."""

    @property
    def device(self) -> torch.device:
        """Return the device of the logits."""
        ...

    def new_cache(self) -> KvCache:
        """Return the cache of an empty sequence."""
        ...
