"""Guessing the next tokens without the model; the model checks several guesses in one pass.

Text repeats itself: the guess is what followed the last time that the newest tokens stood in the
prompt. Source: Saxena, "Prompt Lookup Decoding" (2023); Yang et al., "Inference with Reference"
(2023).
"""

from array import array
from collections.abc import Sequence
from typing import Protocol

_LONGEST_NGRAM, _SHORTEST_NGRAM = 4, 2
_FIRST_DRAFT_TOKENS, _LONGEST_DRAFT_TOKENS = 3, 12
_ID_BYTES = array("I").itemsize


class Drafter(Protocol):
    """Proposes tokens that may follow; told what really followed."""

    def propose(self) -> list[int]:
        """Tokens that may come next; none where nothing is known."""
        ...

    def tell(self, ids: Sequence[int], accepted: int, proposed: int) -> None:
        """New tokens of the text, and how many of the last proposal were among them."""
        ...


class NgramDrafter:
    """Looks up the newest tokens in the prompt and in the text generated so far.

    Tokens are kept as bytes, because searching bytes is done by the C library: some microseconds
    for a prompt of thousands of tokens, with no index to build or update.
    """

    def __init__(self, prompt_ids: Sequence[int]) -> None:
        """Look up in a prompt."""
        self._text = array("I", prompt_ids).tobytes()
        self._draft_tokens = _FIRST_DRAFT_TOKENS

    def propose(self) -> list[int]:
        """What followed the newest tokens the last time; longer matches go first."""
        if self._draft_tokens == 0:
            return []
        for size in range(_LONGEST_NGRAM, _SHORTEST_NGRAM - 1, -1):
            end = self._find(self._text[-size * _ID_BYTES :])
            if end is not None:
                following = self._text[end : end + self._draft_tokens * _ID_BYTES]
                return array("I", following).tolist()
        return []

    def tell(self, ids: Sequence[int], accepted: int, proposed: int) -> None:
        """Take in tokens; guess further while guesses are right, and less after a wrong one."""
        self._text += array("I", ids).tobytes()
        if proposed == 0:
            return
        if accepted == proposed:
            self._draft_tokens = min(2 * self._draft_tokens, _LONGEST_DRAFT_TOKENS)
        else:
            self._draft_tokens = max(accepted, 1)

    def _find(self, ngram: bytes) -> int | None:
        """Offset behind the last earlier place of an n-gram, in bytes."""
        end = len(self._text) - _ID_BYTES
        while (start := self._text.rfind(ngram, 0, end)) >= 0:
            if start % _ID_BYTES == 0:
                return start + len(ngram)
            end = start + len(ngram) - 1
        return None
