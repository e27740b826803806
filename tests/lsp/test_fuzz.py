"""Thousands of messages that were changed at random: each request is answered once."""

import json
import random
from collections import Counter

import pytest
from lsp_steps import URI, inline_params, ready

from assist_server.lsp.framing import frame

ROUNDS, MESSAGES = 5, 500
TEXT = "def add(a, b):\n    return a + b\n\n\nclass Thing:\n    x = 1\n"
PLACE = {"line": 1, "character": 4}
AREA = {"start": {"line": 0, "character": 0}, "end": {"line": 3, "character": 0}}
DOCUMENT = {"textDocument": {"uri": URI}}
ITEM = {"uri": URI, "languageId": "python", "version": 1, "text": TEXT}
CELL = {"kind": 2, "document": "cell:1"}
REQUESTS = [
    ("textDocument/inlineCompletion", inline_params(1, 4)),
    ("textDocument/completion", {**DOCUMENT, "position": PLACE}),
    ("textDocument/codeAction", {**DOCUMENT, "range": AREA, "context": {"diagnostics": []}}),
    ("workspace/executeCommand", {"command": "assist.document", "arguments": [URI, PLACE]}),
    ("workspace/executeCommand", {"command": "assist.summarize", "arguments": [URI, AREA]}),
    ("workspace/executeCommand", {"command": "assist.why", "arguments": [URI, True]}),
    ("workspace/executeCommand", {"command": "assist.status"}),
    ("initialize", {"processId": None, "rootUri": None, "capabilities": {}}),
    ("no/such", [1, 2]),
]
NOTIFICATIONS = [
    ("textDocument/didOpen", {"textDocument": ITEM}),
    (
        "textDocument/didChange",
        {
            "textDocument": {"uri": URI, "version": 2},
            "contentChanges": [{"range": {"start": PLACE, "end": PLACE}, "text": "y"}],
        },
    ),
    ("textDocument/didClose", DOCUMENT),
    (
        "notebookDocument/didOpen",
        {
            "notebookDocument": {
                "uri": "book:1", "notebookType": "x", "version": 1, "cells": [CELL]
            },
            "cellTextDocuments": [{**ITEM, "uri": "cell:1"}],
        },
    ),
    ("workspace/didChangeConfiguration", {"settings": {"assist": {"device": "cpu"}}}),
    ("window/workDoneProgress/cancel", {"token": "assist-1"}),
    ("$/cancelRequest", {"id": 1}),
    ("$/setTrace", {"value": "verbose"}),
]  # fmt: skip
ODD_VALUES = [
    None, True, False, 0, -1, 2**31, 2**63, 10**400, 1.5, float("nan"), "", "x", "\0", "\ud800",
    "é" * 300, [], {}, [[]], {"": {}}, ["x"] * 50, {"uri": URI}, URI, "file://", "%", "\u202e",
]  # fmt: skip


def places(value, path=()):
    """The path of every value in a JSON value."""
    yield path
    pairs = value.items() if isinstance(value, dict) else []
    pairs = enumerate(value) if isinstance(value, list) else pairs
    for key, inner in pairs:
        yield from places(inner, (*path, key))


def changed(value, path, change):
    if not path:
        return change(value)
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = changed(copy[path[0]], path[1:], change)
    return copy


def mutate(rng, params):
    """A value elsewhere, of another type, missing, or there twice."""
    path = rng.choice(list(places(params)))
    odd = rng.choice(ODD_VALUES)
    kind = rng.randrange(4)
    if kind == 0 and path:
        return changed(params, path[:-1], lambda value: without(value, path[-1]))
    if kind == 1:
        return changed(params, path, lambda value: [value, value])
    if kind == 2:
        return changed(params, path, lambda value: {"": value, "more": odd})
    return changed(params, path, lambda _: odd)


def without(value, key):
    pairs = value.items() if isinstance(value, dict) else enumerate(value)
    kept = [(other, inner) for other, inner in pairs if other != key]
    return dict(kept) if isinstance(value, dict) else [inner for _, inner in kept]


def garbled(rng, body):
    """The bytes of a message with some of them changed, so that it is probably none."""
    data = bytearray(body)
    for _ in range(rng.randrange(1, 6)):
        place = rng.randrange(len(data))
        data[place : place + rng.randrange(3)] = rng.randbytes(rng.randrange(3))
    return bytes(data)


def send_some(client, rng, first):
    """Send mutated messages; the ids that must be answered."""
    ids = []
    for number in range(first, first + MESSAGES):
        is_request, is_garbled = rng.random() < 0.6, rng.random() < 0.1
        method, params = rng.choice(REQUESTS if is_request else NOTIFICATIONS)
        for _ in range(rng.randrange(3)):
            params = mutate(rng, params)
        message = {"jsonrpc": "2.0", "method": method, "params": params}
        if is_request:
            message["id"] = f"garbled {number}" if is_garbled else number
        body = json.dumps(message).encode()
        client.send_bytes(frame(garbled(rng, body) if is_garbled else body))
        if is_request and not is_garbled:
            ids.append(number)
    return ids


def count_answers(client):
    """How often each id is answered from now on."""
    counts, receive = Counter(), client._receive

    def counting(message):
        if "method" not in message:
            counts[message["id"]] += 1
        receive(message)

    client._receive = counting
    return counts


@pytest.mark.parametrize("seed", [1, 2])
def test_mutated_messages(start, server_log, seed):
    client = start(answer="answer(x)")
    client.initialize()
    ready(client)
    rng, counts = random.Random(seed), count_answers(client)  # noqa: S311 - repeatable, not secret
    for first in range(1_000, 1_000 + ROUNDS * MESSAGES, MESSAGES):
        ids = send_some(client, rng, first)
        client.wait_until(lambda ids=ids: all(number in client._answers for number in ids), 120)
        assert {counts[number] for number in ids} == {1}
    client.open("file:///fine.py", "x = ")
    assert client.inline_completion("file:///fine.py", 0, 4)
    for words in ("Traceback", "a handler failed", "internal error"):
        assert words not in server_log()
    assert client.shut_down() == 0
