"""Sharing a number of tokens between the text before and behind the cursor."""

from collections.abc import Callable

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
    ids = encode(text[start:])
    while len(ids) > max_tokens:
        # Drop the surplus, and a little more so that few rounds are needed, up to a line start.
        surplus = (len(text) - start) * (len(ids) - max_tokens) // len(ids) + 1
        line_start = text.find("\n", start + surplus) + 1
        if not line_start or line_start >= len(text):
            return ids[-max_tokens:]  # one very long line
        start = line_start
        ids = encode(text[start:])
    return ids


def fit_suffix(text: str, max_tokens: int, encode: Encode) -> list[int]:
    """Ids of the beginning of `text`, at most `max_tokens`; ends at a line end where possible."""
    if max_tokens <= 0:
        return []
    end = min(len(text), max_tokens * _FIRST_GUESS_CHARS_PER_TOKEN)
    ids = encode(text[:end])
    while len(ids) > max_tokens:
        surplus = end * (len(ids) - max_tokens) // len(ids) + 1
        line_end = text.rfind("\n", 0, max(0, end - surplus)) + 1
        if not line_end:
            return ids[:max_tokens]
        end = line_end
        ids = encode(text[:end])
    return ids
