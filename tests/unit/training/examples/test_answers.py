"""Answers that keep a model's chat: what is asked, what is kept, and how it is laid out."""

import json
from dataclasses import replace

import pytest
from tiny_models import FAMILIES, save_family

from assist_server.errors import InputError
from assist_server.training.examples.answers import (
    Answer,
    Request,
    read_answers,
    rejection_reason,
    requests_of,
    write_answer,
)
from assist_server.training.examples.cutting import Layout, Mixture, cut
from assist_server.training.examples.rendering import ChatFormat, Renderer, read_chat_format

TEXT = """def read_rows(path, limit=100):
    rows = []
    for line in path.open():
        rows.append(line.split(","))
    return rows[:limit]
"""
REQUEST = Request("d/a.py", "Explain it.", TEXT)
GOOD = "It reads the lines of a file, splits each at commas and returns at most 100 of them."


def test_a_good_answer_is_kept():
    assert rejection_reason(REQUEST, GOOD) is None


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ("It reads.", "length"),
        ("It reads " + "more of the many lines " * 40 + ".", "length"),
        (GOOD.removesuffix("."), "no end"),
        ("It reads the lines of a file and it reads the lines of a file as well.", "repetition"),
        ("It reads the the lines of a file and splits each at commas.", "repetition"),
        ("It reads the lines of a file and returns at most 250 of them.", "unsupported"),
        ("It reads the lines of a file by calling read_table on each of them.", "unsupported"),
        ("It reads lines of a file as the library Pandas does for its users.", "unsupported"),
        ("def read_rows(path, limit=100): rows = [] for line in path.open(): end.", "echo"),
    ],
)
def test_an_answer_that_is_not_good_is_left_out(answer, reason):
    assert rejection_reason(REQUEST, answer) == reason


def test_requests_are_about_what_is_trained_on(documents):
    train = [replace(each, origin=replace(each.origin, split="train")) for each in documents]
    held_out = [replace(each, origin=replace(each.origin, split="validation")) for each in train]
    found = list(requests_of([*train[:5], *held_out[5:]], 3))
    assert sorted(each.origin for each in found) == sorted(
        f"d/{document.origin.path}" for document in documents[:5]
    )
    assert found == list(requests_of([*train[:5], *held_out[5:]], 3))
    for request in found:
        document = next(each for each in train if request.origin.endswith(each.origin.path))
        assert request.text in document.text
        assert 0 < len(request.text) <= 1_600
        assert request.message.startswith(request.instruction)


def test_what_is_written_is_read_again(tmp_path):
    file = tmp_path / "answers.jsonl"
    answers = [Answer(f"free/{n}.py", "Why?", f"Because of {n}.") for n in range(3)]
    for answer in answers:
        write_answer(file, answer)
    # A name decides about the split: of what is held out, nothing is learned.
    write_answer(file, Answer("flask/app.py", "Why?", "No."))
    found = read_answers(file)
    assert [json.loads(document.text)["answer"] for document in found] == [
        answer.answer for answer in answers
    ]
    assert {document.origin.kind for document in found} == {"answer"}


@pytest.mark.parametrize("content", ["no json\n", '{"origin": "a"}\n', "[1]\n"])
def test_a_file_that_holds_something_else_is_refused(tmp_path, content):
    file = tmp_path / "answers.jsonl"
    file.write_text(content)
    with pytest.raises(InputError, match="cannot read answers"):
        read_answers(file)


@pytest.fixture
def example(tmp_path):
    file = tmp_path / "answers.jsonl"
    write_answer(file, Answer("free/a.py", "What is this?\n\nx = 1", "A number."))
    (document,) = read_answers(file)
    (example,) = cut(document, 0, 0, 1_000, Mixture())
    assert example.layout is Layout.CHAT
    return example


def test_only_the_answer_is_learned(vocabulary, example):
    chat = ChatFormat((1, 2), (3,), 4)
    (found,) = Renderer(replace(vocabulary, chat=chat), 200).render([example])
    encode = lambda text: vocabulary.tokenizer.encode(text).ids  # noqa: E731
    request, answer = encode(example.prefix), encode(example.middle)
    assert found.ids == [1, 2, *request, 3, *answer, 4]
    learned = len(answer) + 1
    assert found.weights[:-learned] == [0.0] * (3 + len(request))
    assert all(found.weights[-learned:])


def test_a_long_request_loses_its_end(vocabulary, example):
    chat = ChatFormat((1, 2), (3,), 4)
    whole, cut_off = (
        Renderer(replace(vocabulary, chat=chat), tokens).render([example])[0].ids
        for tokens in (200, 16)
    )
    assert len(cut_off) == 16
    assert cut_off[:4] == whole[:4]
    assert cut_off[-6:] == whole[-6:]


def test_the_format_is_that_of_the_models_own_template(tmp_path):
    folder = save_family(next(one for one in FAMILIES if one.config == "Qwen2Config"), tmp_path)
    with pytest.raises(InputError, match="needs a model with a chat format"):
        read_chat_format(folder)
    template = (
        "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{{ m['content'] }}<|im_end|>\n"
        "{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
    )
    (folder / "chat_template.jinja").write_text(template)
    found = read_chat_format(folder)
    import transformers  # noqa: PLC0415 - at the top, all tests of this folder would wait for it

    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    asked = [{"role": "user", "content": "why"}]
    wanted = tokenizer.apply_chat_template(asked, add_generation_prompt=True, tokenize=True)
    middle = tokenizer("why", add_special_tokens=False).input_ids
    assert [*found.before_request, *middle, *found.after_request] == list(wanted["input_ids"])
    assert found.end_id == tokenizer.eos_token_id
