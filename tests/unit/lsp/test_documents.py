import asyncio
import logging

import pytest
from conversation import conversation
from lsp_steps import URI
from lsprotocol import types

from assist_server.engine.backend import NullBackend
from assist_server.lsp.documents import DocumentStore, display_path

NOTEBOOK, CELL = "file:///book.ipynb", "cell:1"
START = {"line": 0, "character": 0}


def opened(text="x = 1\n", version=1):
    store = DocumentStore()
    store.open(types.TextDocumentItem(URI, "python", version, text))
    return store


def whole(text):
    return types.TextDocumentContentChangeWholeDocument(text)


def test_a_change_of_nothing_has_a_version_too():
    store = opened()
    store.change(URI, 5, [])
    assert (store.get(URI).version, store.get(URI).text) == (5, "x = 1\n")


def test_the_editor_is_believed_when_its_version_goes_back_and_the_log_tells(caplog):
    store = opened(version=5)
    with caplog.at_level(logging.WARNING):
        store.change(URI, 5, [whole("same")])
        assert caplog.messages == []
        store.change(URI, 3, [whole("secret")])
    assert (store.get(URI).version, store.get(URI).text) == (3, "secret")
    assert caplog.messages == ["a document's version went back from 5 to 3"]


def test_closing_is_told():
    closed = []
    store = DocumentStore(closed.append)
    store.open(types.TextDocumentItem(URI, "python", 1, ""))
    store.close(URI)
    assert closed == [URI]


def talk(converse):
    async def play():
        async with conversation(NullBackend(answer="answer()")) as client:
            return await converse(client)

    return asyncio.run(play())


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"range": None, "text": "new"}, "new"),
        ({"range": None, "rangeLength": None, "text": "new"}, "new"),
        ({"range": {"start": START, "end": {"line": 0, "character": 2**31}}, "text": ""}, "\nb\n"),
        ({"range": {"start": START, "end": {"line": 2**40, "character": 0}}, "text": "c"}, "c"),
        (
            {"range": {"start": START, "end": {"line": 0, "character": 1.7e308}}, "text": ""},
            "\nb\n",
        ),
    ],
)
def test_changes_that_are_written_otherwise_are_read(change, text):
    async def converse(client):
        client.open("a\nb\n")
        client.change(2, change)
        await client.result(5, "assist.status")
        return client.server.documents.find(URI).text

    assert talk(converse) == text


UNREADABLE = [
    [{"range": {"start": START}, "text": "new"}],
    [{"range": {"start": START, "end": {"line": -1, "character": 0}}, "text": "new"}],
    [{"text": None}],
    [{}],
    [7],
    7,
]


@pytest.mark.parametrize("changes", UNREADABLE)
def test_after_a_change_that_cannot_be_read_there_are_no_answers_until_it_is_opened(changes):
    async def converse(client):
        client.open("x = ")
        client.notify(
            "textDocument/didChange",
            textDocument={"uri": URI, "version": 2},
            contentChanges=changes,
        )
        client.change(3, {"text": "y = "})
        assert await client.items(5, 0, 4) == []
        client.open("x = ")
        return await client.items(6, 0, 4)

    assert talk(converse)


@pytest.mark.parametrize("changes", UNREADABLE)
def test_cells_of_a_notebook_whose_change_cannot_be_read_are_forgotten(changes):
    async def converse(client):
        cells = [{"kind": 2, "document": CELL}]
        items = [{"uri": CELL, "languageId": "python", "version": 1, "text": "x = "}]
        book = {"uri": NOTEBOOK, "notebookType": "jupyter", "version": 1, "cells": cells}
        client.notify("notebookDocument/didOpen", notebookDocument=book, cellTextDocuments=items)
        assert await client.items(5, 0, 4, CELL)
        content = {"document": {"uri": CELL, "version": 2}, "changes": changes}
        client.notify(
            "notebookDocument/didChange",
            notebookDocument={"uri": NOTEBOOK, "version": 2},
            change={"cells": {"textContent": [content]}},
        )
        return await client.items(6, 0, 4, CELL)

    assert talk(converse) == []


HEAD = '{"jsonrpc":"2.0","method":"%s","params":'
UNREAD = [
    ("textDocument/didChange", '{"textDocument":{"uri":"' + URI + '"},"x":"', "x}]}}"),
    ("textDocument/didChange", '{"contentChanges":[{"text":"', '"}],"textDocument":{"uri":"u"}}}'),
    ("notebookDocument/didChange", '{"notebookDocument":{"uri":"' + NOTEBOOK + '"},"x":"', "x}]}}"),
    ("notebookDocument/didChange", '{"change":{"uri":"cell:other","x":"', 'x"}}}'),
]


@pytest.mark.parametrize(("method", "begun", "ended"), UNREAD)
@pytest.mark.parametrize("method_stands", ["before", "after"])
def test_after_a_change_that_was_not_read_there_are_no_answers(method, begun, ended, method_stands):
    async def converse(client):
        client.open("x = ")
        items = [{"uri": CELL, "languageId": "python", "version": 1, "text": "x = "}]
        cells = [{"kind": 2, "document": CELL}]
        book = {"uri": NOTEBOOK, "notebookType": "jupyter", "version": 1, "cells": cells}
        client.notify("notebookDocument/didOpen", notebookDocument=book, cellTextDocuments=items)
        uri = CELL if method.startswith("notebook") else URI
        assert await client.items(5, 0, 4, uri)
        head, end = HEAD % method + begun, ended
        if method_stands == "after":
            head, end = '{"params":' + begun, f'{ended[:-1]},"method":"{method}"}}'
        client.server.protocol.refuse_long(head.encode(), end.encode(), 70_000_000)
        return await client.items(6, 0, 4, uri)

    assert talk(converse) == []


def test_a_long_request_that_was_not_read_closes_nothing():
    async def converse(client):
        client.open("x = ")
        head = b'{"jsonrpc":"2.0","id":9,"method":"workspace/executeCommand","params":{"x":"'
        client.server.protocol.refuse_long(head, b'","id":7}}', 70_000_000)
        assert "70 MB" in (await client.answer(9))["error"]["message"]
        return await client.items(5, 0, 4)

    assert talk(converse)


@pytest.mark.parametrize("params", [None, 7, {}, {"textDocument": 7}, {"textDocument": {"uri": 7}}])
def test_a_change_of_nobody_knows_what_closes_nothing(params):
    async def converse(client):
        client.open("x = ")
        client.send(method="textDocument/didChange", params=params)
        return await client.items(5, 0, 4)

    assert talk(converse)


@pytest.mark.parametrize(
    ("root", "uri", "project", "path"),
    [
        ("file:///home/me/my%20shop", "file:///home/me/my%20shop/src/a.py", "my shop", "src/a.py"),
        ("file:///home/me/shop", "file:///home/me/other/a.py", "", "a.py"),
        ("file:///", "file:///etc/a.conf", "", "etc/a.conf"),
        (None, "file:///etc/a.conf", "", "a.conf"),
        ("file:///home/me/shop", "untitled:Untitled-1", "", "Untitled-1"),
    ],
)
def test_a_document_knows_its_place_in_the_project(root, uri, project, path):
    assert display_path(uri, root) == (project, path)
