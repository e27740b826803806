"""What decoding needs of a model: tokens in, logits out, and a KV cache that can be taken back."""

from collections.abc import Sequence
from typing import Protocol

import torch


class KvCache(Protocol):
    """The keys and values of one sequence of tokens; used by one thread at a time."""

    @property
    def length(self) -> int:
        """Tokens in it."""
        ...

    @property
    def nbytes(self) -> int:
        """Bytes of memory that it holds."""
        ...

    @property
    def rewind_limit(self) -> float:
        """Longest length, in tokens, at which `truncate` can still keep a part.

        A window that has slid over its first tokens has forgotten them.
        """
        ...

    def extend(self, ids: Sequence[int], wanted: int) -> torch.Tensor:
        """Append tokens; the logits [wanted, vocabulary] behind the last `wanted` of them.

        After an error its content is undefined.
        """
        ...

    def truncate(self, length: int) -> None:
        """Forget all but the first `length` tokens."""
        ...

    def fork(self, length: int) -> "KvCache":
        """A copy of the first `length` tokens."""
        ...


class LanguageModel(Protocol):
    """A causal language model in memory."""

    @property
    def device(self) -> torch.device:
        """Where its logits are."""
        ...

    def new_cache(self) -> KvCache:
        """An empty sequence."""
        ...
