"""Token healing: decoding that must begin with given bytes.

A cursor inside a word cuts a token in two, and models are not trained on prompts that end in half a
token. So the prompt is cut back to the token in which the word begins, and the completion is forced
to begin with the bytes that were cut off.

Source: Lundberg, "The Art of Prompt Design: Prompt Boundaries and Token Healing" (2023).
"""

import math
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

import torch


@dataclass(frozen=True)
class _Branch:
    """The tokens that share their first byte.

    They are sorted, so the tokens below a node of the trie are consecutive.
    """

    tokens: list[bytes]
    ids: torch.Tensor

    def starting_with(self, head: bytes, within: range) -> range:
        """Return the part of the range `within` whose tokens begin with `head`."""
        start = bisect_left(self.tokens, head, within.start, within.stop)
        length = len(head)
        stop = bisect_right(self.tokens, head, start, within.stop, key=lambda t: t[:length])
        return range(start, stop)


@dataclass(frozen=True)
class Matches:
    """The tokens that can follow where the text must continue with certain bytes."""

    partial: tuple[tuple[int, torch.Tensor], ...]
    """A number of bytes, fewer than all, and the ids of the tokens that are exactly these bytes."""
    covering: torch.Tensor
    """The ids of the tokens that begin with all of the bytes."""


class ByteTrie:
    """The tokens of a vocabulary by their bytes; a branch is sorted when first used."""

    def __init__(self, token_bytes: Sequence[bytes]) -> None:
        """Index a vocabulary: the bytes of each id, empty for tokens that never match."""
        self._token_bytes = token_bytes
        self._ids_by_first_byte = [array("q") for _ in range(256)]
        for token_id, token in enumerate(token_bytes):
            if token:
                self._ids_by_first_byte[token[0]].append(token_id)
        self._branches: dict[int, _Branch] = {}

    def bytes_of(self, token_id: int) -> bytes:
        """Return the bytes of a token; empty if it never matches."""
        return self._token_bytes[token_id] if token_id < len(self._token_bytes) else b""

    def matches(self, wanted: bytes) -> Matches:
        """Return the tokens that fit `wanted`, which is not empty."""
        branch = self._branch(wanted[0])
        below = range(len(branch.tokens))
        partial: list[tuple[int, torch.Tensor]] = []
        for length in range(1, len(wanted)):
            head = wanted[:length]
            below = branch.starting_with(head, below)
            if not below:
                break
            # Tokens equal to `head` sort first.
            end = bisect_right(branch.tokens, head, below.start, below.stop)
            if end > below.start:
                partial.append((length, branch.ids[below.start : end]))
        below = branch.starting_with(wanted, below)
        return Matches(tuple(partial), branch.ids[below.start : below.stop])

    def _branch(self, first_byte: int) -> _Branch:
        if first_byte not in self._branches:
            ids = sorted(self._ids_by_first_byte[first_byte], key=self._token_bytes.__getitem__)
            tokens = [self._token_bytes[token_id] for token_id in ids]
            self._branches[first_byte] = _Branch(tokens, torch.tensor(ids, dtype=torch.long))
        return self._branches[first_byte]


class ForcedText:
    """The bytes with which a completion must begin, and the position in them.

    Tokens that lead to a position without a next token are not allowed either. So it is known from
    the start whether the vocabulary can spell the bytes, which it can if it has every single byte.
    """

    def __init__(self, trie: ByteTrie, wanted: bytes) -> None:
        """Force `wanted`; if that is not possible, nothing is forced."""
        self._trie = trie
        self._wanted = wanted
        self._choices = _choices(trie, wanted)
        self._position = 0

    @property
    def is_possible(self) -> bool:
        """Return whether the vocabulary can spell the bytes; if not, all tokens are allowed."""
        return not self._wanted or bool(self._choices[0])

    @property
    def is_done(self) -> bool:
        """Return whether all tokens are allowed next."""
        return self._position >= len(self._wanted) or not self.is_possible

    def allowed_ids(self) -> torch.Tensor | None:
        """Return the ids [count] of the tokens allowed next; None for all."""
        return None if self.is_done else torch.cat(self._choices[self._position])

    def advance(self, token_id: int) -> None:
        """Advance by the next token.

        Raises:
            ValueError: the token is not allowed.
        """
        if self.is_done:
            return
        token, rest = self._trie.bytes_of(token_id), self._wanted[self._position :]
        after = self._position + min(len(token), len(rest))
        is_fitting = token and (rest.startswith(token) or token.startswith(rest))
        if not is_fitting or (after < len(self._wanted) and not self._choices[after]):
            raise ValueError(f"token {token_id} ({token!r}) does not continue with {rest!r}")
        self._position = after


def _choices(trie: ByteTrie, wanted: bytes) -> list[list[torch.Tensor]]:
    """Return the allowed tokens for each position in `wanted`; none at a dead end."""
    choices: list[list[torch.Tensor]] = [[] for _ in wanted]
    for position in reversed(range(len(wanted))):
        found = trie.matches(wanted[position:])
        choices[position] = [part for length, part in found.partial if choices[position + length]]
        if len(found.covering):
            choices[position].append(found.covering)
    return choices


def restrict(logits: torch.Tensor, allowed_ids: torch.Tensor | None) -> torch.Tensor:
    """Return logits [..., vocabulary] with minus infinity for tokens that are not allowed."""
    if allowed_ids is None:
        return logits
    ids = allowed_ids.to(logits.device)
    restricted = torch.full_like(logits, -math.inf)
    return restricted.index_copy_(-1, ids, logits.index_select(-1, ids))
