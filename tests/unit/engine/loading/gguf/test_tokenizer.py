"""Ids, bytes and control tokens, compared with the tokenizer that a file was written from."""

import pytest
from tiny_gguf import GGUF_FAMILIES, save_gguf
from tokenizers import Regex, pre_tokenizers

from assist_server.engine.loading.gguf.header import read_header
from assist_server.engine.loading.gguf.tokenizer import end_ids, read_tokenizer
from assist_server.engine.tokens.codec import TokenCodec
from assist_server.errors import ModelError

TEXTS = [
    "",
    "return x12 + 3",
    " return\n\tret  \r\n",
    "Überfall 漢字 🐍 it's <fim_prefix> <|im_start|> <s>",
    "    indented\n\n\n  more",
]


def codecs(name, folder, more=None):
    """The codec of a file, and that of the tokenizer that it was written from."""
    tokenizer, _ = save_gguf(name, folder / "a.gguf", more=more)
    return TokenCodec(read_tokenizer(read_header(folder / "a.gguf"))), TokenCodec(tokenizer)


@pytest.mark.parametrize("name", GGUF_FAMILIES)
def test_texts_have_the_same_ids_and_control_tokens_stay(name, tmp_path):
    found, expected = codecs(name, tmp_path)
    unknown = {"<unk>": 0} if GGUF_FAMILIES[name].is_sentencepiece else {}  # as Llama's has it
    assert found.special_ids == expected.special_ids | unknown
    assert found.end_ids == expected.end_ids | set(unknown.values())
    assert found.bos_id == expected.bos_id
    assert found.token_bytes() == expected.token_bytes()
    for text in TEXTS:
        assert found.encode(text) == expected.encode(text)
        assert found.decode(found.encode(text)) == expected.decode(expected.encode(text))


def test_a_chat_template_is_used(tmp_path):
    template = "{% for m in messages %}<|im_start|>{{ m.content }}<|im_end|>{% endfor %}"
    found, _ = codecs("qwen2", tmp_path, {"tokenizer.chat_template": template})
    [first, *content, last] = found.encode_chat([{"role": "user", "content": "<|im_end|>"}])
    assert [first, last] == [found.special_ids[f"<|im_{end}|>"] for end in ("start", "end")]
    assert content == found.encode("<|im_end|>")


def test_without_a_template_there_is_no_chat(tmp_path):
    assert not codecs("qwen2", tmp_path)[0].has_chat_template


@pytest.mark.parametrize(
    ("name", "more", "is_added"),
    [
        ("gemma", {}, True),
        ("gemma", {"tokenizer.ggml.add_bos_token": False}, False),
        ("gemma", {"tokenizer.ggml.add_bos_token": None}, False),
        ("gemma", {"tokenizer.ggml.add_bos_token": None, "tokenizer.ggml.pre": "llama-bpe"}, True),
        ("llama-sentencepiece", {"tokenizer.ggml.add_bos_token": None}, True),
        ("qwen2", {"tokenizer.ggml.add_bos_token": True}, False),  # there is no such token
    ],
)
def test_a_first_token_is_added_where_the_file_or_its_kind_says_so(name, more, is_added, tmp_path):
    assert (codecs(name, tmp_path, more)[0].bos_id is not None) is is_added


def test_tokens_with_a_meaning_are_control_tokens_whatever_their_type(tmp_path):
    """Some converters leave infilling tokens as plain text, and name their ids only."""
    named = {"tokenizer.ggml.fim_pre_token_id": 0, "tokenizer.ggml.eot_token_id": 1}
    found, expected = codecs("llama", tmp_path, named)
    assert set(found.special_ids.values()) - set(expected.special_ids.values()) == {0, 1}
    assert 1 in found.end_ids
    assert 1 in end_ids(read_header(tmp_path / "a.gguf"))


def test_padding_may_be_a_token_of_texts(tmp_path):
    more = {"tokenizer.ggml.padding_token_id": 0, "tokenizer.ggml.unknown_token_id": 1}
    found, expected = codecs("qwen2", tmp_path, more)
    assert (found.special_ids, found.end_ids) == (expected.special_ids, expected.end_ids)


def test_control_tokens_need_not_be_spelled_in_bytes(tmp_path, monkeypatch):
    """DeepSeek's are not."""
    fim = "<｜fim▁begin｜>"
    family = GGUF_FAMILIES["llama"]
    monkeypatch.setitem(
        GGUF_FAMILIES, "llama", family.__class__(**vars(family) | {"special_tokens": (fim,)})
    )
    found, expected = codecs("llama", tmp_path)
    assert found.special_ids[fim] == expected.special_ids[fim]


@pytest.mark.parametrize("token_id", [-1, 10**6, "two"])
def test_an_id_that_no_token_has_is_left_out(token_id, tmp_path):
    more = {"tokenizer.ggml.eos_token_id": token_id, "tokenizer.ggml.bos_token_id": token_id}
    assert codecs("qwen2", tmp_path, more)[0].bos_id is None
    assert end_ids(read_header(tmp_path / "a.gguf")) == []


@pytest.mark.parametrize("name", ["starcoder", "smollm", "refact"])
def test_digits_are_divided_where_the_file_says_so(name, tmp_path):
    found, expected = codecs("llama", tmp_path, {"tokenizer.ggml.pre": name})
    assert len(expected.encode("12")) == 1
    assert len(found.encode("12")) == 2


def test_deepseek_coder_divides_texts_by_five_rules(tmp_path):
    built = read_tokenizer(save(tmp_path, "deepseek-coder")).backend_tokenizer.pre_tokenizer
    pieces = [piece for piece, _ in built.pre_tokenize_str("if a1b:\n漢字  x")]
    assert pieces == ["if", "Ġa", "1", "b", ":", "Ċ", "æ¼¢åŃĹ", "Ġ", "Ġx"]


def test_qwen_divides_texts_as_in_its_folder(tmp_path):
    from transformers.models.qwen2.tokenization_qwen2 import PRETOKENIZE_REGEX  # noqa: PLC0415

    rule = pre_tokenizers.Split(Regex(PRETOKENIZE_REGEX), behavior="isolated")
    built = read_tokenizer(save(tmp_path, "qwen2")).backend_tokenizer.pre_tokenizer
    text = "it's 2026:\n\n  x = 'a'"
    lengths = [stop - start for _, (start, stop) in built.pre_tokenize_str(text)]
    assert lengths == [stop - start for _, (start, stop) in rule.pre_tokenize_str(text)]


def save(folder, rule):
    save_gguf("qwen2", folder / "a.gguf", more={"tokenizer.ggml.pre": rule})
    return read_header(folder / "a.gguf")


@pytest.mark.parametrize(
    "more",
    [
        {"tokenizer.ggml.merges": 3},
        {"tokenizer.ggml.tokens": 3},
        {"tokenizer.ggml.pre": 3},
    ],
)
def test_values_of_the_wrong_kind_are_one_sentence(more, tmp_path):
    save_gguf("qwen2", tmp_path / "a.gguf", more=more)
    with pytest.raises(ModelError):
        read_tokenizer(read_header(tmp_path / "a.gguf"))
