import pytest

from assist_server.context.cursor import CursorContext
from assist_server.context.selection import Selection
from assist_server.context.snapshot import Snapshot
from assist_server.engine.request import FinishReason, GenerationRequest, collect
from assist_server.errors import ModelError
from assist_server.features.inline_completion import complete
from assist_server.features.summarize.summarize import summarize
from assist_server.settings import Settings

TEXT = "def add(a, b):\n    return \n\nprint(1)\n"
AT = TEXT.index(" \n\n") + 1
PROSE = "The museum opened in 1932. It holds 4,500 paintings, and a flood damaged it in 2019."


ALONE = TEXT[:AT].removesuffix(" ")
"""What is sent: the blank is part of the next word's token."""


def completed(backend):
    context = CursorContext(Snapshot("file:///a.py", "a.py", TEXT), AT)
    return complete(context, backend, Settings())


def test_prefix_and_suffix_are_sent_as_texts(openai, open_remote):
    answer = completed(open_remote(openai))
    assert answer.text == "answer()"
    assert answer.mean_log_prob == pytest.approx(-0.1)
    *_, body = openai.bodies("/v1/completions")
    assert (body["model"], body["prompt"], body["suffix"]) == ("coder", ALONE, TEXT[AT:])


def test_without_a_suffix_the_prefix_alone_is_sent(openai, open_remote):
    openai.takes_suffix = False
    answer = completed(open_remote(openai))
    assert answer.text == "answer()"
    *_, body = openai.bodies("/v1/completions")
    assert body["prompt"] == ALONE
    assert "suffix" not in body


@pytest.mark.parametrize("how", ["echoes_suffix", "ignores_suffix"])
def test_a_server_that_only_seems_to_take_a_suffix_gets_none(openai, open_remote, how):
    setattr(openai, how, True)
    assert completed(open_remote(openai)).text == "answer()"
    *_, body = openai.bodies("/v1/completions")
    assert (body["prompt"], "suffix" in body, "logprobs" in body) == (ALONE, False, True)


@pytest.mark.parametrize("answer", [" answer()", "answer()"])
def test_a_blank_that_was_not_sent_is_not_repeated(openai, open_remote, answer):
    openai.answer = answer
    assert completed(open_remote(openai)).text == "answer()"


def test_a_summary_is_asked_for_as_a_chat(openai, open_remote):
    openai.answer = "A museum with paintings."
    selection = Selection(Snapshot("file:///a.txt", "a.txt", PROSE), 0, len(PROSE))
    summary = summarize(selection, open_remote(openai), Settings())
    assert summary.markdown == openai.answer
    [body] = openai.bodies("/v1/chat/completions")
    [message] = body["messages"]
    assert message["role"] == "user"
    assert message["content"].endswith(PROSE)


def test_a_server_without_probabilities_is_judged_by_what_it_says(openai, open_remote):
    openai.log_probs = None
    backend = open_remote(openai)
    selection = Selection(Snapshot("file:///a.txt", "a.txt", PROSE), 0, len(PROSE))
    openai.answer = "A museum with paintings."
    assert summarize(selection, backend, Settings()).method == "chat"
    openai.answer = "A museum with 700 paintings."
    assert summarize(selection, backend, Settings()).method == "extract"


def test_one_of_several_models_must_be_named(openai, open_remote):
    openai.models = ["a", "b"]
    with pytest.raises(ModelError, match=r"remote\.model.*'a', 'b'"):
        open_remote(openai)
    assert open_remote(openai, model="b").info.name == "b"


def test_a_limit_and_an_end_are_told_apart(openai, open_remote):
    backend = open_remote(openai)
    prompt = tuple(backend.encode("x"))
    ended = collect(backend.generate(GenerationRequest(prompt, 99)))
    assert (ended.text, ended.finish_reason) == ("answer()", FinishReason.END_OF_TEXT)
    limited = collect(backend.generate(GenerationRequest(prompt, 3)))
    assert (limited.text, limited.finish_reason) == ("ans", FinishReason.MAX_NEW_TOKENS)


def test_a_llama_server_is_recognized(llama, openai, open_remote):
    assert type(open_remote(llama)._model).__name__ == "LlamaServer"
    assert type(open_remote(openai)._model).__name__ == "OpenAiServer"


@pytest.mark.parametrize("takes_suffix", [False, True])
def test_what_a_server_refuses_is_not_sent(openai, open_remote, takes_suffix):
    openai.refuses_log_probs, openai.takes_suffix, openai.log_probs = True, takes_suffix, None
    backend = open_remote(openai)
    assert completed(backend).text == "answer()"
    *_, body = openai.bodies("/v1/completions")
    assert ("suffix" in body, "logprobs" in body) == (takes_suffix, False)
    selection = Selection(Snapshot("file:///a.txt", "a.txt", PROSE), 0, len(PROSE))
    assert summarize(selection, backend, Settings()).markdown == "answer()"
