"""Where text and key go, and what is quoted."""

import threading

import pytest
from fake_model_server import fake_model_server

from assist_server.engine.remote.remote_backend import RemoteBackend
from assist_server.engine.request import GenerationRequest, collect
from assist_server.errors import ModelError, ModelServerError
from assist_server.settings import RemoteSettings


def generated(backend):
    return collect(backend.generate(GenerationRequest((150,), 20)))


def test_a_redirect_is_not_followed(llama, open_remote, monkeypatch):
    monkeypatch.setenv("MY_KEY", "sk-123")
    with fake_model_server("llama") as elsewhere:
        place = {"Location": f"{elsewhere.url}/props"}
        llama.failures["/props"] = lambda handler: handler.give({}, 307, **place)
        with pytest.raises(ModelServerError, match=f"elsewhere .*{elsewhere.port}"):
            open_remote(llama, key_variable="MY_KEY")
        assert elsewhere.requests == []


class LettingGo:
    """A thread that is let go when somebody waits for its end."""

    def __init__(self, thread, gate):
        self.thread, self.gate = thread, gate

    def join(self):
        self.gate.set()
        self.thread.join()


def test_what_begins_while_the_connection_closes_is_ended(llama, open_remote):
    connection = open_remote(llama)._connection
    gate = threading.Event()
    connection._loop.call_soon_threadsafe(gate.wait)
    connection._thread = LettingGo(connection._thread, gate)
    events = connection.stream("/completion", {})
    assert next(events) is None  # begun, but the loop did not come to it
    connection.close()
    with pytest.raises(ModelError, match="unloaded"):
        next(events)
    with pytest.raises(ModelError, match="unloaded"):
        connection.get("/props")


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
    with pytest.raises(ModelServerError, match=r"key that remote\.key_variable or") as refused:
        open_remote(llama, key_variable="MY_KEY")
    assert "sk-" not in str(refused.value)


def test_no_part_of_the_key_is_left_where_a_message_is_cut(llama, open_remote, monkeypatch):
    monkeypatch.setenv("MY_KEY", "sk-123")
    llama.failures["/props"] = lambda handler: handler.give({"error": "x" * 197 + "sk-123"}, 500)
    with pytest.raises(ModelServerError) as refused:
        open_remote(llama, key_variable="MY_KEY")
    assert "xxx(ke" in str(refused.value)
    assert "sk-" not in str(refused.value)


def test_of_a_redirection_only_the_host_is_quoted(llama, open_remote):
    place = f"https://me:hunter2@elsewhere.org:8/{'x' * 999}"
    llama.failures["/props"] = lambda handler: handler.give({}, 307, Location=place)
    with pytest.raises(ModelServerError, match=r"\(307: elsewhere\.org:8\)"):
        open_remote(llama)
    llama.failures["/props"] = lambda handler: handler.give({}, 500, Location=place)
    with pytest.raises(ModelServerError, match=r"failed \(500\)"):
        open_remote(llama)
    llama.failures.clear()
    backend = open_remote(llama)
    llama.failures["/tokenize"] = lambda handler: handler.give({}, 307, Location=place)
    with pytest.raises(ModelServerError, match=r"elsewhere \(307\)"):
        backend.encode("my text")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ALL_PROXY", "socks5://me:hunter2@proxy:1"),
        ("HTTPS_PROXY", "foo://me:hunter2@proxy"),
        ("SSL_CERT_FILE", "/nowhere/hunter2"),
    ],
)
def test_a_proxy_that_cannot_be_used_is_one_sentence_and_leaves_no_thread(name, value, monkeypatch):
    monkeypatch.setenv(name, value)
    before = threading.active_count()
    with pytest.raises(ModelError, match=name) as refused:
        RemoteBackend.open(RemoteSettings(url="https://a.invalid"))
    assert "hunter2" not in str(refused.value)
    assert threading.active_count() == before


def test_a_proxy_is_not_used_for_this_machine(llama, open_remote, monkeypatch):
    with fake_model_server("llama") as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        assert generated(open_remote(llama)).text == "answer()"
        assert proxy.requests == []
