"""Guessing the next tokens without the model; the model checks several guesses in one pass.

Text repeats itself: the guess is what followed the last time that the newest tokens stood in the
prompt, or else in the open documents. Source: Saxena, "Prompt Lookup Decoding" (2023); Yang et al.,
"Inference with Reference" (2023).
"""

import threading
from array import array
from collections.abc import Sequence
from typing import Protocol

import numpy as np

_LONGEST_NGRAM, _SHORTEST_NGRAM = 4, 2
_FIRST_DRAFT_TOKENS, LONGEST_DRAFT_TOKENS = 3, 12
_LONGEST_REST = 16
_INDEXED_NGRAM, _INDEXED_ID_BITS = 3, 21
_END_OF_PART = (1 << _INDEXED_ID_BITS) - 1
_MOST_TEXTS = 4

_ID_BYTES = array("I").itemsize


class Drafter(Protocol):
    """Proposes tokens that may follow; told what really followed."""

    def propose(self, room: int) -> list[int]:
        """At most `room` tokens that may come next; none where nothing is known."""
        ...

    def tell(self, ids: Sequence[int], accepted: int, proposed: int) -> None:
        """New tokens of the text, and how many of the last proposal were among them."""
        ...


class MakeDrafter(Protocol):
    """Makes the drafter of one generation."""

    def __call__(self, prompt_ids: Sequence[int], client: str = "") -> Drafter:
        """A drafter for a prompt, which profits from nothing that is another client's."""
        ...


class DraftPace:
    """How many tokens to guess: further while guesses are right, and ever less often while not.

    A wrong guess costs a pass over more tokens than needed; text that does not repeat itself must
    not pay for that at each token.
    """

    def __init__(self) -> None:
        self._tokens = _FIRST_DRAFT_TOKENS
        self._rest = self._rest_left = 0

    def next_tokens(self) -> int:
        """How long the next draft may be; 0 while nothing should be guessed."""
        if self._rest_left:
            self._rest_left -= 1
            return 0
        return self._tokens

    @property
    def was_wrong(self) -> bool:
        """Whether nothing of the last draft was right."""
        return self._rest > 0

    def told(self, accepted: int, proposed: int) -> None:
        """Learn from a draft."""
        if accepted == proposed:
            self._tokens = min(2 * self._tokens, LONGEST_DRAFT_TOKENS)
        else:
            self._tokens = max(accepted, 1)
        self._rest = 0 if accepted else min(2 * self._rest + 1, _LONGEST_REST)
        self._rest_left = self._rest


class NgramDrafter:
    """Looks up the newest tokens in the prompt and in the text generated so far.

    The shortest match is looked for first: without it there are no longer ones, and text that does
    not repeat itself pays for one search a token.
    """

    def __init__(self, prompt_ids: Sequence[int], others: Sequence["TextIndex"] = ()) -> None:
        """Look up in a prompt, and then in other texts."""
        self._text = TokenText(prompt_ids)
        self._others = others
        self._pace = DraftPace()

    def propose(self, room: int) -> list[int]:
        """What followed the newest tokens the last time; longer matches go first."""
        tokens = min(room, self._pace.next_tokens())
        if tokens == 0:
            return []
        end = self._end_of_match()
        if end is not None:
            return self._text.following(end, tokens)
        newest = self._text.following(max(0, len(self._text) - _INDEXED_NGRAM), _INDEXED_NGRAM)
        found = (text.following(newest, tokens) for text in self._others)
        return next(filter(None, found), [])

    def tell(self, ids: Sequence[int], accepted: int, proposed: int) -> None:
        """Take in tokens, and adapt the pace."""
        self._text.add(ids)
        if proposed:
            self._pace.told(accepted, proposed)

    def _end_of_match(self) -> int | None:
        """The place behind the longest match, and of several as long ones the last."""
        end = None
        for size in range(_SHORTEST_NGRAM + self._pace.was_wrong, _LONGEST_NGRAM + 1):
            place = self._text.last_place(size)
            if place is None:
                break
            end = place + size
        return end


class TextIndex:
    """The tokens of a text in parts, and where each three of them stood last.

    Nothing leads from one part to the next: the cursor is between them, and what stands behind it
    is not what comes next.

    Three ids are packed into one number and sorted: to look one up takes microseconds in a text of
    any length, and numpy makes the index of thousands of lines in some milliseconds.
    """

    def __init__(self, parts: Sequence[Sequence[int]]) -> None:
        joined = [token_id for part in parts for token_id in (*part, _END_OF_PART)]
        self._ids = np.array(joined, dtype=np.uint64)
        keys = _packed(self._ids)
        self._places = np.argsort(keys, kind="stable")
        self._keys = keys[self._places]

    def following(self, ngram: Sequence[int], count: int) -> list[int]:
        """At most `count` ids behind the last place of three ids; none where they never stood."""
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
    """A number for each three ids in a row; exact for vocabularies of up to two million."""
    bits = np.uint64(_INDEXED_ID_BITS)
    return ((ids[:-2] << bits | ids[1:-1]) << bits) | ids[2:]


class NgramDrafting:
    """Makes drafters that look up in the texts last learned, beside their prompt.

    Texts are learned on other threads while one decodes.
    """

    def __init__(self) -> None:
        self._changing = threading.Lock()
        self._texts: dict[str, TextIndex] = {}  # never changed in place

    def learn(self, name: str, parts: Sequence[Sequence[int]]) -> None:
        """Look up in a text from now on, and no more in the last one of that name."""
        index = TextIndex(parts)
        with self._changing:
            others = {key: text for key, text in self._texts.items() if key != name}
            self._texts = dict([*others.items()][-(_MOST_TEXTS - 1) :]) | {name: index}

    def forget(self, name: str) -> None:
        """Look up in a text no more."""
        with self._changing:
            self._texts = {key: text for key, text in self._texts.items() if key != name}

    def __call__(self, prompt_ids: Sequence[int], client: str = "") -> NgramDrafter:
        """A drafter for one generation, which looks up in a client's own texts."""
        own = [text for name, text in self._texts.items() if name.startswith(client)]
        return NgramDrafter(prompt_ids, own[::-1])


class TokenText:
    """Tokens, kept as bytes.

    Searching bytes is done by the C library: some microseconds for a prompt of thousands of tokens,
    with no index to build or update.
    """

    def __init__(self, ids: Sequence[int]) -> None:
        """Begin with some tokens."""
        self._bytes = bytearray(array("I", ids).tobytes())

    def __len__(self) -> int:
        return len(self._bytes) // _ID_BYTES

    def add(self, ids: Sequence[int]) -> None:
        """Take in tokens at the end."""
        self._bytes += array("I", ids).tobytes()

    def following(self, place: int, count: int) -> list[int]:
        """At most `count` tokens from a place on."""
        part = self._bytes[place * _ID_BYTES : (place + count) * _ID_BYTES]
        return array("I", part).tolist()

    def last_place(self, count: int) -> int | None:
        """Where the newest `count` tokens stood the last time before; None where they did not."""
        ngram = self._bytes[-count * _ID_BYTES :]
        end = len(self._bytes) - _ID_BYTES
        while end > 0 and (start := self._bytes.rfind(ngram, 0, end)) >= 0:
            if start % _ID_BYTES == 0:
                return start // _ID_BYTES
            end = start + len(ngram) - 1
        return None
