"""Checkpoints of recurrent states, without which a sequence cannot be truncated.

A recurrent state (Mamba, gated delta rule, short convolution) has no tokens to drop: to go back, it
needs a copy from there. Copies are large, so they are made where the next prompts will probably
differ from this one: at the line starts before the cursor and before each control token, as a key
changes the text since the last of these.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from assist_server.engine.models.protocol import Checkpoint

_MAX_CHECKPOINTS = 32
"""A limit for small states, for which the byte limit alone would allow thousands."""

_LINE_STARTS_BEFORE_END = 2
"""With the last but one, the key that joins the last line to it has a checkpoint, too."""


@dataclass(frozen=True)
class LineStarts:
    """The tokens after which a line starts, in a vocabulary."""

    line_end_ids: frozenset[int] = frozenset()
    """Ids of the tokens with a line end."""
    control_ids: frozenset[int] = frozenset()
    """Ids of control tokens, after which a text starts."""

    @classmethod
    def of(cls, token_bytes: Sequence[bytes], control_ids: Iterable[int]) -> "LineStarts":
        """Return those of a vocabulary: the bytes of each id, and the control tokens."""
        line_end_ids = (i for i, spelled in enumerate(token_bytes) if b"\n" in spelled)
        return cls(frozenset(line_end_ids), frozenset(control_ids))

    def follows(self, token_id: int) -> bool:
        """Return whether a line starts after a token."""
        return token_id in self.line_end_ids or token_id in self.control_ids

    def checkpoint_lengths(self, ids: Sequence[int], start: int, max_gap: int) -> Iterator[int]:
        """Yield the lengths, above `start`, at which to interrupt the prefill of a prompt.

        The last token of `ids` is left for the pass that decodes. There are at most `max_gap`
        tokens between two lengths.
        """
        end = len(ids) - 1
        starts = [place for place in range(1, end + 1) if self.follows(ids[place - 1])]
        wanted = set(starts[-_LINE_STARTS_BEFORE_END:])
        for place, token_id in enumerate(ids):
            before = bisect_right(starts, place)
            if token_id in self.control_ids and before:
                wanted.add(starts[before - 1])
        for target in (*sorted(length for length in wanted if length > start), end):
            while target - start > max_gap:
                last = bisect_right(starts, start + max_gap) - 1
                is_near = last >= 0 and starts[last] > start
                start = starts[last] if is_near else start + max_gap
                yield start
            if start < target < end:
                yield target
                start = target


class Checkpoints:
    """The checkpoints of one sequence by its length in tokens, within limits of count and bytes."""

    def __init__(self, limit_bytes: int) -> None:
        self._limit_bytes = limit_bytes
        self._kept: dict[int, Checkpoint] = {}  # ascending lengths
        self._draft_start = -1

    @property
    def nbytes(self) -> int:
        """Return the size in bytes."""
        return sum(checkpoint.nbytes for checkpoint in self._kept.values())

    def at(self, length: int) -> Checkpoint | None:
        """Return the checkpoint at a length; None if there is none."""
        return self._kept.get(length)

    def last_length(self, limit: int) -> int:
        """Return the greatest length up to `limit` that has a checkpoint; 0 if there is none."""
        return max((length for length in self._kept if length <= limit), default=0)

    def add(self, length: int, checkpoint: Checkpoint, *, before_draft: bool = False) -> None:
        """Keep a checkpoint at a length above all others.

        The least useful ones are dropped while there are too many; the new one stays. One before a
        draft stays until the next draft.
        """
        if before_draft:
            self._kept.pop(self._draft_start, None)
            self._draft_start = length
        self._kept[length] = checkpoint
        while len(self._kept) > 1 and (
            len(self._kept) > _MAX_CHECKPOINTS or self.nbytes > self._limit_bytes
        ):
            del self._kept[least_useful(list(self._kept))]

    def truncate(self, length: int) -> None:
        """Drop those above a length."""
        self._kept = {known: kept for known, kept in self._kept.items() if known <= length}

    def fork(self, length: int) -> "Checkpoints":
        """Return those up to a length, which are shared, as they never change."""
        other = Checkpoints(self._limit_bytes)
        other._kept = dict(self._kept)
        other.truncate(length)
        return other


def least_useful(lengths: Sequence[int]) -> int:
    """Return the length, of at least two, that is missed least, but never the last one.

    Gaps may grow with the distance from the end, as most prompts differ near it.
    """
    bounds = [0, *lengths]
    end = lengths[-1]

    def relative_gap(place: int) -> float:
        return (bounds[place + 1] - bounds[place - 1]) / (end - bounds[place - 1])

    return bounds[min(range(1, len(lengths)), key=relative_gap)]
