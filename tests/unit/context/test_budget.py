import re
from itertools import pairwise

from hypothesis import example, given
from hypothesis import strategies as st

from assist_server.context.budget import (
    count_tokens,
    freeze_point,
    prefix_start,
    share_tokens,
    suffix_end,
)

LINES = st.text("ab ()é\N{ROCKET}").map(lambda text: text * 3)
TEXTS = st.lists(LINES, max_size=20).map("\n".join)
SHORT_LINES = st.lists(st.text("ab ", max_size=8), min_size=1, max_size=40).map("\n".join)
MAX_TOKENS = st.integers(min_value=1, max_value=60)


class PieceTokenizer:
    """Cuts text by a pattern; every piece is a token."""

    def __init__(self, pattern: str) -> None:
        self._pattern = re.compile(pattern, re.DOTALL)

    def encode(self, text: str) -> list[int]:
        return [0] * len(self._pattern.findall(text))


PATTERNS = st.sampled_from([r".", r"\w+|\W", r".{1,20}"])
"""A character a token, words, and more characters a token than is taken for possible."""


def letters(text: str) -> list[int]:
    return list(map(ord, text))


def bytes_of(text: str) -> list[int]:
    """More tokens than characters."""
    return list(text.encode())


@given(TEXTS, MAX_TOKENS, PATTERNS)
def test_what_is_shown_is_within_the_budget(text, max_tokens, pattern):
    encode = PieceTokenizer(pattern).encode
    start, end = prefix_start(text, len(text), max_tokens, encode), suffix_end(text, 0, 99, encode)
    assert len(encode(text[start:])) <= max_tokens
    assert len(encode(text[:end])) <= 99
    assert start < len(text) or not text or max_tokens < 2
    assert end or not text


@given(TEXTS, MAX_TOKENS)
def test_of_text_with_more_tokens_than_characters_something_is_shown(text, max_tokens):
    start = prefix_start(text, len(text), max_tokens, bytes_of)
    assert len(text) - start <= max(1, max_tokens)
    assert start < len(text) or not text or max_tokens < 2
    assert len(text[: suffix_end(text, 0, max_tokens, bytes_of)].encode()) <= max_tokens


@given(TEXTS, PATTERNS)
def test_what_fits_is_shown_as_a_whole(text, pattern):
    encode = PieceTokenizer(pattern).encode
    count = len(encode(text))
    if len(text) <= count * 6:
        assert prefix_start(text, len(text), count, encode) == 0
        assert suffix_end(text, 0, count, encode) == len(text)


@given(SHORT_LINES, st.integers(32, 99))
def test_windows_over_short_lines_begin_and_end_at_line_starts(text, max_tokens):
    start = prefix_start(text, len(text), max_tokens, letters)
    end = suffix_end(text, 0, max_tokens, letters)
    assert start == 0 or text[start - 1] == "\n"
    assert end == len(text) or text[end - 1] == "\n"


@given(SHORT_LINES, st.integers(32, 99))
def test_no_further_step_would_have_fitted(text, max_tokens):
    start = prefix_start(text, len(text), max_tokens, letters)
    # A step is half as many characters as there are tokens, or less; a line is at most nine.
    assert start == 0 or len(text) - start > max_tokens - max_tokens // 2 - 9
    end = suffix_end(text, 0, max_tokens, letters)
    next_line = text[end:].partition("\n")[0]
    assert end == len(text) or end + len(next_line) + 1 > max_tokens


def test_nothing_fits_no_budget():
    assert prefix_start("text", 4, 0, bytes_of) == 4
    assert suffix_end("text", 0, 0, bytes_of) == 0


def test_a_line_longer_than_the_budget_is_cut_where_the_cursor_is_not():
    assert prefix_start("x" * 90 + "near", 94, 8, letters) == 88
    assert suffix_end("near" + "x" * 90, 0, 6, letters) == 6


def test_only_the_text_nearby_is_encoded():
    asked = []

    def encode(text):
        asked.append(len(text))
        return bytes_of(text)

    text = "a line\n" * 100_000
    prefix_start(text, 350_000, 100, encode)
    suffix_end(text, 350_000, 100, encode)
    assert count_tokens(text, 0, len(text), 100, encode) == 100
    assert sum(asked) < 2000


@given(TEXTS, PATTERNS, st.integers(0, 2000))
def test_tokens_are_counted_up_to_a_limit(text, pattern, most):
    encode = PieceTokenizer(pattern).encode
    expected = most if len(text) > most * 6 else min(most, len(encode(text)))
    assert count_tokens(text, 0, len(text), most, encode) == expected


SIZES = st.integers(min_value=0, max_value=2000)


@given(SIZES, SIZES, SIZES, st.floats(min_value=0, max_value=1))
def test_shares(total, before, behind, share):
    got_before, got_behind = share_tokens(total, before, behind, share)
    assert got_before + got_behind == total
    assert 0 <= got_behind <= behind
    # Each side has its share, or all that it wants.
    assert got_before >= min(before, round(total * share))
    assert got_behind >= min(behind, total - round(total * share))
    # What is left unused is less than a step.
    assert min(before, got_before) + got_behind > min(total, before + behind) - total / 4 - 1


@given(SIZES, SIZES, st.floats(min_value=0, max_value=1))
@example(7, 7, 1.0)
def test_while_the_prefix_grows_the_suffix_gets_shorter_a_few_times(total, behind, share):
    shares = [share_tokens(total, before, behind, share)[1] for before in range(total + 1)]
    changes = [second - first for first, second in pairwise(shares) if first != second]
    assert all(change < 0 for change in changes)
    assert len(changes) <= 7  # steps of a quarter, rounded down: seven of one in a total of seven


# Typing


def starts_while_typing(text, typed, max_tokens):
    whole = text + typed
    ends = range(len(text), len(whole) + 1)
    return [prefix_start(whole, end, max_tokens, letters) for end in ends]


@given(TEXTS, TEXTS, st.integers(8, 60))
def test_a_window_moves_once_in_a_step(text, typed, max_tokens):
    starts = starts_while_typing(text, typed, max_tokens)
    assert starts == sorted(starts)
    step = 2 ** ((max_tokens // 2).bit_length() - 1)
    # There is one place to begin at in a step, and a window is less than five steps long.
    assert len(set(starts)) <= len(typed) / step + 5


def test_window_moves_in_a_thousand_characters():
    line = "    total = total + value\n"
    starts = starts_while_typing(line * 100, (line * 40)[:1000], max_tokens=670)
    assert len(set(starts)) - 1 <= 4


@given(TEXTS, TEXTS)
def test_a_window_does_not_depend_on_what_is_behind_the_cursor(text, behind):
    assert prefix_start(text, len(text), 20, letters) == prefix_start(
        text + behind, len(text), 20, letters
    )


@given(TEXTS, st.integers(0, 99), st.data())
def test_little_lies_behind_the_freeze_point(text, max_tokens, data):
    start = data.draw(st.integers(0, len(text)))
    frozen = freeze_point(text, start, len(text), max_tokens)
    assert start <= frozen <= len(text)
    # In characters; a window of so many tokens shows several times as many.
    assert len(text) - frozen <= max_tokens * 3 / 8


@given(st.lists(st.text("ab ", max_size=30), min_size=10, max_size=40).map("\n".join))
def test_a_prefix_is_frozen_at_a_line_start_for_a_while(text):
    text = "\n" + text
    points = [freeze_point(text, 0, end, 200) for end in range(len(text) + 1)]
    assert all(text[:point].endswith("\n") for point in points if point)
    assert points == sorted(points)
    assert len(set(points)) <= len(points) / 16 + 1


def tokens_that_merge(text):
    """Short words are spelled in letters, longer ones are tokens: typing makes them fewer."""
    return [0] * len(re.findall(r"\w{4,}|\w|\W", text))


def test_a_window_does_not_move_to_and_fro_within_words():
    above = "abcdefg hijklmn\n" * 200
    text = above + "x = abc(de, abcdefg)\n\nabcdefghi\n    a b c d\n" * 10
    ends = range(len(above), len(text) + 1)
    starts = [prefix_start(text, end, 640, tokens_that_merge) for end in ends]
    assert starts == sorted(starts)
