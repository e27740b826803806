"""What a relay keeps of an editor's documents, beside what the server has of them."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lsprotocol import types

from assist_server.lsp.documents import DocumentStore
from assist_server.lsp.lenient_converter import lenient_converter
from assist_server.lsp.relay.documents import OpenDocuments
from assist_server.text.lines import PositionEncoding

CONVERTER = lenient_converter()
TEXTS = st.text(alphabet="ab\n\r😀é", max_size=12)
NUMBERS = st.integers(0, 8) | st.integers(0, 8).map(float)
PLACES = st.builds(lambda line, at: {"line": line, "character": at}, NUMBERS, NUMBERS)
RANGES = st.builds(lambda start, end: {"start": start, "end": end}, PLACES, PLACES)
CHANGES = st.one_of(
    st.builds(lambda text: {"text": text}, TEXTS),
    st.builds(lambda text: {"range": None, "text": text}, TEXTS),
    st.builds(lambda range_, text: {"range": range_, "text": text}, RANGES, TEXTS),
)


def item(uri, text):
    return {"uri": uri, "languageId": "python", "version": 1, "text": text}


def opened(documents):
    """The notifications for another server, by method and URI."""
    return {
        (note["method"], next(iter(note["params"].values()))["uri"]): note["params"]
        for note in documents.opening()
    }


@given(
    text=TEXTS,
    changes=st.lists(CHANGES, max_size=8),
    encoding=st.sampled_from(PositionEncoding),
)
def test_a_relay_has_the_text_that_the_server_has(text, changes, encoding):
    relayed, store = OpenDocuments(), DocumentStore()
    relayed.encoding = store.encoding = encoding
    relayed.note("textDocument/didOpen", {"textDocument": item("a", text)})
    store.open(types.TextDocumentItem("a", "python", 1, text))
    params = {"textDocument": {"uri": "a", "version": 7}, "contentChanges": changes}
    relayed.note("textDocument/didChange", params)
    known = CONVERTER.structure(params, types.DidChangeTextDocumentParams)
    store.change("a", 7, known.content_changes)
    found = opened(relayed)["textDocument/didOpen", "a"]["textDocument"]
    assert found == item("a", store._documents["a"].text) | {"version": 7}


def test_a_document_that_was_closed_or_not_understood_is_forgotten():
    documents = OpenDocuments()
    for uri in ("closed", "broken", "kept"):
        documents.note("textDocument/didOpen", {"textDocument": item(uri, "x")})
    documents.note("textDocument/didClose", {"textDocument": {"uri": "closed"}})
    change = {"textDocument": {"uri": "broken", "version": 2}, "contentChanges": [{"text": 1}]}
    documents.note("textDocument/didChange", change)
    documents.note("textDocument/didChange", None)
    documents.note("workspace/other", [])
    assert set(opened(documents)) == {("textDocument/didOpen", "kept")}


def test_notebooks_keep_the_order_of_their_cells_and_the_cells_their_texts():
    documents = OpenDocuments()
    cell = {name: {"kind": 2, "document": name} for name in "abc"}
    notebook = {"uri": "n", "version": 1, "notebookType": "jupyter", "cells": [cell["a"]]}
    texts = [item("a", "one")]
    documents.note("textDocument/didOpen", {"textDocument": item("file", "x")})
    documents.note(
        "notebookDocument/didOpen", {"notebookDocument": notebook, "cellTextDocuments": texts}
    )
    structure = {
        "array": {"start": 1, "deleteCount": 0, "cells": [cell["b"], cell["c"]]},
        "didOpen": [item("b", "two"), item("c", "three")],
    }
    removal = {"array": {"start": 2, "deleteCount": 1}, "didClose": [{"uri": "c"}]}
    end = {"start": {"line": 0, "character": 3}, "end": {"line": 0, "character": 3}}
    content = {"document": {"uri": "b", "version": 2}, "changes": [{"range": end, "text": "!"}]}
    markdown = {"kind": 1, "document": "a"}
    for number, cells in enumerate(
        ({"structure": structure}, {"structure": removal}, {"textContent": [content]}), 2
    ):
        change = {"notebookDocument": {"uri": "n", "version": number}, "change": {"cells": cells}}
        documents.note("notebookDocument/didChange", json.loads(json.dumps(change)))
    change = {
        "notebookDocument": {"uri": "n", "version": 5},
        "change": {"cells": {"data": [markdown]}},
    }
    documents.note("notebookDocument/didChange", change)
    found = opened(documents)
    assert set(found) == {("textDocument/didOpen", "file"), ("notebookDocument/didOpen", "n")}
    params = found["notebookDocument/didOpen", "n"]
    assert params["notebookDocument"]["cells"] == [markdown, cell["b"]]
    assert params["notebookDocument"]["version"] == 5
    assert [each["text"] for each in params["cellTextDocuments"]] == ["one", "two!"]
    closing = {"notebookDocument": {"uri": "n"}, "cellTextDocuments": [{"uri": "a"}, {"uri": "b"}]}
    documents.note("notebookDocument/didClose", closing)
    assert set(opened(documents)) == {("textDocument/didOpen", "file")}


@pytest.mark.parametrize("cell", [{"kind": 2}, {"kind": 2, "document": ["a"]}, 7])
def test_a_notebook_whose_cells_have_no_documents_is_forgotten(cell):
    documents = OpenDocuments()
    texts = {"cellTextDocuments": []}
    for uri, cells in (("broken", [cell]), ("changed", [])):
        notebook = {"uri": uri, "version": 1, "notebookType": "jupyter", "cells": cells}
        documents.note("notebookDocument/didOpen", {"notebookDocument": notebook, **texts})
    structure = {"array": {"start": 0, "deleteCount": 0, "cells": [cell]}}
    change = {"cells": {"structure": structure}}
    notebook = {"uri": "changed", "version": 2}
    documents.note("notebookDocument/didChange", {"notebookDocument": notebook, "change": change})
    assert opened(documents) == {}
