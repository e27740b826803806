"""KV caches of recent sequences, so that a prompt costs only what is new in it."""

from collections.abc import Sequence

import torch

from assist_server.engine.models.protocol import KvCache, LanguageModel

_MOST_SEQUENCES = 8
"""More places than a person goes back to; small models would keep hundreds."""

_FORK_TOKENS = 256
"""A kept sequence that goes on for longer than this behind the shared part is copied, not cut."""


class TokenSequence:
    """Tokens and the KV cache that holds exactly them.

    Whatever the tokens are, drafts that were refused among them: as long as both agree, the cache
    is right for every prompt that begins alike. That is why a generation may be left at any step.
    """

    def __init__(self, cache: KvCache, ids: Sequence[int] = (), client: str = "") -> None:
        """A sequence whose first tokens are in the cache already; of one client, or of all."""
        self.ids = list(ids)
        self.client = client
        self._cache = cache
        self.is_consistent = True
        """Whether tokens and cache agree; an error in the middle of a pass ends that."""

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def nbytes(self) -> int:
        """Bytes of the cache."""
        return self._cache.nbytes

    @property
    def rewind_limit(self) -> float:
        """Longest length at which a part can still be kept alone."""
        return self._cache.rewind_limit

    def extend(self, ids: Sequence[int], wanted: int = 1) -> torch.Tensor:
        """Append tokens; the logits [wanted, vocabulary] behind the last of them."""
        self.is_consistent = False
        logits = self._cache.extend(ids, wanted)
        self.ids.extend(ids)
        self.is_consistent = True
        return logits

    def truncate(self, length: int) -> None:
        """Forget all but the first tokens."""
        if length < len(self.ids):
            del self.ids[length:]
            self._cache.truncate(length)

    def fork(self, length: int) -> "TokenSequence":
        """A copy of the first tokens."""
        return TokenSequence(self._cache.fork(length), self.ids[:length], self.client)


class PrefixCache:
    """Keeps the newest sequences within a limit of bytes; used by the model's thread only."""

    def __init__(self, model: LanguageModel, limit_bytes: int) -> None:
        self._model = model
        self._limit_bytes = limit_bytes
        self._kept: list[TokenSequence] = []  # the newest last

    @property
    def nbytes(self) -> int:
        """Bytes of all that is kept."""
        return sum(sequence.nbytes for sequence in self._kept)

    def take(self, prompt_ids: Sequence[int], client: str = "") -> TokenSequence:
        """A sequence that is as much of the prompt's beginning as any kept one of a client has.

        At least the prompt's last token is left out: it has to be read to go on. The sequence
        belongs to the caller, who gives it back with `put`.
        """
        best, shared = None, 0
        known_ids = list(prompt_ids[:-1])
        for sequence in reversed(self._kept):
            if sequence.client != client:
                continue  # how soon the answer comes would tell what others have open
            length = shared_length(sequence.ids, known_ids)
            is_cut = length < len(sequence)
            if length > shared and not (is_cut and len(sequence) > sequence.rewind_limit):
                best, shared = sequence, length
        if best is None:
            return TokenSequence(self._model.new_cache(), client=client)
        if len(best) - shared > _FORK_TOKENS:
            return best.fork(shared)
        self._kept.remove(best)
        best.truncate(shared)
        return best

    def put(self, sequence: TokenSequence) -> None:
        """Keep a sequence; the oldest make room for it."""
        if not (sequence.is_consistent and len(sequence)):
            return
        self._kept = [
            kept
            for kept in self._kept
            if kept.client != sequence.client or not _begins(sequence.ids, kept.ids)
        ]
        self._kept.append(sequence)
        while self.nbytes > self._limit_bytes or len(self._kept) > _MOST_SEQUENCES:
            del self._kept[0]

    def clear(self) -> None:
        """Free everything."""
        self._kept.clear()


def shared_length(one: list[int], other: list[int]) -> int:
    """How many first tokens two sequences have in common."""
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


def _begins(ids: list[int], beginning: list[int]) -> bool:
    return len(beginning) <= len(ids) and ids[: len(beginning)] == beginning
