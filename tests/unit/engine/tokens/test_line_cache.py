import inspect
import textwrap

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tiny_models import FAMILIES, build_tokenizer
from tokenizers import Regex, Tokenizer, models, pre_tokenizers, trainers
from transformers import AutoTokenizer, PreTrainedTokenizerFast

from assist_server.engine.loading.locate import EMBEDDED_FOLDER
from assist_server.engine.tokens.codec import TokenCodec
from assist_server.engine.tokens.line_cache import (
    LineEncoder,
    cut_after_line_end,
    cut_before_line_end,
    find_cut,
    split_lines,
)

QWEN = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)
O200K = (
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+"
    r"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*"
    r"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)


def by_rule(rule):
    byte_level = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    return pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(rule), "isolated"), byte_level])


def parted_lines():
    line_ends = pre_tokenizers.Split(Regex(r"[\r\n]"), "isolated")
    letters = pre_tokenizers.Split(Regex(r"\s?\p{L}+"), "isolated")
    byte_level = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    return pre_tokenizers.Sequence([line_ends, letters, byte_level])


PARTINGS = {
    "gpt2": (pre_tokenizers.ByteLevel(add_prefix_space=False), cut_before_line_end),
    "qwen": (by_rule(QWEN), cut_after_line_end),
    "o200k": (by_rule(O200K), cut_after_line_end),
    "deepseek": (parted_lines(), cut_before_line_end),
    "blank-first": (pre_tokenizers.ByteLevel(add_prefix_space=True), None),
    "metaspace": (pre_tokenizers.Metaspace(), None),
}


def trained(pre_tokenizer):
    """A tokenizer that merges all that its pre-tokenizer lets it merge."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizer
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=700, initial_alphabet=alphabet, show_progress=False)
    source = inspect.getsource(textwrap)
    windows = source.replace("\n", "\r\n")
    tokenizer.train_from_iterator([source, windows, source.replace("    ", "\t")], trainer)
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer)


CODECS = {f"{f.name}-{f.config}": TokenCodec(build_tokenizer(f)) for f in FAMILIES}
CODECS |= {name: TokenCodec(trained(parting)) for name, (parting, _) in PARTINGS.items()}
CODECS["embedded"] = TokenCodec(AutoTokenizer.from_pretrained(EMBEDDED_FOLDER))

WORDS = st.sampled_from([
    *("def f(self):", "return x", "self.text", "'a'", '"', "#", "//", "};", "/", "{", ")", "1"),
    *("é", "漢", "😋", "\u0301", "\x1c", "\x85", "\u2028", "<|fim_prefix|>", "\ud800"),
])  # fmt: skip
BLANKS = st.sampled_from([" ", "    ", "\t", "\n", "\n\n", "\r\n", "\r", "\n    ", "  \n", "\f"])
TEXTS = st.lists(st.one_of(WORDS, BLANKS, BLANKS, st.text(max_size=3)), max_size=14).map("".join)


@pytest.mark.parametrize("name", CODECS)
@given(text=TEXTS, others=st.lists(TEXTS, max_size=3))
def test_ids_are_those_of_the_whole_text_whatever_was_encoded_before(name, text, others):
    codec = CODECS[name]
    for other in others:
        codec.encode(other)
    assert codec.encode(text) == codec._encode_text(text)


@given(TEXTS, st.sampled_from([cut_before_line_end, cut_after_line_end]))
def test_pieces_make_the_text(text, cut):
    pieces = list(split_lines(text, cut))
    assert "".join(pieces) == text
    assert all(pieces)


@pytest.mark.parametrize("name", PARTINGS)
def test_a_cut_is_found_where_text_is_parted_at_line_ends(name):
    parting, cut = PARTINGS[name]
    found = find_cut(
        lambda texts: [piece for text in texts for piece, _ in parting.pre_tokenize_str(text)]
    )
    assert found is cut


@pytest.mark.parametrize(
    ("cut", "pieces"),
    [
        (cut_before_line_end, ["if x:", "\n    f()", "\r\n\r\ny = 1 \nz", "\n"]),
        (cut_after_line_end, ["if x:\n", "    f()\r\n\r\n", "y = 1 \n", "z\n"]),
    ],
)
def test_where_is_cut(cut, pieces):
    assert list(split_lines("if x:\n    f()\r\n\r\ny = 1 \nz\n", cut)) == pieces


class Counting:
    """Encodes and notes what it was asked for."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def encode(self, text: str) -> list[int]:
        self.asked.append(text)
        return list(map(ord, text))


def gpt2_parting(text):
    parting, _ = PARTINGS["gpt2"]
    return [piece for piece, _ in parting.pre_tokenize_str(text)]


def test_after_an_edit_one_line_is_encoded():
    counting = Counting()
    encoder = LineEncoder(counting.encode, gpt2_parting)
    lines = [f"line {number}" for number in range(100)]
    encoder.encode("\n".join(lines))
    lines[50] += "!"
    counting.asked.clear()
    assert encoder.encode("\n".join(lines)) == list(map(ord, "\n".join(lines)))
    assert counting.asked == ["\nline 50!"]


@pytest.mark.parametrize("text", ["one\ntwo\n", "x" * 600])
def test_what_one_client_had_encoded_is_encoded_anew_for_another(text):
    counting = Counting()
    encoder = LineEncoder(counting.encode, gpt2_parting)
    expected = encoder.encode(text, "one")
    asked = list(counting.asked)
    assert encoder.encode(text, "other") == expected
    assert counting.asked == asked * 2
    encoder.encode(text, "one")
    assert counting.asked == asked * 2


def test_a_text_that_cannot_be_cut_is_remembered_too():
    counting = Counting()
    encoder = LineEncoder(counting.encode, None)
    text = "a line\n" * 500
    assert encoder.encode(text) == encoder.encode(text) == list(map(ord, text))
    assert counting.asked == [text]
