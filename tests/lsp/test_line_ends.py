"""A model sees line feeds only, and what is inserted has the document's line ends."""

import pytest
from lsp_steps import URI, ready, run

from assist_server.lsp.client import CAPABILITIES

PLAIN = "class Stack:\n    def push(self, item):\n        \n    def pop(self):\n        pass\n"
ENDS = {
    "crlf": PLAIN.replace("\n", "\r\n"),
    "lone cr": PLAIN.replace("\n", "\r"),
    "mixed": PLAIN.replace("\n", "\r\n", 3),
    "form feed": "\f" + PLAIN[1:].replace("\n", "\r\n"),
}
ANSWER = "self.items.append(item)\n        return item"


def prompt_at(client, uri, line, character):
    items = client.inline_completion(uri, line, character)
    return items, run(client, "assist.why", uri, True)[0]["prompt"]


@pytest.fixture
def plain_prompt(start):
    def prompt(text, line):
        client = start(answer=ANSWER)
        client.initialize()
        ready(client)
        client.open(URI, text)
        return prompt_at(client, URI, line, 8)[1]

    return prompt


@pytest.mark.parametrize("ends", ENDS)
def test_the_prompt_is_the_one_of_line_feeds(start, plain_prompt, ends):
    client = start(answer=ANSWER)
    client.initialize()
    ready(client)
    client.open(URI, ENDS[ends])
    items, prompt = prompt_at(client, URI, 2, 8)
    is_page = ends == "form feed"  # which is shown as the empty line that it looks like
    assert prompt == plain_prompt("\n" + PLAIN[1:] if is_page else PLAIN, 2 + is_page)
    assert items[0]["range"]["start"] == {"line": 2, "character": 8}


@pytest.mark.parametrize(
    ("ends", "newline"), [("crlf", "\r\n"), ("lone cr", "\r"), ("mixed", "\r\n")]
)
def test_what_is_inserted_has_the_documents_line_ends(start, ends, newline):
    client = start(answer=ANSWER)
    client.initialize()
    client.open(URI, ENDS[ends])
    (item,) = client.inline_completion(URI, 2, 8)
    assert item["insertText"] == ANSWER.replace("\n", newline)


def test_edits_are_applied_to_the_text_that_the_editor_has(start):
    client = start(answer="answer()")
    client.initialize()
    client.open(URI, "a\rb\r\nc = ")
    after_cr, before_lf = ({"line": n, "character": c} for n, c in ((1, 0), (0, 1)))
    client.change(URI, 2, [{"range": {"start": after_cr, "end": after_cr}, "text": "\n"}])
    (item,) = client.inline_completion(URI, 2, 4)  # the \\r and the \\n are one line end now
    assert item["range"]["start"] == {"line": 2, "character": 4}
    client.change(URI, 3, [{"range": {"start": before_lf, "end": before_lf}, "text": "\n"}])
    (item,) = client.inline_completion(URI, 3, 4)
    assert item["range"]["start"] == {"line": 3, "character": 4}


def test_cells_of_a_notebook_are_shown_with_line_feeds(start):
    client = start(answer="answer()")
    client.initialize({**CAPABILITIES, "notebookDocument": {"synchronization": {}}})
    ready(client)
    texts = ("import os\r\nx = 1\r\n", "y = ")
    uris = [f"vscode-notebook-cell:/book.ipynb#{number}" for number in range(2)]
    cells = [{"kind": 2, "document": uri} for uri in uris]
    items = [
        {"uri": uri, "languageId": "python", "version": 1, "text": text}
        for uri, text in zip(uris, texts, strict=True)
    ]
    book = {"uri": "file:///book.ipynb", "notebookType": "jupyter", "version": 1, "cells": cells}
    params = {"notebookDocument": book, "cellTextDocuments": items}
    client.notify("notebookDocument/didOpen", params)
    _, prompt = prompt_at(client, uris[1], 0, 4)
    assert "import os\nx = 1\n" in prompt
    assert "\r" not in prompt


def test_documentation_and_summaries_keep_the_line_ends(start):
    client = start(answer="Put an item on top.")
    client.initialize()
    client.open(URI, ENDS["crlf"])
    run(client, "assist.document", URI, {"line": 1, "character": 8})
    whole = {"start": {"line": 0, "character": 0}, "end": {"line": 5, "character": 0}}
    run(client, "assist.insertSummary", URI, whole)
    texts = [edit["newText"] for one in client.applied_edits for edit in edits_of(one)]
    assert len(texts) >= 2
    for text in texts:
        assert text.count("\n") == text.count("\r\n") > 0
        assert text.count("\r") == text.count("\r\n")


def edits_of(workspace_edit):
    if "changes" in workspace_edit:
        return workspace_edit["changes"][URI]
    return workspace_edit["documentChanges"][0]["edits"]


def test_a_byte_order_mark_is_no_text(start):
    client = start(answer="import os")
    client.initialize()
    ready(client)
    client.open(URI, "\ufeff")
    items, prompt = prompt_at(client, URI, 0, 1)
    assert "\ufeff" not in prompt
    assert items[0]["insertText"] == "import os"
    assert items[0]["range"]["start"] == {"line": 0, "character": 1}
