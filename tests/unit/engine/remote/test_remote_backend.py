"""What a server may do wrong, and what is closed when nobody waits any more."""

import contextlib
import threading

import pytest
from fake_model_server import fake_model_server

from assist_server.engine import backend as backend_module
from assist_server.engine.remote import remote_backend as remote_backend_module
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


def drips(handler):
    """Answer without an end, a blank at a time."""
    handler.begin_stream("application/json")
    with contextlib.suppress(ConnectionError):
        while not handler.server.fake.released.wait(0.02):
            handler.put_bytes(b" ")


def goes_on(handler):
    """Send events without an end after the answer."""
    handler.begin_stream()
    handler.put({"content": "a", "tokens": [197], "stop": True})
    with contextlib.suppress(ConnectionError):
        while not handler.server.fake.released.wait(0.002):
            handler.put({"content": "", "tokens": [], "stop": False})


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
    "infinite": (puts('{"content": "a", "tokens": [1e999], "stop": false}'), "another form"),
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


def test_any_error_on_opening_leaves_no_thread(llama, open_remote, monkeypatch):
    monkeypatch.setattr(remote_backend_module, "open_model", lambda *_: 1 / 0)
    before = threading.active_count()
    with pytest.raises(ZeroDivisionError):
        open_remote(llama)
    assert threading.active_count() == before


def test_a_silent_server_is_given_up(llama, open_remote):
    backend = open_remote(llama)
    backend._connection._timeout_ms = 100  # opening may take longer on a busy machine
    llama.holds_after = 0
    with pytest.raises(ModelServerError, match="sent nothing for 100 ms"):
        generated(backend)


def test_a_server_that_does_not_encode_is_given_up(llama, open_remote):
    backend = open_remote(llama)
    backend._connection._timeout_ms = 100  # opening may take longer on a busy machine
    for slow in (lambda handler: handler.wait_until_closed(), drips):
        backend._health.recover()
        llama.failures["/tokenize"] = slow
        with pytest.raises(ModelServerError, match="100 ms"):
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


def test_a_server_that_goes_on_after_the_end_is_not_listened_to(llama, open_remote):
    backend = open_remote(llama)
    llama.failures["/completion"] = goes_on
    found = []
    reader = threading.Thread(target=lambda: found.append(generated(backend)), daemon=True)
    reader.start()
    reader.join(SECONDS)
    assert [each.text for each in found] == ["a"]


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


UNEXPECTED = {
    "openai": [("/v1/models", {"data": 5})],
    "llama": [
        ("/tokenize", {"tokens": [{"id": 1e999, "piece": "a"}]}),
        ("/tokenize", {"tokens": [{"id": 1, "piece": 2_000_000_000}]}),
        ("/props", {"default_generation_settings": {}, "eos_token": "\ud800"}),
    ],
}


@pytest.mark.parametrize(
    ("kind", "path", "answer"), [(kind, *each) for kind in UNEXPECTED for each in UNEXPECTED[kind]]
)
def test_an_unexpected_answer_is_one_sentence(kind, path, answer, open_remote):
    with fake_model_server(kind) as server:
        server.failures[path] = lambda handler: handler.give(answer)
        with pytest.raises(ModelServerError, match=f"127.0.0.1:{server.port}"):
            open_remote(server)


def test_any_error_on_reopening_is_a_trouble_that_may_pass(llama, open_remote, monkeypatch):
    monkeypatch.setattr(backend_module, "_FIRST_DELAY_S", 0.05)
    backend = open_remote(llama)
    is_back, opens = threading.Event(), []
    open_model = remote_backend_module.open_model

    def fail_once(*arguments):
        opens.append(arguments)
        return open_model(*arguments) if len(opens) > 1 else 1 / 0

    monkeypatch.setattr(remote_backend_module, "open_model", fail_once)
    backend.watch(lambda trouble: trouble or is_back.set())
    backend._health.fail(ModelServerError("it is gone"))
    assert is_back.wait(SECONDS)
    assert generated(backend).text == "answer()"


def test_only_what_the_server_said_ends_a_series_of_failures(llama, open_remote):
    backend, cancel = open_remote(llama), CancelToken()
    backend._health._failures = 3
    llama.holds_after = 0
    assert generated(backend, max_latency_ms=1).finish_reason is FinishReason.DEADLINE
    cancel.cancel()
    assert generated(backend, cancel=cancel).finish_reason is FinishReason.CANCELLED
    assert backend._health._failures == 3
    llama.holds_after = None
    generated(backend)
    assert backend._health._failures == 0


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


@pytest.mark.parametrize("kind", ["llama", "vllm"])
def test_a_server_that_was_started_with_another_model_is_noticed(kind, open_remote, monkeypatch):
    monkeypatch.setattr(remote_backend_module, "_UNSURE_S", 0)
    with fake_model_server(kind, "answer()") as server:
        backend = open_remote(server)
        told = []
        backend.watch(told.append)
        backend.encode("a")
        assert told == []
        server.file, server.models = "/models/other.gguf", ["other"]
        with pytest.raises(ModelError, match="another model now, 'other"):
            backend.encode("a")
        assert told == [""]
        assert backend.info.name.startswith("other")
        backend.encode("a")


def test_while_a_server_answers_it_is_not_asked_for_its_model(llama, open_remote):
    backend = open_remote(llama)
    llama.requests.clear()
    for text in ("a", "ab", "abc"):
        backend.encode(text)
        generated(backend)
    assert llama.bodies("/props") == []
