"""Encoding text line by line, with a cache of lines and the same ids as encoding it at once.

During typing, all of a prompt's text but one line stays the same. If a tokenizer's pre-tokenization
splits text at line ends, no token crosses them, and lines can be encoded separately. Most
tokenizers split in one of two ways: GPT-2's rule keeps a line end with the blanks after it, Qwen's
with the punctuation before it. The right one is found by trial; other tokenizers, such as
SentencePiece's, get the text in one piece.
"""

import string
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from itertools import chain, product

Encode = Callable[[str], list[int]]
Cut = Callable[[str, int], int | None]
"""Returns where to cut a text near the line end at an index; None if it is not safe."""
SplitEach = Callable[[list[str]], Sequence[object]]
"""Splits each text on its own and joins the results: by pre-tokenization, or into tokens."""

_CACHED_LINES = 16_384
_CACHED_TEXTS = 16
_LONGEST_LINE = 512
"""Length in characters; longer lines, and texts that cannot be cut, have a smaller cache."""

_VISIBLE = "a0é" + string.punctuation
_SOME_VISIBLE = "a0)"
_BREAKS = ("\n ", "\n    ", "\n\t", "\r\n", "\n\n", "\n \n ", "  \n", " \r\n", "\r\n\r\n  ", "\t\n")
"""Samples of white space around a line end."""


class LineEncoder:
    """Encoding with a cache of lines; callable from any thread."""

    def __init__(self, encode: Encode, pre_tokenize: Callable[[str], list[str]] | None) -> None:
        """Wrap `encode`.

        Args:
            encode: Encodes a text in one piece.
            pre_tokenize: Splits a text into pieces that no token crosses; None if there is no such
                step.
        """
        self._cut = find_cut(_each(pre_tokenize)) if pre_tokenize else None
        self._of_line = lru_cache(_CACHED_LINES)(lambda line, _client: tuple(encode(line)))
        self._of_long_text = lru_cache(_CACHED_TEXTS)(lambda text, _client: tuple(encode(text)))

    def encode(self, text: str, client: str = "") -> list[int]:
        """Return the ids of `text`, with the cache of `client`."""
        ids: list[int] = []
        for piece in split_lines(text, self._cut) if self._cut else (text,):
            encoded = self._of_line if len(piece) <= _LONGEST_LINE else self._of_long_text
            ids.extend(encoded(piece, client))
        return ids


def cut_before_line_end(text: str, line_end: int) -> int | None:
    """Return the place before a line end that follows a visible character."""
    place = line_end - (text[line_end - 1 : line_end] == "\r")
    return place if "!" <= text[place - 1 : place] <= "~" else None


def cut_after_line_end(text: str, line_end: int) -> int | None:
    """Return the place after a line end whose next character, blanks aside, is visible."""
    place = visible = line_end + 1
    while text[visible : visible + 1] in {" ", "\t"}:
        visible += 1
    # Rules that keep line ends with the punctuation before them may include a "/".
    return place if "!" <= text[visible : visible + 1] <= "~" and text[visible] != "/" else None


def split_lines(text: str, cut: Cut) -> Iterator[str]:
    """Yield the pieces of a text between its cuts, which join to the text."""
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


def _each(pre_tokenize: Callable[[str], list[str]]) -> SplitEach:
    return lambda texts: [piece for text in texts for piece in pre_tokenize(text)]


def find_cut(split_each: SplitEach) -> Cut | None:
    """Return the cut that a tokenizer allows; None if neither is safe."""
    known = (cut_before_line_end, cut_after_line_end)
    return next((cut for cut in known if _is_safe(cut, split_each)), None)


def _is_safe(cut: Cut, split_each: SplitEach) -> bool:
    """Return whether a text is split in the same way as its cut pieces."""
    breaks = chain(
        product(_VISIBLE, "\n", _VISIBLE), product(_SOME_VISIBLE, _BREAKS, _SOME_VISIBLE)
    )
    text = " x".join(map("".join, breaks))
    pieces = list(split_lines(text, cut))
    return len(pieces) > 1 and split_each([text]) == split_each(pieces)
