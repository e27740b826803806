"""KV caches of recent sequences, so that only the new tokens of a prompt are prefilled."""

from collections.abc import Sequence

import torch

from assist_server.engine.models.protocol import KvCache, LanguageModel

_MAX_SEQUENCES = 8
"""A limit for small models, for which the byte limit alone would allow hundreds."""

_FORK_TOKENS = 256
"""A kept sequence with more tokens than this after the shared ones is copied, not truncated."""


class TokenSequence:
    """Tokens and their KV cache.

    `ids` are exactly the tokens in the cache, rejected drafts included, so the cache can serve any
    prompt with a common beginning, and a generation may be closed at any step.
    """

    def __init__(self, cache: KvCache, ids: Sequence[int] = (), client: str = "") -> None:
        """Wrap a cache that holds `ids`; it belongs to a client, or to all if `client` is empty."""
        self.ids = list(ids)
        self.client = client
        self._cache = cache
        self.is_consistent = True
        """True while tokens and cache agree; False after an error during a pass."""

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def nbytes(self) -> int:
        """Return the size of the cache in bytes."""
        return self._cache.nbytes

    @property
    def truncatable_length(self) -> float:
        """Return the greatest length, in tokens, from which the sequence can still be truncated."""
        return self._cache.truncatable_length

    def extend(self, ids: Sequence[int], wanted: int = 1) -> torch.Tensor:
        """Append tokens; return the logits [wanted, vocabulary] after the last `wanted` of them."""
        self.is_consistent = False
        logits = self._cache.extend(ids, wanted)
        self.ids.extend(ids)
        self.is_consistent = True
        return logits

    def truncate(self, length: int) -> None:
        """Drop all but the first `length` tokens."""
        if length < len(self.ids):
            del self.ids[length:]
            self._cache.truncate(length)

    def fork(self, length: int) -> "TokenSequence":
        """Return a copy of the first `length` tokens."""
        return TokenSequence(self._cache.fork(length), self.ids[:length], self.client)


class PrefixCache:
    """The newest sequences within a limit of bytes; used on the model's thread only."""

    def __init__(self, model: LanguageModel, limit_bytes: int) -> None:
        self._model = model
        self._limit_bytes = limit_bytes
        self._kept: list[TokenSequence] = []  # the newest last

    @property
    def nbytes(self) -> int:
        """Return the size of all kept caches in bytes."""
        return sum(sequence.nbytes for sequence in self._kept)

    def take(self, prompt_ids: Sequence[int], client: str = "") -> TokenSequence:
        """Return a sequence with the longest beginning of the prompt that the client has kept.

        It is a kept sequence, truncated; a copy, if much would be cut off; or an empty one. It
        never holds the prompt's last token, whose logits are needed. The caller owns it and returns
        it with `put`.
        """
        best, shared = None, 0
        known_ids = list(prompt_ids[:-1])
        for sequence in reversed(self._kept):
            if sequence.client != client:
                continue  # response times would reveal what other clients have open
            length = shared_length(sequence.ids, known_ids)
            is_cut = length < len(sequence)
            if length > shared and not (is_cut and len(sequence) > sequence.truncatable_length):
                best, shared = sequence, length
        if best is None:
            return TokenSequence(self._model.new_cache(), client=client)
        if len(best) - shared > _FORK_TOKENS:
            return best.fork(shared)
        self._kept.remove(best)
        best.truncate(shared)
        return best

    def put(self, sequence: TokenSequence) -> None:
        """Keep a sequence, unless it is empty or inconsistent.

        The client's sequences that are a beginning of it are dropped, and so are the oldest above
        the limits.
        """
        if not (sequence.is_consistent and len(sequence)):
            return
        self._kept = [
            kept
            for kept in self._kept
            if kept.client != sequence.client or not _starts_with(sequence.ids, kept.ids)
        ]
        self._kept.append(sequence)
        while self.nbytes > self._limit_bytes or len(self._kept) > _MAX_SEQUENCES:
            del self._kept[0]

    def clear(self) -> None:
        """Drop all sequences."""
        self._kept.clear()


def shared_length(one: list[int], other: list[int]) -> int:
    """Return the number of first tokens that two sequences share."""
    low, high = 0, min(len(one), len(other))
    if one[:high] == other[:high]:
        return high
    while high - low > 1:  # comparing slices is far faster than comparing tokens in a loop
        middle = (low + high) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle
    return low


def _starts_with(ids: list[int], beginning: list[int]) -> bool:
    return len(beginning) <= len(ids) and ids[: len(beginning)] == beginning
