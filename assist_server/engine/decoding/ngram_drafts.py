"""N-gram speculative decoding: drafts without a model, which the model verifies in one pass.

A draft is the text after the last occurrence of the newest tokens in the prompt, or else in the
open documents. Sources: Saxena, "Prompt Lookup Decoding" (2023); Yang et al., "Inference with
Reference" (2023).
"""

import threading
from array import array
from collections.abc import Sequence
from typing import Protocol

import numpy as np

_LONGEST_NGRAM, _SHORTEST_NGRAM = 4, 2
_FIRST_DRAFT_TOKENS, LONGEST_DRAFT_TOKENS = 3, 12
_LONGEST_PAUSE = 16
_INDEXED_NGRAM, _INDEXED_ID_BITS = 3, 21
_END_OF_PART = (1 << _INDEXED_ID_BITS) - 1
_MAX_TEXTS = 4

_ID_BYTES = array("I").itemsize


class Drafter(Protocol):
    """A source of draft tokens for one generation."""

    def propose(self, room: int) -> list[int]:
        """Return at most `room` draft tokens, possibly none."""
        ...

    def update(self, ids: Sequence[int], accepted: int, proposed: int) -> None:
        """Append new tokens of the text; `accepted` of the `proposed` ones were among them."""
        ...


class MakeDrafter(Protocol):
    """A factory of drafters."""

    def __call__(self, prompt_ids: Sequence[int], client: str = "") -> Drafter:
        """Return a drafter for a prompt, which uses no other client's texts or caches."""
        ...


class DraftPace:
    """The length of the next draft: longer after accepted drafts, and rarer after rejected ones.

    A rejected draft costs a pass over more tokens than needed; text without repetition must not pay
    that at each token.
    """

    def __init__(self) -> None:
        self._tokens = _FIRST_DRAFT_TOKENS
        self._pause = self._pause_left = 0

    def next_tokens(self) -> int:
        """Return the greatest length of the next draft; 0 to skip it."""
        if self._pause_left:
            self._pause_left -= 1
            return 0
        return self._tokens

    @property
    def was_rejected(self) -> bool:
        """Return whether no token of the last draft was accepted."""
        return self._pause > 0

    def update(self, accepted: int, proposed: int) -> None:
        """Adapt to the result of a draft."""
        if accepted == proposed:
            self._tokens = min(2 * self._tokens, LONGEST_DRAFT_TOKENS)
        else:
            self._tokens = max(accepted, 1)
        self._pause = 0 if accepted else min(2 * self._pause + 1, _LONGEST_PAUSE)
        self._pause_left = self._pause


class NgramDrafter:
    """A `Drafter` that looks up the newest tokens in the text so far, and then in other texts.

    The shortest n-gram is looked up first: without a match there is no longer one, so text without
    repetition costs one search per token.
    """

    def __init__(self, prompt_ids: Sequence[int], others: Sequence["TextIndex"] = ()) -> None:
        """Draft from a prompt and its continuation, and then from other texts."""
        self._text = TokenText(prompt_ids)
        self._others = others
        self._pace = DraftPace()

    def propose(self, room: int) -> list[int]:
        """Return the tokens after the last occurrence of the newest ones; longer matches first."""
        tokens = min(room, self._pace.next_tokens())
        if tokens == 0:
            return []
        end = self._end_of_match()
        if end is not None:
            return self._text.following(end, tokens)
        newest = self._text.following(max(0, len(self._text) - _INDEXED_NGRAM), _INDEXED_NGRAM)
        found = (text.following(newest, tokens) for text in self._others)
        return next(filter(None, found), [])

    def update(self, ids: Sequence[int], accepted: int, proposed: int) -> None:
        """Append tokens, and adapt the draft length."""
        self._text.add(ids)
        if proposed:
            self._pace.update(accepted, proposed)

    def _end_of_match(self) -> int | None:
        """Return the end of the longest match, the last one among equals; None without a match."""
        end = None
        for size in range(_SHORTEST_NGRAM + self._pace.was_rejected, _LONGEST_NGRAM + 1):
            place = self._text.last_place(size)
            if place is None:
                break
            end = place + size
        return end


class TextIndex:
    """An index of the token trigrams of a text, which finds the last occurrence of each.

    Matches end with their part: the cursor is between two parts, and the text after it does not
    follow the text before it.

    Trigrams are packed into integers and sorted: a lookup takes microseconds in a text of any
    length, and numpy indexes thousands of lines in milliseconds.
    """

    def __init__(self, parts: Sequence[Sequence[int]]) -> None:
        joined = [token_id for part in parts for token_id in (*part, _END_OF_PART)]
        self._ids = np.array(joined, dtype=np.uint64)
        keys = _packed(self._ids)
        self._places = np.argsort(keys, kind="stable")
        self._keys = keys[self._places]

    def following(self, ngram: Sequence[int], count: int) -> list[int]:
        """Return at most `count` ids after the last occurrence of a trigram; none without one."""
        if len(ngram) < _INDEXED_NGRAM:
            return []
        key = _packed(np.array(ngram, dtype=np.uint64))[0]
        rank = int(np.searchsorted(self._keys, key, side="right")) - 1
        if rank < 0 or self._keys[rank] != key:
            return []
        end = int(self._places[rank]) + _INDEXED_NGRAM
        following: list[int] = self._ids[end : end + count].tolist()
        is_cut = _END_OF_PART in following
        return following[: following.index(_END_OF_PART)] if is_cut else following


def _packed(ids: "np.typing.NDArray[np.uint64]") -> "np.typing.NDArray[np.uint64]":
    """Pack each three consecutive ids into an integer; exact for up to two million ids."""
    bits = np.uint64(_INDEXED_ID_BITS)
    return ((ids[:-2] << bits | ids[1:-1]) << bits) | ids[2:]


class NgramDrafting:
    """A factory of drafters that share an index of recent texts.

    Texts are indexed on other threads during decoding.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._texts: dict[str, TextIndex] = {}  # never changed in place

    def learn(self, name: str, parts: Sequence[Sequence[int]]) -> None:
        """Index a text, in place of the last one of that name."""
        index = TextIndex(parts)
        with self._lock:
            others = {key: text for key, text in self._texts.items() if key != name}
            self._texts = dict([*others.items()][-(_MAX_TEXTS - 1) :]) | {name: index}

    def forget(self, name: str) -> None:
        """Remove a text from the index."""
        with self._lock:
            self._texts = {key: text for key, text in self._texts.items() if key != name}

    def __call__(self, prompt_ids: Sequence[int], client: str = "") -> NgramDrafter:
        """Return a drafter for one generation, which looks up the client's texts only."""
        own = [text for name, text in self._texts.items() if name.startswith(client)]
        return NgramDrafter(prompt_ids, own[::-1])


class TokenText:
    """A growing sequence of tokens, stored as bytes.

    The C library searches bytes: that takes microseconds for a prompt of thousands of tokens, with
    no index to build or update.
    """

    def __init__(self, ids: Sequence[int]) -> None:
        """Start with `ids`."""
        self._bytes = bytearray(array("I", ids).tobytes())

    def __len__(self) -> int:
        return len(self._bytes) // _ID_BYTES

    def add(self, ids: Sequence[int]) -> None:
        """Append tokens."""
        self._bytes += array("I", ids).tobytes()

    def following(self, place: int, count: int) -> list[int]:
        """Return at most `count` tokens from `place` on."""
        part = self._bytes[place * _ID_BYTES : (place + count) * _ID_BYTES]
        return array("I", part).tolist()

    def last_place(self, count: int) -> int | None:
        """Return the previous place of the newest `count` tokens; None if there is none."""
        ngram = self._bytes[-count * _ID_BYTES :]
        end = len(self._bytes) - _ID_BYTES
        while end > 0 and (start := self._bytes.rfind(ngram, 0, end)) >= 0:
            if start % _ID_BYTES == 0:
                return start // _ID_BYTES
            end = start + len(ngram) - 1
        return None
