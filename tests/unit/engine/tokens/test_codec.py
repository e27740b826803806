import pytest
from hypothesis import given
from hypothesis import strategies as st
from tiny_models import FAMILIES, build_tokenizer

from assist_server.engine.loading.open_backend import EMBEDDED_FOLDER
from assist_server.engine.tokens.codec import TokenCodec
from assist_server.engine.tokens.detokenizer import StreamingDetokenizer
from assist_server.errors import ModelError

CODECS = {f"{f.name}-{f.config}": TokenCodec(build_tokenizer(f)) for f in FAMILIES}
SPECIALS = [token for codec in CODECS.values() for token in codec.special_ids]


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
        CODECS["embedded"].encode_chat([{"role": "user", "content": "hello"}])


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
