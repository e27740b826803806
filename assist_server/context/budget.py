"""The window: the text around the cursor that fits a number of tokens, and that rarely moves.

The prefix cache serves a prompt up to its first difference from an earlier one. So the window must
not move with every keystroke: in a long text, it begins at one of a few places, each determined
only by the text before it; and the tokens that one side leaves to the other are rounded to large
steps. No state is kept; the same text gives the same windows.
"""

from collections.abc import Callable, Iterator

Encode = Callable[[str], list[int]]

_MAX_CHARS_PER_TOKEN = 6
"""More than the average of any tokenizer on code."""

_SHARE_STEPS = 4
"""The prefix's demand is rounded up to a multiple of the total divided by this."""

_LINE_STEPS = 32
"""The tokens of the cursor's line are rounded up to a multiple of the window divided by this."""


def count_tokens(text: str, start: int, end: int, most: int, encode: Encode) -> int:
    """Return the number of tokens of `text[start:end]`, at most `most`.

    A text that is almost certainly longer is not encoded.
    """
    if end - start > most * _MAX_CHARS_PER_TOKEN:
        return most
    return min(most, len(encode(text[start:end])))


def share_tokens(
    total: int, wanted_prefix: int, wanted_suffix: int, share: float
) -> tuple[int, int]:
    """Return the limits for prefix and suffix; each may use what the other leaves.

    The demand of the prefix is rounded up to a quarter, a half and so on of the total, so that the
    suffix rarely becomes shorter while the prefix grows.

    Args:
        total: Tokens for both.
        wanted_prefix: Tokens that the whole prefix would take.
        wanted_suffix: Tokens that the whole suffix would take.
        share: Fraction of the total that the prefix gets when both demand more, 0 to 1.
    """
    rounded = _round_up(wanted_prefix, total // _SHARE_STEPS)
    reserved = min(rounded, max(round(total * share), total - wanted_suffix))
    suffix = min(wanted_suffix, total - reserved)
    return total - suffix, suffix


def prefix_start(text: str, end: int, max_tokens: int, encode: Encode) -> int:
    """Return the start of the part of `text[:end]` that is shown in at most `max_tokens`.

    It is a line start unless lines are very long, and it stays the same until `max_tokens` no
    longer suffice; then the window moves by a step, about a tenth of its length in code. If even
    the nearest start takes too many tokens, as in text of more tokens than characters, it is
    returned all the same.
    """
    if count_tokens(text, 0, end, max_tokens + 1, encode) <= max_tokens:
        return 0
    step = _power_of_two(max_tokens // 2)
    start = _line_start(text, end, step)
    # While a word is typed, its number of tokens varies; the window must not move with it.
    tokens = _round_up(len(encode(text[start:end])) + 1, max_tokens // _LINE_STEPS)
    for place in _places_before(text, start, step):
        tokens += len(encode(text[place:start]))
        if tokens > max_tokens:
            return start if start < end else place
        start = place
    return start


def suffix_end(text: str, start: int, max_tokens: int, encode: Encode) -> int:
    """Return the end of the part of `text[start:]` that is shown: the last line end that fits.

    It is inside a line only if a single line is too long.
    """
    if count_tokens(text, start, len(text), max_tokens + 1, encode) <= max_tokens:
        return len(text)
    end, step = start, _power_of_two(max_tokens * 4)
    while step and end < len(text):
        stop = _line_end(text, end, step)
        tokens = len(encode(text[end:stop]))
        if tokens <= max_tokens:
            end, max_tokens = stop, max_tokens - tokens
        else:
            step //= 2
    return end if end == len(text) else text.rfind("\n", start, end) + 1 or end


def freeze_point(text: str, start: int, end: int, max_tokens: int) -> int:
    """Return the offset up to which `text[start:end]` stays the same while text is typed at `end`.

    It is a line start if one is near. The rest is less than a quarter of a window of `max_tokens`.
    """
    step = _power_of_two(max_tokens // 8)
    offset = end - end % step if step else end
    return max(start, _line_start(text, offset, 2 * step))


def _places_before(text: str, end: int, step: int) -> Iterator[int]:
    """Yield where a window may begin, one place per `step` characters, the last one first."""
    for offset in range(end - end % step, -1, -step) if step else ():
        place = _line_start(text, offset, step)
        if place < end:
            yield place


def _line_start(text: str, offset: int, reach: int) -> int:
    """Return the last line start in the `reach` characters up to `offset`; else `offset` itself."""
    return text.rfind("\n", max(0, offset - reach), offset) + 1 or offset


def _line_end(text: str, offset: int, reach: int) -> int:
    """Return the last line end in the `reach` characters from `offset` on; else their end."""
    stop = offset + reach
    return len(text) if stop >= len(text) else text.rfind("\n", offset, stop) + 1 or stop


def _round_up(number: int, step: int) -> int:
    """Return the next multiple of `step`; the number itself for a step of 0."""
    return -(-number // step) * step if step else number


def _power_of_two(limit: int) -> int:
    """Return the largest power of two up to `limit`; 0 for less than 1."""
    return 1 << limit.bit_length() >> 1
