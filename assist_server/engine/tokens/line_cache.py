"""Encoding text line by line, to the same ids as at once, so that lines can be remembered.

While one types, all of a prompt's text but one line is what it was before. Where a tokenizer parts
text at line ends before it looks for tokens, no token crosses them, and the lines that were encoded
before need not be encoded again. Most do it in one of two ways: GPT-2's rule keeps a line end with
the blanks behind it, Qwen's with the punctuation before it. Which one holds is tried out; a
tokenizer of another kind, such as SentencePiece's, gets its text in one piece.
"""

import string
from collections.abc import Callable, Iterator
from functools import lru_cache
from itertools import chain, product

Encode = Callable[[str], list[int]]
Cut = Callable[[str, int], int | None]
"""Where to cut a text near the line end at an index; None where it is not safe."""

_REMEMBERED_LINES = 16_384
_REMEMBERED_TEXTS = 16
_LONGEST_LINE = 512
"""In characters; longer lines, and texts that cannot be cut, are remembered in small numbers."""

_INK = "a0é" + string.punctuation
_FEW_INK = "a0)"
_BREAKS = ("\n ", "\n    ", "\n\t", "\r\n", "\n\n", "\n \n ", "  \n", " \r\n", "\r\n\r\n  ", "\t\n")
"""Some of everything that may stand around a line end."""


class LineEncoder:
    """Encodes texts and remembers the lines; may be used from any thread."""

    def __init__(self, encode: Encode, pre_tokenize: Callable[[str], list[str]] | None) -> None:
        """Wrap `encode`.

        Args:
            encode: Encodes a text in one piece.
            pre_tokenize: Parts a text where no token crosses; None if there is no such step.
        """
        self._cut = find_cut(pre_tokenize) if pre_tokenize else None
        self._of_line = lru_cache(_REMEMBERED_LINES)(lambda line, _client: tuple(encode(line)))
        self._of_long_text = lru_cache(_REMEMBERED_TEXTS)(lambda text, _client: tuple(encode(text)))

    def encode(self, text: str, client: str = "") -> list[int]:
        """Return the ids of `text`; what was encoded for another client makes it no faster."""
        ids: list[int] = []
        for piece in split_lines(text, self._cut) if self._cut else (text,):
            encoded = self._of_line if len(piece) <= _LONGEST_LINE else self._of_long_text
            ids.extend(encoded(piece, client))
        return ids


def cut_before_line_end(text: str, line_end: int) -> int | None:
    """In front of a line end that follows a visible character."""
    place = line_end - (text[line_end - 1 : line_end] == "\r")
    return place if "!" <= text[place - 1 : place] <= "~" else None


def cut_after_line_end(text: str, line_end: int) -> int | None:
    """Behind a line end that a visible character follows, though not at once."""
    place = ink = line_end + 1
    while text[ink : ink + 1] in {" ", "\t"}:
        ink += 1
    # Rules that keep line ends with the punctuation before them may count a "/" in.
    return place if "!" <= text[ink : ink + 1] <= "~" and text[ink] != "/" else None


def split_lines(text: str, cut: Cut) -> Iterator[str]:
    """The pieces of a text between its cuts; all of them make the text."""
    start = 0
    line_end = text.find("\n")
    while line_end >= 0:
        place = cut(text, line_end)
        if place is not None and place > start:
            yield text[start:place]
            start = place
        line_end = text.find("\n", line_end + 1)
    if start < len(text):
        yield text[start:]


def find_cut(pre_tokenize: Callable[[str], list[str]]) -> Cut | None:
    """The cut that a tokenizer's own parting of text allows; None for none of those known."""
    known = (cut_before_line_end, cut_after_line_end)
    return next((cut for cut in known if _holds(cut, pre_tokenize)), None)


def _holds(cut: Cut, pre_tokenize: Callable[[str], list[str]]) -> bool:
    """Whether a text and the pieces that a cut makes of it are parted alike."""
    breaks = chain(product(_INK, "\n", _INK), product(_FEW_INK, _BREAKS, _FEW_INK))
    text = " x".join(map("".join, breaks))
    pieces = [pre_tokenize(piece) for piece in split_lines(text, cut)]
    return len(pieces) > 1 and pre_tokenize(text) == [part for piece in pieces for part in piece]
