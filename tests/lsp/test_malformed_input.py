"""Whatever a client sends, the server answers as JSON-RPC and LSP ask, and goes on."""

import json

import pytest
from lsp_steps import URI, run

from assist_server.lsp.client import RequestError
from assist_server.lsp.framing import frame

PARSE_ERROR, INVALID_REQUEST, METHOD_NOT_FOUND = -32700, -32600, -32601
INVALID_PARAMS, NOT_INITIALIZED = -32602, -32002


def inline_params(**changes):
    params = {
        "textDocument": {"uri": URI},
        "position": {"line": 0, "character": 0},
        "context": {"triggerKind": 2},
    }
    return params | changes


def still_works(client):
    client.open(URI, "x = ")
    assert client.inline_completion(URI, 0, 4)[0]["insertText"] == "answer()"
    assert not client.seen("window/showMessage")


def code_of(client, request_id):
    with pytest.raises(RequestError) as caught:
        client.wait(request_id)
    assert caught.value.data in (None, {"isRefusal": True})  # no traceback
    return caught.value.code


REQUESTS = {
    "bad enum": ("textDocument/inlineCompletion", inline_params(context={"triggerKind": "x"})),
    "trigger kind of an old draft": (
        "textDocument/inlineCompletion",
        inline_params(context={"triggerKind": 0}),
    ),
    "missing field": ("textDocument/inlineCompletion", {"textDocument": {"uri": URI}}),
    "no params": ("textDocument/inlineCompletion", None),
    "params of another type": ("textDocument/codeAction", [1, 2]),
    "negative position": (
        "textDocument/inlineCompletion",
        inline_params(position={"line": -1, "character": 0}),
    ),
    "half a position": ("textDocument/inlineCompletion", inline_params(position={"line": 0})),
}


@pytest.mark.parametrize("name", REQUESTS)
def test_requests_with_bad_parameters(shared_client, name):
    method, params = REQUESTS[name]
    assert code_of(shared_client, shared_client.start_request(method, params)) == INVALID_PARAMS
    still_works(shared_client)


def test_a_character_beyond_32_bits_means_the_end_of_the_line(shared_client):
    shared_client.open(URI, "x = \ny")
    (item,) = shared_client.inline_completion(URI, 0, 2**32)
    assert item["range"]["start"] == {"line": 0, "character": 4}


@pytest.mark.parametrize("params", [None, {}, [1], {"a": {"jsonrpc": "2.0"}}])
def test_an_unknown_request(shared_client, params):
    assert (
        code_of(shared_client, shared_client.start_request("no/such", params)) == METHOD_NOT_FOUND
    )
    still_works(shared_client)


@pytest.mark.parametrize("message", [{"method": "$/foo"}, {"method": "no/such"}, {"method": 3}])
def test_unknown_notifications_are_ignored(shared_client, message):
    shared_client.send({"jsonrpc": "2.0", **message})
    still_works(shared_client)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"{nonsense", PARSE_ERROR),
        (b"\xff\xfe", PARSE_ERROR),
        (b"", PARSE_ERROR),
        (b"[" * 100_000, PARSE_ERROR),
        (b"[1, 2]", INVALID_REQUEST),
        (b"7", INVALID_REQUEST),
        (b"null", INVALID_REQUEST),
        (b'{"id": 99, "method": "shutdown"}', INVALID_REQUEST),
        (b'{"jsonrpc": "1.0", "id": 99, "method": "shutdown"}', INVALID_REQUEST),
        (b'{"jsonrpc": "2.0", "id": null, "method": "shutdown"}', INVALID_REQUEST),
        (b'{"jsonrpc": "2.0", "id": {}, "method": "shutdown"}', INVALID_REQUEST),
        (b'{"jsonrpc": "2.0", "id": true, "method": "shutdown"}', INVALID_REQUEST),
        (b'{"jsonrpc": "2.0", "id": 99, "method": 5}', INVALID_REQUEST),
    ],
)
def test_what_is_no_message_is_answered_with_an_error(shared_client, body, code):
    shared_client.send_bytes(frame(body))
    usable_id = 99 if b'"id": 99' in body else None
    assert code_of(shared_client, usable_id) == code
    still_works(shared_client)


@pytest.mark.parametrize(
    "header",
    [
        b"content-length: %d\r\n\r\n",
        b"CONTENT-LENGTH:%d\r\n\r\n",
        b"Content-Length:%d\n\n",
        b"Content-Length: %d\n\n",
        b"Content-Type: application/vscode-jsonrpc; charset=utf-8\r\nContent-Length: %d\r\n\r\n",
        b"X-Other: 1\r\nContent-Length: %d\r\n\r\n",
    ],
)
def test_sloppy_headers(shared_client, header):
    body = json.dumps(
        {"jsonrpc": "2.0", "id": "sloppy", "method": "no/such", "params": {}}
    ).encode()
    shared_client.send_bytes(header % len(body) + body)
    assert code_of(shared_client, "sloppy") == METHOD_NOT_FOUND
    still_works(shared_client)


@pytest.mark.parametrize("noise", [b"\r\n\r\n", b"hello\r\n\r\n", b"Content-Length: x\r\n\r\n"])
def test_noise_between_messages(shared_client, noise):
    shared_client.send_bytes(noise)
    still_works(shared_client)


def test_a_nested_key_called_jsonrpc_is_an_ordinary_key(shared_client):
    arguments = [URI, {"jsonrpc": "2.0", "line": 0, "character": 0}]
    params = {"command": "assist.document", "arguments": arguments}
    assert (
        code_of(shared_client, shared_client.start_request("workspace/executeCommand", params))
        == -32803
    )
    still_works(shared_client)


def test_changes_of_documents_that_are_not_open_are_ignored(shared_client):
    shared_client.change("file:///other.py", 2, [{"text": "x"}])
    shared_client.notify("textDocument/didClose", {"textDocument": {"uri": "file:///other.py"}})
    still_works(shared_client)


def test_before_initialize_and_after_shutdown(start):
    client = start(answer="answer()")
    early = client.start_request("textDocument/inlineCompletion", inline_params())
    assert code_of(client, early) == NOT_INITIALIZED
    client.open(URI, "ignored")
    client.initialize()
    again = client.start_request("initialize", {"processId": None, "capabilities": {}})
    assert code_of(client, again) == INVALID_REQUEST
    still_works(client)
    client.request("shutdown")
    late = client.start_request("textDocument/inlineCompletion", inline_params())
    assert code_of(client, late) == INVALID_REQUEST
    assert code_of(client, client.start_request("shutdown")) == INVALID_REQUEST
    client.notify("exit")
    assert client.process.wait(60) == 0


@pytest.mark.parametrize(
    "arguments", [None, [], [URI], [URI, "x"], [URI, {"line": 0}], [1, 2, 3, 4]]
)
def test_commands_with_bad_arguments(shared_client, arguments):
    params = {"command": "assist.document", "arguments": arguments}
    code = code_of(shared_client, shared_client.start_request("workspace/executeCommand", params))
    assert code == INVALID_PARAMS
    still_works(shared_client)


def test_an_unknown_command(shared_client):
    with pytest.raises(RequestError, match="no command"):
        run(shared_client, "assist.nothing")
    still_works(shared_client)
