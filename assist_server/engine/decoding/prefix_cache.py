"""KV caches of recent sequences, so that only the new tokens of a prompt are prefilled."""

from collections.abc import Sequence

import torch

from assist_server.engine.decoding.checkpoints import Checkpoints
from assist_server.engine.models.protocol import KvCache, LanguageModel, RecurrentCache

_MAX_SEQUENCES = 8
"""A limit for small models, for which the byte limit alone would allow hundreds."""

_FORK_TOKENS = 256
"""A kept sequence with more tokens than this after the shared ones is copied, not truncated."""

_CHECKPOINTS_PART = 4
"""The part of the limit of bytes that the checkpoints of one sequence may take."""


class TokenSequence:
    """Tokens and their KV cache.

    `ids` are exactly the tokens in the cache, rejected drafts included, so the cache can serve any
    prompt with a common beginning, and a generation may be closed at any step.
    """

    def __init__(
        self, cache: KvCache, ids: Sequence[int] = (), client: str = "", checkpoint_bytes: int = 0
    ) -> None:
        """Wrap a cache that holds `ids`; it belongs to a client, or to all if `client` is empty.

        The checkpoints of a recurrent state take at most `checkpoint_bytes`.
        """
        self.ids = list(ids)
        self.client = client
        self._cache = cache
        self._recurrent = cache if isinstance(cache, RecurrentCache) else None
        self._checkpoints = Checkpoints(checkpoint_bytes)
        self.is_consistent = True
        """True while tokens and cache agree; False after an error during a pass."""

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def nbytes(self) -> int:
        """Return the size of the cache and its checkpoints in bytes."""
        return self._cache.nbytes + self._checkpoints.nbytes

    @property
    def is_recurrent(self) -> bool:
        """Return whether the sequence can be truncated to its checkpoints only."""
        return self._recurrent is not None

    def reachable_length(self, length: int) -> int:
        """Return the greatest length up to `length` to which the sequence can be truncated."""
        if self._recurrent is None or length >= len(self.ids):
            return min(length, len(self.ids))
        return self._checkpoints.last_length(length)

    def save_checkpoint(self, *, before_draft: bool = False) -> None:
        """Make the present length reachable; one before a draft, until the next draft."""
        if self._recurrent is not None and self._checkpoints.at(len(self)) is None:
            self._checkpoints.add(
                len(self), self._recurrent.checkpoint(), before_draft=before_draft
            )

    def extend(self, ids: Sequence[int], wanted: int = 1) -> torch.Tensor:
        """Append tokens; return the logits [wanted, vocabulary] after the last `wanted` of them."""
        self.is_consistent = False
        logits = self._cache.extend(ids, wanted)
        self.ids.extend(ids)
        self.is_consistent = True
        return logits

    def truncate(self, length: int) -> list[int]:
        """Drop all but the first `length` tokens, and more if that length cannot be reached.

        Return the tokens of the first `length` that were dropped, for the caller to append again.
        """
        if length >= len(self.ids):
            return []
        reached = self.reachable_length(length)
        missing = self.ids[reached:length]
        del self.ids[reached:]
        self._cache.truncate(reached)
        self._checkpoints.truncate(reached)
        self._restore()
        return missing

    def fork(self, length: int) -> "TokenSequence":
        """Return a copy of the first `length` tokens, a length that can be reached."""
        other = TokenSequence(self._cache.fork(length), self.ids[:length], self.client)
        other._checkpoints = self._checkpoints.fork(length)
        other._restore()
        return other

    def _restore(self) -> None:
        """Set the recurrent state after a truncation; that of an empty sequence needs nothing."""
        checkpoint = self._checkpoints.at(len(self))
        if self._recurrent is not None and checkpoint is not None:
            self._recurrent.restore(checkpoint)


class PrefixCache:
    """The newest sequences within a limit of bytes; used on the model's thread only."""

    def __init__(self, model: LanguageModel, limit_bytes: int) -> None:
        self._model = model
        self.limit_bytes = limit_bytes
        self._kept: list[TokenSequence] = []  # the newest last

    @property
    def nbytes(self) -> int:
        """Return the size of all kept caches in bytes."""
        return sum(sequence.nbytes for sequence in self._kept)

    def take(self, prompt_ids: Sequence[int], client: str = "") -> TokenSequence:
        """Return a sequence with the longest beginning of the prompt that the client has kept.

        It is a kept sequence, truncated; a copy, if much would be cut off; or an empty one. A
        sequence with a recurrent state is used up to a checkpoint. It never holds the prompt's last
        token, whose logits are needed. The caller owns it and returns it with `put`.
        """
        best, shared = None, 0
        known_ids = list(prompt_ids[:-1])
        for sequence in reversed(self._kept):
            if sequence.client != client:
                continue  # response times would reveal what other clients have open
            length = sequence.reachable_length(shared_length(sequence.ids, known_ids))
            if length > shared:
                best, shared = sequence, length
        if best is None:
            checkpoint_bytes = self.limit_bytes // _CHECKPOINTS_PART
            return TokenSequence(self._model.new_cache(), (), client, checkpoint_bytes)
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
        while self.nbytes > self.limit_bytes or len(self._kept) > _MAX_SEQUENCES:
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
