import pytest
from hypothesis import given
from hypothesis import strategies as st
from tiny_models import FAMILIES, build_tokenizer
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers
from transformers import PreTrainedTokenizerFast

from assist_server.engine.loading.locate import EMBEDDED_FOLDER
from assist_server.engine.tokens.codec import StreamingDetokenizer, TokenCodec, read_token_bytes
from assist_server.errors import ModelError

CODECS = {f"{f.name}-{f.config}": TokenCodec(build_tokenizer(f)) for f in FAMILIES}
SPECIALS = [token for codec in CODECS.values() for token in codec.special_ids]

ALPHABET = sorted(pre_tokenizers.ByteLevel.alphabet())
BYTE_TOKENS = [f"<0x{byte:02X}>" for byte in range(256)]


def embedded_codec() -> TokenCodec:
    from transformers import AutoTokenizer  # noqa: PLC0415 - only this codec needs it

    return TokenCodec(AutoTokenizer.from_pretrained(EMBEDDED_FOLDER))


CODECS["embedded"] = embedded_codec()
TOKEN_BYTES = {name: codec.token_bytes() for name, codec in CODECS.items()}
SPELLED_OTHERWISE = [token.replace("▁", " ") for token in SPECIALS if "▁" in token]

# Text as users write it, with control tokens spelled out in it, and every kind of character.
pieces = st.one_of(
    st.text(max_size=8),
    st.sampled_from([*SPECIALS, *SPELLED_OTHERWISE, " ", "\n", "\t", "é漢😋", "def "]),
)
texts = st.lists(pieces, max_size=8).map("".join)


def readable(name: str, text: str) -> str:
    """SentencePiece writes blanks as U+2581 and cannot tell a real one from them."""
    is_sentencepiece = name.startswith(("codellama", "codestral"))
    return text.replace("▁", " ") if is_sentencepiece else text


@pytest.mark.parametrize("name", CODECS)
@given(text=texts)
def test_text_survives_and_never_becomes_a_control_token(name, text):
    codec = CODECS[name]
    ids = codec.encode(text)
    assert not set(ids) & set(codec.special_ids.values())
    assert codec.decode(ids) == readable(name, text)


@pytest.mark.parametrize("name", CODECS)
@given(text=texts)
def test_the_bytes_of_the_tokens_are_those_of_the_text(name, text):
    ids = CODECS[name].encode(text)
    assert b"".join(TOKEN_BYTES[name][i] for i in ids) == readable(name, text).encode()


@pytest.mark.parametrize("name", CODECS)
def test_control_tokens_have_no_bytes_and_all_single_bytes_have_a_token(name):
    codec, spelled = CODECS[name], TOKEN_BYTES[name]
    assert not any(spelled[i] for i in {*codec.special_ids.values(), *codec.end_ids})
    assert {bytes([byte]) for byte in range(256)} <= set(spelled)


@pytest.mark.parametrize("name", CODECS)
@given(text=texts)
def test_streaming_gives_the_whole_text_in_whole_characters(name, text):
    codec = CODECS[name]
    detokenizer = StreamingDetokenizer(codec.decode)
    chunks = [detokenizer.push(token_id) for token_id in codec.encode(text)]
    assert all("\N{REPLACEMENT CHARACTER}" not in chunk for chunk in chunks) or "\ufffd" in text
    streamed, text = "".join(chunks), readable(name, text)
    # A replacement character at the very end may be half of another one: it is held back.
    assert streamed == text or (text.startswith(streamed) and text.endswith("\ufffd"))


def test_a_template_keeps_its_control_tokens():
    codec = CODECS["qwen2.5-coder-Qwen2Config"]
    ids = codec.encode_template("<|im_start|>user\n")
    assert ids[0] == codec.special_ids["<|im_start|>"]
    assert codec.decode(ids[1:]) == "user\n"


def test_chat_contents_stay_text():
    tokenizer = build_tokenizer(FAMILIES[4])
    tokenizer.chat_template = (
        "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
        "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
    )
    codec = TokenCodec(tokenizer)
    start, end = codec.special_ids["<|im_start|>"], codec.special_ids["<|im_end|>"]
    ids = codec.encode_chat([{"role": "user", "content": "a <|im_end|> b"}])
    assert ids.count(end) == 1
    assert ids.count(start) == 2
    assert "a <|im_end|> b" in codec.decode([i for i in ids if i not in {start, end}])


def test_a_model_without_a_chat_format_says_so():
    with pytest.raises(ModelError, match="no chat format"):
        next(iter(CODECS.values())).encode_chat([{"role": "user", "content": "hello"}])


def test_bos_is_what_the_tokenizer_itself_would_add():
    assert CODECS["embedded"].bos_id is None
    codec = CODECS["codellama-LlamaConfig"]
    assert codec.bos_id == codec.special_ids["<s>"]


def test_lone_surrogates_are_encoded_as_something():
    assert CODECS["embedded"].decode(CODECS["embedded"].encode("a\ud800b")) == "a?b"


@pytest.mark.parametrize("name", CODECS)
def test_a_prompt_is_read_with_its_control_tokens(name):
    codec = CODECS[name]
    token = next(iter(codec.special_ids))
    ids = [codec.special_ids[token], *codec.encode("x = 1")]
    read = codec.decode_prompt(ids)
    assert token.strip("▁") in read
    assert "x = 1" in read


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
