"""What a server may do wrong, and what is closed when nobody waits any more."""

import threading

import pytest
from fake_model_server import fake_model_server

from assist_server.engine import backend as backend_module
from assist_server.engine.request import (
    CancelToken,
    FinishReason,
    GenerationRequest,
    collect,
    stop_at_line_end,
)
from assist_server.errors import ModelError, ModelServerError

SECONDS = 10
HOLDING = "abc"


def request(**limits):
    return GenerationRequest((150,), **{"max_new_tokens": 20, **limits})


def generated(backend, **limits):
    return collect(backend.generate(request(**limits)))


def raises_html(handler):
    handler.give_bytes(b"<html>", **{"Content-Type": "text/html"})


def cuts(handler):
    handler.begin_stream()
    handler.put({"content": "a", "tokens": [197], "stop": False})
    handler.cut()


def ends_without_a_reason(handler):
    handler.begin_stream()
    handler.put({"content": "a", "tokens": [197], "stop": False})
    handler.put_bytes(b"")


def puts(data):
    def put(handler):
        handler.begin_stream()
        handler.put(data)
        handler.put_bytes(b"")

    return put


def puts_a_huge_line(handler):
    handler.begin_stream()
    try:
        for _ in range(100):
            handler.put_bytes(b"x" * (1 << 16))
    except ConnectionError:
        handler.close_connection = True


FAILURES = {
    "unauthorized": (lambda h: h.give({}, 401), "does not let us in .*remote.key_variable"),
    "not found": (lambda h: h.give({}, 404), "does not have what was asked for"),
    "failed": (lambda h: h.give({"error": {"message": "my text"}}, 500), "failed .500.;"),
    "in a word": (lambda h: h.give({"error": "my text"}, 500), "failed .500.;"),
    "busy": (lambda h: h.give({}, 429), "too many requests"),
    "html": (raises_html, "another form"),
    "cut": (cuts, "broke off"),
    "endless": (ends_without_a_reason, "broke off"),
    "no JSON": (puts("{"), "another form"),
    "a list": (puts("[1]"), "another form"),
    "deep": (puts("[" * 100_000), "another form"),
    "other fields": (puts({"content": "a"}), "another form"),
    "an error": (puts({"error": {"message": "my text"}}), "failed"),
    "huge": (puts_a_huge_line, "another form"),
    "closed": (lambda h: h.cut(), "broke off"),
}


@pytest.fixture
def watched(llama, open_remote):
    """A backend, and its troubles as they come."""
    backend = open_remote(llama)
    troubles = []
    backend.watch(troubles.append)
    return backend, troubles


@pytest.mark.parametrize("name", FAILURES)
def test_a_failure_is_one_sentence_and_one_message(llama, watched, name):
    backend, troubles = watched
    fail, message = FAILURES[name]
    llama.failures["/completion"] = fail
    with pytest.raises(ModelServerError, match=message) as first:
        generated(backend)
    count = len(llama.bodies("/completion"))
    with pytest.raises(ModelServerError, match=message):
        generated(backend)
    assert troubles == [str(first.value)]
    assert len(llama.bodies("/completion")) == count == 1
    assert "my text" not in troubles[0]
    assert f"127.0.0.1:{llama.port}" in troubles[0]


def test_a_refused_request_is_no_trouble(llama, watched):
    backend, troubles = watched
    error = {"error": {"type": "exceed_context_size_error", "message": "my text"}}
    llama.failures["/completion"] = lambda handler: handler.give(error, 400)
    with pytest.raises(ModelError, match="400: exceed_context_size_error") as refused:
        generated(backend)
    assert "my text" not in str(refused.value)
    llama.failures.clear()
    assert generated(backend).text == "answer()"
    assert troubles == []


def test_a_redirect_is_not_followed(llama, open_remote, monkeypatch):
    monkeypatch.setenv("MY_KEY", "sk-123")
    with fake_model_server("llama") as elsewhere:
        place = {"Location": f"{elsewhere.url}/props"}
        llama.failures["/props"] = lambda handler: handler.give({}, 307, **place)
        with pytest.raises(ModelServerError, match=f"elsewhere .*{elsewhere.port}"):
            open_remote(llama, key_variable="MY_KEY")
        assert elsewhere.requests == []


def test_the_key_is_sent_and_masked(llama, open_remote, monkeypatch):
    monkeypatch.setenv("MY_KEY", "sk-123")
    llama.key = "sk-123"
    assert generated(open_remote(llama, key_variable="MY_KEY")).text == "answer()"
    with pytest.raises(ModelServerError, match=r"set remote\.key_variable"):
        open_remote(llama)
    llama.failures["/props"] = lambda handler: handler.give({"error": "bad sk-123"}, 500)
    with pytest.raises(ModelServerError, match=r"bad \(key\)"):
        open_remote(llama, key_variable="MY_KEY")
    llama.failures.clear()
    llama.key = "sk-456"
    with pytest.raises(ModelServerError, match="variable 'MY_KEY'") as refused:
        open_remote(llama, key_variable="MY_KEY")
    assert "sk-" not in str(refused.value)


def test_a_proxy_is_not_used_for_this_machine(llama, open_remote, monkeypatch):
    with fake_model_server("llama") as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        assert generated(open_remote(llama)).text == "answer()"
        assert proxy.requests == []


def test_a_silent_server_is_given_up(llama, open_remote):
    backend = open_remote(llama)
    backend._connection._timeout_ms = 100  # opening may take longer on a busy machine
    llama.holds_after = 0
    with pytest.raises(ModelServerError, match="sent nothing for 100 ms"):
        generated(backend)


def test_a_server_that_does_not_encode_is_given_up(llama, open_remote):
    backend = open_remote(llama)
    backend._connection._timeout_ms = 100  # opening may take longer on a busy machine
    llama.failures["/tokenize"] = lambda handler: handler.wait_until_closed()
    with pytest.raises(ModelServerError, match="sent nothing for 100 ms"):
        backend.encode("new")


@pytest.mark.parametrize("shown_chars", [0, 3])
def test_a_deadline_keeps_what_is_there_and_closes_the_stream(llama, open_remote, shown_chars):
    llama.holds_after = shown_chars
    generation = generated(open_remote(llama), max_latency_ms=300)
    assert generation.finish_reason is FinishReason.DEADLINE
    assert generation.text == "answer()"[:shown_chars]
    assert llama.closed.wait(SECONDS)


@pytest.mark.parametrize("shown_chars", [0, 3])
def test_a_cancelled_request_closes_the_stream(llama, open_remote, shown_chars):
    llama.holds_after = shown_chars
    backend, cancel = open_remote(llama), CancelToken()
    found = []
    reader = threading.Thread(target=lambda: found.append(generated(backend, cancel=cancel)))
    reader.start()
    cancel.cancel()
    reader.join(SECONDS)
    assert found[0].finish_reason is FinishReason.CANCELLED
    llama.holds_after = None
    assert generated(backend).text == "answer()"


def test_a_reader_that_goes_away_closes_the_stream(llama, open_remote):
    llama.holds_after = 1
    chunks = open_remote(llama).generate(request())
    assert next(chunks).text == "a"
    chunks.close()
    assert llama.closed.wait(SECONDS)


def test_a_stop_rule_closes_the_stream(llama, open_remote):
    llama.answer, llama.holds_after = "one\ntwo", 5
    generation = generated(open_remote(llama), stop_rules=(stop_at_line_end,))
    assert (generation.text, generation.finish_reason) == ("one", FinishReason.STOP_RULE)
    assert llama.closed.wait(SECONDS)


def test_an_end_id_ends_the_text(llama, open_remote):
    generation = generated(open_remote(llama), end_ids=frozenset({100 + ord("(")}))
    assert (generation.text, generation.finish_reason) == ("answer", FinishReason.END_OF_TEXT)


def test_a_prompt_that_does_not_fit_is_not_sent(llama, open_remote):
    backend = open_remote(llama)
    with pytest.raises(ModelError, match="does not fit"):
        backend.generate(GenerationRequest((150,) * 2040, 20))
    with pytest.raises(ModelError, match="does not fit"):
        backend.generate(GenerationRequest((), 20))
    assert llama.bodies("/completion") == []


def test_connections_are_used_again(llama, open_remote):
    backend = open_remote(llama)
    for text in ("a", "b", "c"):
        backend.encode(text)
        assert generated(backend).text == "answer()"
    assert len({headers["client"] for _, _, headers in llama.requests}) == 1


def test_a_server_that_comes_back_is_used_without_being_asked(llama, open_remote, monkeypatch):
    monkeypatch.setattr(backend_module, "_FIRST_DELAY_S", 0.05)
    backend = open_remote(llama)
    troubles, is_back = [], threading.Event()

    def follow(trouble):
        troubles.append(trouble)
        if not trouble:
            is_back.set()

    backend.watch(follow)
    llama.close()
    with pytest.raises(ModelServerError, match="no server answers"):
        generated(backend)
    with fake_model_server("openai", "other()", port=llama.port):
        assert is_back.wait(SECONDS)
        assert backend.info.name == "coder"  # another server, and another interface
        prompt = tuple(backend.encode("x"))
        assert collect(backend.generate(GenerationRequest(prompt, 20))).text == "other()"
    assert len(troubles) == 2


def test_a_closed_backend_says_so(llama, open_remote):
    backend = open_remote(llama)
    llama.holds_after = 1
    chunks = backend.generate(request())
    next(chunks)
    backend.close()
    with pytest.raises(ModelError, match="unloaded"):
        list(chunks)
    with pytest.raises(ModelError, match="unloaded"):
        backend.encode("new")
    backend.close()
