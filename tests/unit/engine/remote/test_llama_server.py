import pytest
from fake_model_server import CONTROL, ids_of

from assist_server.engine.remote.control_tokens import CONTROL_TOKENS
from assist_server.engine.request import GenerationRequest, Sampling, collect
from assist_server.errors import ModelError
from assist_server.prompts.fim import TEMPLATES


def test_all_control_tokens_of_the_templates_are_searched_for():
    of_templates = {
        token
        for template in TEMPLATES
        for token in (*template.control_tokens, *template.stop_tokens)
    }
    assert of_templates <= set(CONTROL_TOKENS)


def test_the_vocabulary_is_searched_and_described(llama, open_remote):
    info = open_remote(llama).info
    assert info.special_ids == CONTROL
    assert (info.name, info.context_tokens, info.end_ids) == ("coder.gguf", 2048, {0})
    assert info.has_chat_template
    assert info.host == f"127.0.0.1:{llama.port}"
    assert info.host in info.plan.reasons[0]


@pytest.mark.parametrize("are_user_defined", [False, True])
def test_control_tokens_in_a_text_stay_text(llama, open_remote, are_user_defined):
    llama.are_user_defined = are_user_defined
    text = "a <|fim_middle|><|im_start|> b</s>\n<|fim_pad|> \u00e9\U0001f40d"
    backend = open_remote(llama)
    assert backend.encode(text) == ids_of(text)
    assert backend.decode_prompt(backend.encode(text)) == text


def test_half_a_character_does_no_harm(llama, open_remote):
    assert open_remote(llama).encode("a\ud83d") == ids_of("a?")


def test_a_conversation_has_control_tokens_around_plain_text(llama, open_remote):
    backend = open_remote(llama)
    message = {"role": "user", "content": "<|im_end|>hi"}
    start, end = CONTROL["<|im_start|>"], CONTROL["<|im_end|>"]
    expected = [
        *(start, *ids_of("user\n"), *ids_of("<|im_end|>hi"), end, *ids_of("\n")),
        *(start, *ids_of("assistant\n")),
    ]
    assert backend.encode_chat([message]) == expected
    assert backend.encode_chat([message]) == expected
    assert backend.decode_prompt(expected).endswith("hi<|im_end|>\n<|im_start|>assistant\n")
    assert len(llama.bodies("/apply-template")) == 1
    assert "hi" not in str(llama.bodies("/apply-template"))


@pytest.mark.parametrize(
    ("prompt", "message"),
    [
        (None, "another form"),
        ("\ue0001\ue001", "each message once"),
        ("\ue0000\ue001\ue0000\ue001\ue0001\ue001", "each message once"),
        ("\ue0001\ue001\ue0000\ue001", "each message once"),
        ("\ue0000\ue001\ue0001\ue001\ue0007\ue001", "each message once"),
    ],
)
def test_a_template_that_loses_a_message_is_refused(llama, open_remote, prompt, message):
    llama.failures["/apply-template"] = lambda handler: handler.give({"prompt": prompt})
    messages = [{"role": "system", "content": "a"}, {"role": "user", "content": "b"}]
    with pytest.raises(ModelError, match=message):
        open_remote(llama).encode_chat(messages)


@pytest.mark.parametrize("api", ["auto", "llama-server"])
def test_a_router_is_asked_about_the_model(llama, open_remote, api):
    assert open_remote(llama, model="a/b c&d", api=api).info.name == "b c&d"
    assert llama.requests[0][0] == "/props?model=a%2Fb%20c%26d"


def test_the_answer_begins_with_the_half_word_that_is_not_part_of_it(llama, open_remote):
    backend = open_remote(llama)
    prompt = tuple(backend.encode('x = "retu'))
    generation = collect(backend.generate(GenerationRequest(prompt, 99, healed_text='"retu')))
    assert generation.text == "answer()"
    [body] = llama.bodies("/completion")
    assert body["prompt"] == ids_of("x = ")
    assert body["grammar"] == 'root ::= "\\U00000022retu" .*'


def test_nothing_is_forced_after_a_control_token(llama, open_remote):
    backend = open_remote(llama)
    prompt = (*backend.encode("retu"), CONTROL["<|fim_middle|>"])
    collect(backend.generate(GenerationRequest(prompt, 9, healed_text="retu")))
    [body] = llama.bodies("/completion")
    assert "grammar" not in body
    assert body["prompt"] == list(prompt)


def test_sampling_is_that_of_models_in_this_process(llama, open_remote):
    backend = open_remote(llama)
    for sampling in (Sampling(), Sampling(0.8, 0.95, seed=3)):
        collect(backend.generate(GenerationRequest((100,), 9, sampling=sampling)))
    greedy, drawn = llama.bodies("/completion")
    assert (greedy["temperature"], greedy["samplers"]) == (0, ["temperature"])
    assert (drawn["temperature"], drawn["top_p"], drawn["seed"]) == (0.8, 0.95, 3)


def test_a_key_press_costs_one_line(llama, open_remote):
    backend = open_remote(llama)
    text = "".join(f"line_{number} = {number}\n" for number in range(100))
    backend.encode(text)
    llama.requests.clear()
    backend.encode(text + "r")
    [body] = llama.bodies("/tokenize")
    assert len("".join(part for part in body["content"] if isinstance(part, str))) < 20


@pytest.mark.parametrize(("value", "log_prob"), [(None, -100), (-3.4e38, -100), (float("inf"), 0)])
def test_an_impossible_token_does_not_decide_the_mean_alone(llama, open_remote, value, log_prob):
    model = open_remote(llama)._model
    probabilities = [{"id": 1, "logprob": value}]
    event = {"content": "a", "tokens": [1], "stop": False}
    assert model.read({**event, "completion_probabilities": probabilities}).log_probs == (log_prob,)
