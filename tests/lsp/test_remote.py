"""The real server with a model on another server."""

import json
import subprocess
import sys

import pytest
from fake_model_server import fake_model_server
from lsp_steps import URI, inline_params, ready, run
from memory_keyring import IN_PROCESS

from assist_server.lsp.client import CAPABILITIES, SERVER_COMMAND, LspClient

WITH_STATUS = {**CAPABILITIES, "experimental": {"assistStatus": True}}
TEXT = "def add(a, b):\n    return \n"
OPENS = """
import sys
from assist_server.engine.backend import ModelChoice
from assist_server.engine.loading.open_backend import open_backend
from assist_server.settings import RemoteSettings
backend = open_backend(ModelChoice("embedded", remote=RemoteSettings(url=sys.argv[1])))
backend.encode("x")
backend.close()
print(sorted({"torch", "transformers", "numpy", "tokenizers"} & sys.modules.keys()))
"""


@pytest.fixture
def serve(tmp_path):
    """Start the server with settings from an editor; nothing else is set."""
    clients = []

    def start(capabilities=CAPABILITIES, **remote):
        log = (tmp_path / "server.log").open("wb")
        client = LspClient(
            SERVER_COMMAND,
            env={
                "XDG_CONFIG_HOME": str(tmp_path),
                "MY_KEY": "sk-123",
                "KEY_IN_MEMORY_KEYRING": "sk-123",
                **IN_PROCESS,
            },
            stderr=log.fileno(),
        )
        clients.append((client, log))
        client.initialize(capabilities, {"remote": remote, "log": {"level": "debug"}})
        return client

    yield start
    for client, log in clients:
        client.__exit__(None, None, None)
        log.close()


def phases(client):
    """The phases that the server has told, each with its message."""
    return [(note["phase"], note["message"]) for note in client.seen("assist/status")]


def is_ready_again(client):
    told = [phase for phase, _ in phases(client)]
    return "failed" in told and told[-1] == "ready"


@pytest.mark.parametrize(
    ("kind", "key"), [("llama", {"key_variable": "MY_KEY"}), ("openai", {"key_in_keyring": True})]
)
def test_an_editor_is_served_and_the_host_is_named(serve, tmp_path, kind, key):
    with fake_model_server(kind, "a + b") as server:
        server.key = "sk-123"
        client = serve(url=server.url, **key)
        ready(client)
        client.open(URI, TEXT)
        items = client.request("textDocument/inlineCompletion", inline_params(1, 11))["items"]
        assert [item["insertText"] for item in items] == ["a + b"]
        status = run(client, "assist.status")
        assert status["host"] == f"127.0.0.1:{server.port}"
        assert status["host"] in status["reasons"][0]
        [why] = run(client, "assist.why", URI, True)
        assert why["model"].endswith(f" at {status['host']}")
        assert "def add(a, b):" in why["prompt"]
        log = (tmp_path / "server.log").read_text()
        assert "sk-123" not in log + json.dumps([client.notifications, status, why])
        assert "def add" not in log


def test_what_is_for_text_alone_gets_nothing_while_somebody_types(start, server_log):
    with fake_model_server("openai", "It adds two numbers.") as server:
        client = start(answer="a + b")
        client.initialize(WITH_STATUS, {"remote": {"url": server.url, "used_for": "text"}})
        ready(client)
        client.open(URI, TEXT)
        assert client.inline_completion(URI, 1, 11)[0]["insertText"] == "a + b"
        invoked = {**inline_params(1, 11), "context": {"triggerKind": 1}}
        assert client.request("textDocument/inlineCompletion", invoked)["items"]
        run(client, "assist.document", URI, {"line": 0, "character": 5})
        status, host = run(client, "assist.status"), f"127.0.0.1:{server.port}"
        assert (status["host"], status["text_model"]) == (None, f"model at {host}")
        assert {why["model"] for why in run(client, "assist.why", URI)} == {"embedded"}
        assert server.requests == []
        whole = {"start": {"line": 0, "character": 0}, "end": {"line": 1, "character": 11}}
        found = run(client, "assist.task", "explain", URI, whole)
        assert found["text"] == "It adds two numbers."
        assert run(client, "assist.status")["text_model"] == f"coder at {host}"
        asked = len(server.requests)
        client.change(URI, 2, [{"text": f"{TEXT}\ndef sub(a, b):\n    return \n"}])
        assert client.inline_completion(URI, 4, 11)[0]["insertText"] == "a + b"
        assert len(server.requests) == asked
        assert "add" not in server_log()


def test_no_tensor_library_is_imported():
    with fake_model_server("llama") as server:
        done = subprocess.run(
            [sys.executable, "-c", OPENS, server.url], capture_output=True, check=True
        )
    assert done.stdout.strip() == b"[]"


def test_the_document_is_not_sent_to_learn_drafts_from_it(serve):
    with fake_model_server("llama", "a + b") as server:
        client = serve(url=server.url)
        ready(client)
        far = "\n".join(f"unrelated_{number} = {number}" for number in range(900))
        client.open(URI, f"{TEXT}\n{far}\n")
        client.request("textDocument/inlineCompletion", inline_params(1, 11))
        server.wait_for("/completion", 2)  # the second is prefetched
        assert "unrelated_899" not in json.dumps(server.bodies("/tokenize"))


def test_a_server_that_is_not_there_is_one_message(serve):
    with fake_model_server("llama") as server:
        url = server.url
    client = serve(url=url)
    client.wait_until(lambda: client.seen("window/showMessage"))
    client.open(URI, TEXT)
    assert client.inline_completion(URI, 1, 11) == []
    [shown] = client.seen("window/showMessage")
    assert f"no server answers at {url.removeprefix('http://')}" in shown["message"]


def test_a_server_that_starts_later_is_used(serve):
    with fake_model_server("llama") as server:
        port, url = server.port, server.url
    client = serve(WITH_STATUS, url=url)
    client.wait_until(lambda: "failed" in dict(phases(client)))
    with fake_model_server("llama", "a + b", port=port):
        client.wait_until(lambda: is_ready_again(client))
        client.open(URI, TEXT)
        assert client.inline_completion(URI, 1, 11)[0]["insertText"] == "a + b"


def test_a_server_that_goes_away_is_reported_and_found_again(serve):
    with fake_model_server("llama", "a + b") as server:
        client = serve(WITH_STATUS, url=server.url)
        ready(client)
    client.open(URI, TEXT)
    assert client.inline_completion(URI, 1, 11) == []
    [why] = run(client, "assist.why", URI)
    assert why["outcome"] == "failed"
    assert f"127.0.0.1:{server.port}" in why["detail"]
    assert run(client, "assist.status")["phase"] == "failed"
    with fake_model_server("llama", "a + b", port=server.port):
        client.wait_until(lambda: is_ready_again(client))
        assert client.inline_completion(URI, 1, 11)[0]["insertText"] == "a + b"


def test_a_newer_request_closes_the_stream_of_the_older(serve):
    with fake_model_server("llama", "a + b") as server:
        client = serve(url=server.url, timeout_ms=60_000)
        ready(client)
        client.open(URI, TEXT)
        server.holds_after = 0
        first = client.start_request("textDocument/inlineCompletion", inline_params(1, 11))
        server.wait_for("/completion")
        end = {"line": 1, "character": 11}
        client.change(URI, 2, [{"range": {"start": end, "end": end}, "text": "x"}])
        client.start_request("textDocument/inlineCompletion", inline_params(1, 12))
        client.wait(first)
        assert server.closed.wait(20)
