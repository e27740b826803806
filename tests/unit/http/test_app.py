"""Requests as editors' plugins send them, and who is let in."""

import json
import threading

import anyio
import pytest
from chat_backend import ChatBackend
from starlette.testclient import TestClient

from assist_server.engine.backend import NullBackend
from assist_server.engine.request import Chunk, FinishReason
from assist_server.errors import ModelError, ModelLoadingError, ModelServerError
from assist_server.http.app import create_app
from assist_server.settings import Settings

FIM = {"<|fim_prefix|>": 1, "<|fim_suffix|>": 2, "<|fim_middle|>": 3}
KEY = "0123456789abcdef"
HEADERS = {"Authorization": f"Bearer {KEY}", "Host": "127.0.0.1:8000"}
CHAT = {"messages": [{"role": "user", "content": "hi"}]}


@pytest.fixture
def backend():
    return ChatBackend("a + b\nc = 1", FIM)


@pytest.fixture
def client(backend):
    return client_of(lambda: backend)


def client_of(get_backend):
    app = create_app(get_backend, Settings(), KEY)
    return TestClient(app, "http://127.0.0.1:8000", headers=HEADERS)


def prompt_of(backend):
    return backend.decode_prompt(backend.requests[-1].prompt_ids)


def events(answer):
    assert answer.headers["content-type"].startswith("text/event-stream")
    lines = [line.removeprefix("data: ") for line in answer.text.split("\n\n") if line]
    return [line if line == "[DONE]" else json.loads(line) for line in lines]


def error(answer):
    return answer.status_code, answer.json()["error"]["type"], answer.json()["error"]["message"]


def test_a_prompt_alone_is_continued(client, backend):
    answer = client.post("/v1/completions", json={"prompt": "x = ", "max_tokens": 3, "seed": None})
    [choice] = answer.json()["choices"]
    assert (choice["text"], choice["finish_reason"]) == ("a +", "length")
    assert answer.json()["usage"]["completion_tokens"] == 3
    assert prompt_of(backend) == "x = "


@pytest.mark.parametrize(("seed", "status"), [(2**64 - 1, 200), (2**64, 400), (-1, 400)])
def test_a_seed_has_64_bits(client, seed, status):
    body = {"prompt": "x = ", "max_tokens": 3, "seed": seed}
    assert client.post("/v1/completions", json=body).status_code == status


def test_a_suffix_is_put_into_the_models_format(client, backend):
    body = {"prompt": ["x = "], "suffix": "\nprint(x)\n", "max_tokens": 99}
    answer = client.post("/v1/completions", json=body).json()
    assert answer["choices"][0]["text"] == "a + b\nc = 1"  # as the model wrote it
    assert prompt_of(backend) == "\x01\x02\nprint(x)\n\x03x = "


def test_infill_of_llama_vim(client, backend):
    body = {
        "input_prefix": "def add(a, b):\n",
        "input_suffix": "\n\nprint(add(1, 2))\n",
        "input_extra": [{"filename": "a.py", "text": "x"}],
        "prompt": "    return ",
        "n_predict": 128,
        "stop": [],
        "n_indent": 4,
        "top_p": 0.9,
        "samplers": ["top_k", "top_p", "infill"],
        "stream": False,
        "t_max_prompt_ms": 500,
        "t_max_predict_ms": 60_000,
        "response_fields": ["content", "timings/prompt_n", "truncated"],
    }
    assert client.post("/infill", json=body).json() == {"content": "a + b\nc = 1"}
    assert prompt_of(backend).endswith("\x03def add(a, b):\n    return ")
    warm = {**body, "n_predict": 0, "t_max_predict_ms": 1, "response_fields": [""]}
    assert client.post("/infill", json=warm).json() == {}
    assert backend.requests[-1].max_new_tokens == 1


def test_what_is_late_ends_after_a_line(client, monkeypatch):
    times = iter(range(100))
    monkeypatch.setattr("time.monotonic", lambda: next(times))
    answer = client.post("/infill", json={"input_prefix": "x", "t_max_predict_ms": 2000})
    assert answer.json()["content"] == "a + b\n"


@pytest.mark.parametrize("path", ["/v1/completions", "/infill"])
def test_a_model_that_does_not_infill_says_so(path):
    client = client_of(lambda: NullBackend("x"))
    body = {"prompt": "a", "suffix": "b", "input_prefix": "a"}
    status, kind, message = error(client.post(path, json=body))
    assert (status, kind) == (400, "invalid_request_error")
    assert "null does not infill" in message


def test_a_conversation_is_answered(client, backend):
    body = {"messages": [{"role": "user", "content": [{"type": "text", "text": "hi"}]}]}
    answer = client.post("/v1/chat/completions", json=body).json()
    assert answer["choices"][0]["message"] == {"role": "assistant", "content": "a + b\nc = 1"}
    assert answer["choices"][0]["finish_reason"] == "stop"
    assert prompt_of(backend) == "hi"


def test_a_stream_has_no_part_of_a_stop_text(client):
    body = {**CHAT, "stream": True, "stop": [" b\nx", "\nc ="]}
    *pieces, end = events(client.post("/v1/chat/completions", json=body))
    deltas = [piece["choices"][0]["delta"] for piece in pieces]
    assert "".join(delta["content"] for delta in deltas) == "a + b"
    assert [delta.get("role") for delta in deltas] == ["assistant"] + [None] * (len(deltas) - 1)
    assert pieces[-1]["choices"][0]["finish_reason"] == "stop"
    assert end == "[DONE]"


def test_a_stream_of_infill_has_llama_cpps_events(client):
    pieces = events(client.post("/infill", json={"input_prefix": "x", "stream": True}))
    assert "".join(piece["content"] for piece in pieces) == "a + b\nc = 1"
    assert [piece["stop"] for piece in pieces] == [False] * (len(pieces) - 1) + [True]


def test_the_model_is_listed(client):
    assert [each["id"] for each in client.get("/v1/models").json()["data"]] == ["null"]


@pytest.mark.parametrize(
    ("path", "body", "message"),
    [
        ("/v1/completions", {}, "prompt: Field required"),
        ("/v1/completions", {"prompt": [1, 2]}, "prompt: Input should be a valid string"),
        ("/v1/completions", {"prompt": "x", "n": 2}, "n: "),
        ("/v1/completions", {"prompt": "x", "max_tokens": 0}, "max_tokens: "),
        ("/v1/completions", {"prompt": "x", "stop": [""]}, "stop.0: "),
        ("/v1/completions", [], "body: "),
        ("/v1/chat/completions", {"messages": []}, "messages: "),
        ("/v1/chat/completions", {"messages": [{"role": "user", "content": [{}]}]}, "only text"),
        ("/v1/chat/completions", {"messages": [{"role": "user", "content": "x" * 9000}]}, "9000"),
    ],
)
def test_bad_input_is_an_error_in_openais_form(client, path, body, message):
    status, kind, said = error(client.post(path, json=body))
    assert (status, kind) == (400, "invalid_request_error")
    assert message in said


def test_what_is_no_json_or_too_long_is_refused(client):
    assert error(client.post("/infill", content=b"{"))[0] == 400
    assert error(client.post("/infill", content=b" " * (9 << 20)))[0] == 413
    assert error(client.post("/v2/completions", json={}))[0] == 404
    assert error(client.get("/infill"))[0] == 405


@pytest.mark.parametrize("body", [{"prompt": ""}, {"prompt": "x" * 9000, "max_tokens": 9000}])
def test_texts_of_any_length_are_continued(client, backend, body):
    assert client.post("/v1/completions", json=body).status_code == 200
    request = backend.requests[-1]
    assert len(request.prompt_ids) + request.max_new_tokens <= 8192


def test_a_chat_needs_a_chat_model():
    client = client_of(lambda: NullBackend("x"))
    assert error(client.post("/v1/chat/completions", json=CHAT))[0] == 400


@pytest.mark.parametrize("header", ["", "Bearer ", "Bearer 0123456789abcdeX", f"Basic {KEY}"])
def test_without_the_token_nothing_is_answered(client, header):
    for path in ("/v1/models", "/nothing"):
        answer = client.get(path, headers={"Authorization": header})
        assert error(answer)[:2] == (401, "authentication_error")
        assert KEY not in answer.text


@pytest.mark.parametrize(
    ("host", "status"),
    [
        *(("127.0.0.1", 200), ("localhost:8000", 200), ("[::1]:8000", 200)),
        *(("evil.example", 403), ("127.0.0.1.evil.example:8000", 403), ("[::1", 403), ("", 403)),
        ("127.0.0.1@evil.example", 403),
    ],
)
def test_a_page_whose_name_leads_to_this_machine_is_refused(client, host, status):
    assert client.get("/v1/models", headers={"Host": host}).status_code == status


def test_a_page_of_another_origin_may_neither_ask_nor_read(client):
    page = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    preflight = client.options("/v1/completions", headers={**page, "Authorization": ""})
    assert preflight.status_code == 401
    answers = (preflight, client.get("/v1/models", headers=page))
    assert not [name for answer in answers for name in answer.headers if "allow-origin" in name]


@pytest.mark.parametrize(
    ("failure", "status"),
    [(ModelLoadingError, 503), (ModelServerError, 502), (ModelError, 500)],
)
def test_a_model_that_cannot_be_used_is_an_error(failure, status):
    def fail():
        raise failure("it is so; do this")

    answer = client_of(fail).post("/v1/completions", json={"prompt": "x"})
    assert error(answer) == (status, "server_error", "it is so; do this")


def test_a_failure_within_a_stream_is_its_last_event():
    class Breaking(NullBackend):
        def generate(self, request):
            yield Chunk("a", (1,))
            raise ModelServerError("it broke off")

    client = client_of(Breaking)
    *_, last, end = events(client.post("/v1/completions", json={"prompt": "x", "stream": True}))
    assert last["error"]["message"] == "it broke off"
    assert end == "[DONE]"


@pytest.mark.parametrize("stream", [False, True])
def test_a_client_that_hangs_up_ends_the_generation(stream):
    started, requests = threading.Event(), []

    class Endless(NullBackend):
        def generate(self, request):
            requests.append(request)
            while not request.cancel.is_cancelled:
                started.set()
                yield Chunk("a", (1,))
            yield Chunk("", finish_reason=FinishReason.CANCELLED)

    app = create_app(Endless, Settings(), KEY)
    content = json.dumps({"prompt": "x", "max_tokens": 9, "stream": stream}).encode()
    sent = iter([{"type": "http.request", "body": content, "more_body": False}])

    async def receive():
        if (message := next(sent, None)) is not None:
            return message
        await anyio.to_thread.run_sync(started.wait)
        return {"type": "http.disconnect"}

    async def send(_):
        pass

    headers = [(name.lower().encode(), value.encode()) for name, value in HEADERS.items()]
    scope = {"type": "http", "method": "POST", "path": "/v1/completions", "headers": headers}
    anyio.run(app, {**scope, "query_string": b""}, receive, send)
    assert requests[0].cancel.is_cancelled
