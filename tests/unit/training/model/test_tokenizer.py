from hypothesis import given
from hypothesis import strategies as st
from transformers import AutoTokenizer

from assist_server.engine.tokens.codec import TokenCodec
from assist_server.prompts.fim import choose_template
from assist_server.training.model.tokenizer import (
    CONTROL_TOKENS,
    control_ids,
    indentations,
    read_tokenizer,
    save_tokenizer,
    train_tokenizer,
)

texts = st.one_of(
    st.text(), st.lists(st.sampled_from([*CONTROL_TOKENS, "\n    ", "x", " é🚀"])).map("".join)
)


@given(text=texts)
def test_every_text_comes_back(tokenizer, text):
    text = text.encode("utf-8", "replace").decode()
    ids = tokenizer.encode(text).ids
    assert tokenizer.decode(ids, skip_special_tokens=False) == text
    assert not set(ids) & set(control_ids(tokenizer).values())


def test_control_tokens_come_first_and_indentations_are_tokens(tokenizer):
    assert [*control_ids(tokenizer).values()] == [*range(len(CONTROL_TOKENS))]
    for indentation in indentations():
        assert len(tokenizer.encode(indentation + "x").ids) == 2


def test_indentations_are_tokens_even_of_a_corpus_without_any():
    flat = train_tokenizer(["a = 1\n" * 50], 400)
    assert len(flat.encode("\n" + " " * 12 + "a").ids) == 2


def test_transformers_and_the_engine_read_it_alike(tokenizer, tmp_path):
    save_tokenizer(tokenizer, tmp_path, 256)
    codec = TokenCodec(AutoTokenizer.from_pretrained(tmp_path))
    text = "def f(a):\n    return '<|fim_middle|>'  # é\n"
    assert codec.encode(text) == tokenizer.encode(text).ids
    assert codec.encode(text) == read_tokenizer(tmp_path).encode(text).ids
    assert choose_template(codec.special_ids, setting="assist").family == "assist"
    assert codec.bos_id is None
    assert control_ids(tokenizer)["<|endoftext|>"] in codec.end_ids
