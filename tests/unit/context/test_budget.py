import re

from hypothesis import given
from hypothesis import strategies as st

from assist_server.context.budget import fit_prefix, fit_suffix, share_tokens

LINES = st.text("ab ()é\N{ROCKET}").map(lambda text: text * 3)
TEXTS = st.lists(LINES, max_size=20).map("\n".join)
MAX_TOKENS = st.integers(min_value=1, max_value=60)


class PieceTokenizer:
    """Cuts text by a pattern; every piece is a token, and known again when decoded."""

    def __init__(self, pattern: str) -> None:
        self._pattern = re.compile(pattern, re.DOTALL)
        self._pieces: list[str] = []

    def encode(self, text: str) -> list[int]:
        pieces = self._pattern.findall(text)
        self._pieces += [piece for piece in pieces if piece not in self._pieces]
        return [self._pieces.index(piece) for piece in pieces]

    def decode(self, ids: list[int]) -> str:
        return "".join(self._pieces[token_id] for token_id in ids)


PATTERNS = st.sampled_from([r".", r"\w+|\W", r".{1,20}"])
"""A character a token, words, and more characters a token than the first guess expects."""


def bytes_of(text: str) -> list[int]:
    """More tokens than characters."""
    return list(text.encode())


@given(TEXTS, MAX_TOKENS, PATTERNS)
def test_a_prefix_is_the_nearest_text_and_within_the_budget(text, max_tokens, pattern):
    tokenizer = PieceTokenizer(pattern)
    ids = fit_prefix(text, max_tokens, tokenizer.encode)
    assert len(ids) <= max_tokens
    assert text.endswith(tokenizer.decode(ids))
    assert ids or not text


@given(TEXTS, MAX_TOKENS, PATTERNS)
def test_a_suffix_is_the_nearest_text_and_within_the_budget(text, max_tokens, pattern):
    tokenizer = PieceTokenizer(pattern)
    ids = fit_suffix(text, max_tokens, tokenizer.encode)
    assert len(ids) <= max_tokens
    assert text.startswith(tokenizer.decode(ids))
    assert ids or not text


@given(TEXTS, MAX_TOKENS)
def test_bytes_stay_within_the_budget_too(text, max_tokens):
    everything = bytes_of(text)
    prefix = fit_prefix(text, max_tokens, bytes_of)
    suffix = fit_suffix(text, max_tokens, bytes_of)
    assert max(len(prefix), len(suffix)) <= max_tokens
    assert everything[len(everything) - len(prefix) :] == prefix
    assert everything[: len(suffix)] == suffix


@given(TEXTS, MAX_TOKENS, PATTERNS)
def test_a_cut_prefix_begins_at_a_line_start_if_one_is_near(text, max_tokens, pattern):
    tokenizer = PieceTokenizer(pattern)
    ids = fit_prefix(text, max_tokens, tokenizer.encode)
    kept = tokenizer.decode(ids)
    is_aligned = len(kept) == len(text) or text[: len(text) - len(kept)].endswith("\n")
    assert is_aligned or "\n" not in kept[:-1]


@given(TEXTS, MAX_TOKENS, PATTERNS)
def test_a_cut_suffix_ends_at_a_line_end_if_one_is_near(text, max_tokens, pattern):
    tokenizer = PieceTokenizer(pattern)
    kept = tokenizer.decode(fit_suffix(text, max_tokens, tokenizer.encode))
    assert kept in (text, "") or kept.endswith("\n") or "\n" not in kept


@given(st.lists(st.text("ab ", max_size=8), min_size=1, max_size=12), MAX_TOKENS)
def test_no_further_line_would_have_fitted(lines, max_tokens):
    text = "\n".join(lines)
    tokenizer = PieceTokenizer(".")
    prefix = tokenizer.decode(fit_prefix(text, max_tokens, tokenizer.encode))
    suffix = tokenizer.decode(fit_suffix(text, max_tokens, tokenizer.encode))
    line_before = text[: len(text) - len(prefix)][:-1].rpartition("\n")[2]
    line_behind = text[len(suffix) :].partition("\n")[0]
    assert prefix == text or len(line_before) + 1 + len(prefix) > max_tokens
    assert suffix == text or len(suffix) + len(line_behind) + 1 > max_tokens


def test_nothing_fits_no_budget():
    assert fit_prefix("text", 0, bytes_of) == []
    assert fit_suffix("text", -1, bytes_of) == []


def test_a_line_longer_than_the_budget_is_cut_where_the_cursor_is_not():
    assert bytes(fit_prefix("x" * 90 + "near", 6, bytes_of)) == b"xxnear"
    assert bytes(fit_suffix("near" + "x" * 90, 6, bytes_of)) == b"nearxx"


def test_a_long_text_is_not_encoded_as_a_whole():
    asked = []

    def encode(text):
        asked.append(len(text))
        return bytes_of(text)

    text = "a line\n" * 100_000
    fit_prefix(text, 100, encode)
    fit_suffix(text, 100, encode)
    assert max(asked) < 1000


SIZES = st.integers(min_value=0, max_value=2000)


@given(SIZES, SIZES, SIZES, st.floats(min_value=0, max_value=1))
def test_shares(total, before, behind, share):
    got_before, got_behind = share_tokens(total, before, behind, share)
    assert 0 <= got_before <= before
    assert 0 <= got_behind <= behind
    # All is used, unless there is enough for both.
    assert got_before + got_behind == min(total, before + behind)
    # Each side has its share, or all that it wants.
    assert got_before >= min(before, round(total * share))
    assert got_behind >= min(behind, total - round(total * share))
