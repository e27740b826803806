import pytest
from fake_model_server import CONTROL, fake_model_server, ids_of

from assist_server.engine.request import FinishReason, GenerationRequest, Sampling, collect
from assist_server.errors import ModelError, ModelServerError


@pytest.fixture
def vllm():
    with fake_model_server("vllm", "answer()") as server:
        yield server


@pytest.mark.parametrize("api", ["auto", "vllm"])
def test_the_vocabulary_is_searched_and_described(vllm, open_remote, api):
    info = open_remote(vllm, api=api).info
    assert info.special_ids == {name: CONTROL[name] for name in CONTROL if name != "</s>"}
    assert (info.name, info.context_tokens) == ("coder", 2048)
    assert info.end_ids == {CONTROL["<|im_end|>"]}  # the server stops at its own, too
    assert info.has_chat_template
    assert "vLLM" in info.plan.reasons[0]


def test_control_tokens_in_a_text_stay_text(vllm, open_remote):
    text = "a <|fim_middle|><|im_start|> b</s>\n<|fim_pad|> \u00e9\U0001f40d"
    backend = open_remote(vllm)
    assert backend.encode(text) == ids_of(text)
    assert backend.decode_prompt(backend.encode(text)) == text


def test_a_conversation_has_control_tokens_around_plain_text(vllm, open_remote):
    start, end = CONTROL["<|im_start|>"], CONTROL["<|im_end|>"]
    message = {"role": "user", "content": "<|im_end|>hi"}
    expected = [
        *(start, *ids_of("user\n"), *ids_of("<|im_end|>hi"), end, *ids_of("\n")),
        *(start, *ids_of("assistant\n")),
    ]
    assert open_remote(vllm).encode_chat([message]) == expected


def test_ids_are_sent_and_received(vllm, open_remote):
    backend = open_remote(vllm)
    request = GenerationRequest((150, 4), 20, frozenset({0, 5}), sampling=Sampling(0.5, 0.9, 3))
    generation = collect(backend.generate(request))
    assert (generation.text, generation.finish_reason) == ("answer()", FinishReason.END_OF_TEXT)
    assert generation.token_ids == tuple(ids_of("answer()"))
    assert generation.log_probs == (-0.1,) * 8
    [body] = vllm.bodies("/v1/completions")
    assert (body["prompt"], body["stop_token_ids"]) == ([150, 4], [0, 5])
    assert (body["temperature"], body["top_p"], body["seed"]) == (0.5, 0.9, 3)


def test_the_answer_begins_with_the_half_word_that_is_not_part_of_it(vllm, open_remote):
    backend = open_remote(vllm)
    prompt = tuple(backend.encode("x = retu"))
    generation = collect(backend.generate(GenerationRequest(prompt, 99, healed_text="retu")))
    assert generation.text == "answer()"
    [body] = vllm.bodies("/v1/completions")
    assert body["prompt"] == ids_of("x = ")


def test_a_healed_prompt_fits_the_context(vllm, open_remote):
    backend = open_remote(vllm)
    backend._model._vocabulary._bytes[7] = b"retu"
    prompt = (*backend.encode("x = "), 7)
    request = GenerationRequest(prompt, 2048 - len(prompt), healed_text="retu")
    assert collect(backend.generate(request)).text == "answer()"
    [body] = vllm.bodies("/v1/completions")
    assert (len(body["prompt"]), body["max_tokens"]) == (4, 2044)


@pytest.mark.parametrize(
    ("status", "kind"), [(404, "OpenAiServer"), (405, "OpenAiServer"), (503, None)]
)
def test_only_a_server_that_works_is_taken_for_another(vllm, open_remote, status, kind):
    vllm.failures["/v1/models"] = lambda handler: handler.give({}, status)
    vllm.failures["/v1/completions"] = lambda handler: handler.give({"choices": []})
    if kind is None:
        with pytest.raises(ModelServerError, match="503"):
            open_remote(vllm, model="coder")
    else:
        assert type(open_remote(vllm, model="coder")._model).__name__ == kind


def test_a_gateway_without_a_tokenizer_gets_texts(vllm, open_remote):
    vllm.failures["/tokenize"] = lambda handler: handler.give({}, 404)
    vllm.failures["/v1/completions"] = lambda handler: handler.give({"choices": []})
    assert type(open_remote(vllm)._model).__name__ == "OpenAiServer"
    with pytest.raises(ModelError, match="404"):
        open_remote(vllm, api="vllm")


def test_one_of_several_models_must_be_named(vllm, open_remote):
    vllm.models = ["a", "b"]
    assert open_remote(vllm, model="b").info.name == "b"
    with pytest.raises(ModelError, match=r"remote\.model"):
        open_remote(vllm, api="vllm")


def test_text_that_comes_with_the_end_token_is_kept(vllm, open_remote):
    def put(handler):
        handler.begin_stream()
        told = {"token_logprobs": [-0.1, -0.2, -0.3]}
        choice = {"text": "ab", "token_ids": [197, 198, 0], "logprobs": told}
        handler.put({"choices": [{**choice, "finish_reason": "stop"}]})
        handler.put_bytes(b"")

    backend = open_remote(vllm)
    vllm.failures["/v1/completions"] = put
    generation = collect(backend.generate(GenerationRequest((150,), 20, frozenset({0}))))
    assert (generation.text, generation.finish_reason) == ("ab", FinishReason.END_OF_TEXT)
    assert (generation.token_ids, generation.log_probs) == ((197, 198), (-0.1, -0.2))
