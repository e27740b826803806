"""Which part of the text around a place is shown, within a number of tokens and steadily.

A model need not read again what a prompt has in common with the last one, from the beginning to the
first difference. So what is shown must not move while one types: a window over a long text begins
at one of few places, which depend on the text before them only, and what one side leaves to the
other is counted in large steps. Nothing is remembered; the same text gives the same windows.
"""

from collections.abc import Callable, Iterator

Encode = Callable[[str], list[int]]

_MOST_CHARS_PER_TOKEN = 6
"""More than any tokenizer packs on code, on average."""

_SHARE_STEPS = 4
"""In how many parts of the whole the prefix is counted when the suffix gets the rest."""

_LINE_STEPS = 32
"""In how many parts of a window the tokens of the cursor's line are counted."""


def count_tokens(text: str, start: int, end: int, most: int, encode: Encode) -> int:
    """Count tokens of `text[start:end]` up to `most`; a text that is surely longer is not read."""
    if end - start > most * _MOST_CHARS_PER_TOKEN:
        return most
    return min(most, len(encode(text[start:end])))


def share_tokens(
    total: int, wanted_prefix: int, wanted_suffix: int, share: float
) -> tuple[int, int]:
    """Share tokens among prefix and suffix; what one side does not want the other may use.

    What the prefix wants is rounded up to a quarter, a half and so on of the total, so that the
    suffix seldom becomes shorter while the prefix grows.

    Args:
        total: Tokens for both.
        wanted_prefix: Tokens that the whole prefix would take.
        wanted_suffix: Tokens that the whole suffix would take.
        share: Part of the total that the prefix gets when both want more than there is, 0 to 1.
    """
    rounded = _round_up(wanted_prefix, total // _SHARE_STEPS)
    reserved = min(rounded, max(round(total * share), total - wanted_suffix))
    suffix = min(wanted_suffix, total - reserved)
    return total - suffix, suffix


def prefix_start(text: str, end: int, max_tokens: int, encode: Encode) -> int:
    """Return where the shown part of `text[:end]` begins, so that it takes at most `max_tokens`.

    It begins at a line start where lines are not very long, and goes on beginning there until
    `max_tokens` no longer suffice; then the window moves by a step, about a tenth of it in code. If
    the nearest place to begin at is too far up already, as in text of more tokens than characters,
    it is taken still.
    """
    if count_tokens(text, 0, end, max_tokens + 1, encode) <= max_tokens:
        return 0
    step = _power_of_two(max_tokens // 2)
    start = _line_start(text, end, step)
    # A word has now more tokens, now fewer while it is typed; the window shall not move to and fro.
    tokens = _round_up(len(encode(text[start:end])) + 1, max_tokens // _LINE_STEPS)
    for place in _places_before(text, start, step):
        tokens += len(encode(text[place:start]))
        if tokens > max_tokens:
            return start if start < end else place
        start = place
    return start


def suffix_end(text: str, start: int, max_tokens: int, encode: Encode) -> int:
    """Return where the shown part of `text[start:]` ends, so that it takes at most `max_tokens`.

    That is a line end; only in a line that is too long by itself, it ends anywhere.
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
    """Return where the part of `text[start:end]` ends that stays while one types at its end.

    That is a line start if there is one at hand. After it comes less than a quarter of what a
    window of `max_tokens` shows.
    """
    step = _power_of_two(max_tokens // 8)
    offset = end - end % step if step else end
    return max(start, _line_start(text, offset, 2 * step))


def _places_before(text: str, end: int, step: int) -> Iterator[int]:
    """Places where a window may begin, upwards: one in each `step` characters of the text."""
    for offset in range(end - end % step, -1, -step) if step else ():
        place = _line_start(text, offset, step)
        if place < end:
            yield place


def _line_start(text: str, offset: int, reach: int) -> int:
    """Return the last line start in the `reach` characters up to `offset`, else `offset`."""
    return text.rfind("\n", max(0, offset - reach), offset) + 1 or offset


def _line_end(text: str, offset: int, reach: int) -> int:
    """Return the last line end in the `reach` characters from `offset` on, else their end."""
    stop = offset + reach
    return len(text) if stop >= len(text) else text.rfind("\n", offset, stop) + 1 or stop


def _round_up(number: int, step: int) -> int:
    """Round up to a multiple of `step`; return the number itself for a step of 0."""
    return -(-number // step) * step if step else number


def _power_of_two(limit: int) -> int:
    """Return the largest power of two up to `limit`; 0 below 1."""
    return 1 << limit.bit_length() >> 1
