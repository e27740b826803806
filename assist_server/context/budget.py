"""Sharing a number of tokens between the text before and behind the cursor."""

from collections.abc import Callable, Sequence

Encode = Callable[[str], list[int]]

_FIRST_GUESS_CHARS_PER_TOKEN = 6
"""More than any tokenizer packs on code, so that one encoding usually shows enough."""


def share_tokens(
    total: int, wanted_before: int, wanted_behind: int, share: float
) -> tuple[int, int]:
    """Tokens for the prefix and for the suffix; what one side does not want goes to the other.

    Args:
        total: Tokens for both.
        wanted_before: Tokens that the whole prefix would take.
        wanted_behind: Tokens that the whole suffix would take.
        share: Part of the total that the prefix gets when both want more than there is, 0 to 1.
    """
    before = min(wanted_before, max(round(total * share), total - wanted_behind))
    return before, min(wanted_behind, total - before)


def fit_prefix(text: str, max_tokens: int, encode: Encode) -> list[int]:
    """Ids of the end of `text`, at most `max_tokens`; begins at a line start where possible."""
    if max_tokens <= 0:
        return []
    start = max(0, len(text) - max_tokens * _FIRST_GUESS_CHARS_PER_TOKEN)
    start = max(start, _line_start(text, start))
    ids = encode(text[start:])
    while len(ids) > max_tokens:
        surplus = _surplus_chars(len(text) - start, ids, max_tokens)
        line_start = _line_start(text, start + surplus)
        if line_start <= start:
            return ids[-max_tokens:]  # one very long line
        start = line_start
        ids = encode(text[start:])
    return ids


def fit_suffix(text: str, max_tokens: int, encode: Encode) -> list[int]:
    """Ids of the beginning of `text`, at most `max_tokens`; ends at a line end where possible."""
    if max_tokens <= 0:
        return []
    end = min(len(text), max_tokens * _FIRST_GUESS_CHARS_PER_TOKEN)
    end = min(end, _line_end(text, end))
    ids = encode(text[:end])
    while len(ids) > max_tokens:
        line_end = _line_end(text, end - _surplus_chars(end, ids, max_tokens))
        if line_end >= end:
            return ids[:max_tokens]
        end = line_end
        ids = encode(text[:end])
    return ids


def _surplus_chars(chars: int, ids: Sequence[int], max_tokens: int) -> int:
    """How many of the characters that gave `ids` are probably too many; at least one."""
    return max(1, chars * (len(ids) - max_tokens) // len(ids))


def _line_start(text: str, offset: int) -> int:
    """The first line start from `offset` on, else the last one; some text stands behind it."""
    if offset <= 0:
        return 0
    start = text.find("\n", offset - 1) + 1
    return start if 0 < start < len(text) else text.rfind("\n", 0, len(text) - 1) + 1


def _line_end(text: str, offset: int) -> int:
    """The last line end up to `offset`, else the first one; its newline is included."""
    if offset >= len(text):
        return len(text)
    return (text.rfind("\n", 0, max(0, offset)) + 1) or (text.find("\n") + 1) or len(text)
