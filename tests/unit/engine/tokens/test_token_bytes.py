import pytest
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers
from transformers import PreTrainedTokenizerFast

from assist_server.engine.tokens.codec import TokenCodec
from assist_server.engine.tokens.token_bytes import read_token_bytes

ALPHABET = sorted(pre_tokenizers.ByteLevel.alphabet())
BYTE_TOKENS = [f"<0x{byte:02X}>" for byte in range(256)]


def tokenizer_of(tokens, decoder):
    made = Tokenizer(models.BPE({token: i for i, token in enumerate(tokens)}, []))
    made.decoder = decoder
    return made


def codec_of(tokenizer):
    return TokenCodec(PreTrainedTokenizerFast(tokenizer_object=tokenizer))


def test_the_letters_of_byte_level_tokenizers_are_every_byte():
    spelled = read_token_bytes(tokenizer_of(ALPHABET, decoders.ByteLevel()))
    assert sorted(spelled) == [bytes([byte]) for byte in range(256)]


@pytest.mark.parametrize(
    "decoder",
    [
        decoders.ByteLevel(),
        decoders.Sequence([decoders.ByteLevel()]),
    ],
)
def test_byte_level_tokens_are_read_as_their_decoder_reads_them(decoder):
    # The last three are spelled as they read: a letter of theirs is not in the alphabet.
    tokens = ["def", "Ġdef", "ĊĊĠĠ", "Ã©", "æ¼¢Ġ", "\x7f", "Ġ x", "漢Ġ", "\u00ad"]
    made = tokenizer_of(tokens, decoder)
    assert read_token_bytes(made) == [made.decode([i]).encode() for i in range(len(tokens))]


@pytest.mark.parametrize(
    "decoder",
    [
        decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()]),
        decoders.Sequence([decoders.ByteFallback(), decoders.Metaspace(prepend_scheme="never")]),
    ],
)
def test_sentencepiece_tokens_are_read_as_their_decoder_reads_them(decoder):
    tokens = ["def", "▁def", "▁▁", "漢", "<0x41>", "<0xZZ>", "<s>"]
    made = tokenizer_of(tokens, decoder)
    assert read_token_bytes(made) == [made.decode([i]).encode() for i in range(len(tokens))]


def test_ids_may_have_gaps():
    made = Tokenizer(models.BPE({"a": 0, "b": 3}, []))
    made.decoder = decoders.ByteLevel()
    assert read_token_bytes(made) == [b"a", b"", b"", b"b"]


def sentencepiece(*, unknown):
    tokens = [unknown, *BYTE_TOKENS, "▁", "d", "e", "f"]
    vocabulary = {token: i for i, token in enumerate(tokens)}
    made = Tokenizer(models.BPE(vocabulary, [], unk_token=unknown, byte_fallback=True))
    made.normalizer = normalizers.Replace(" ", "▁")
    made.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()]
    )
    return made


def test_the_unknown_token_spells_nothing():
    spelled = codec_of(sentencepiece(unknown="<unk>")).token_bytes()
    assert spelled[0] == b""
    assert spelled[1:4] == [b"\x00", b"\x01", b"\x02"]


def lower_casing():
    made = tokenizer_of(ALPHABET, decoders.ByteLevel())
    made.normalizer = normalizers.Lowercase()
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    return made


def word_pieces():
    words = ["[UNK]", "x", "##1", "def"]
    made = Tokenizer(models.WordPiece(vocab={word: i for i, word in enumerate(words)}))
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    made.decoder = decoders.WordPiece()
    return made


@pytest.mark.parametrize("tokenizer", [lower_casing(), word_pieces()])
def test_nothing_is_said_of_tokenizers_that_do_not_keep_the_text(tokenizer):
    codec = codec_of(tokenizer)
    assert set(codec.token_bytes()) == {b""}
