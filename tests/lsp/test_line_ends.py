"""A model sees line feeds only, and what is inserted has the document's line ends."""

import json
import sys
from pathlib import Path

import pytest
from forked_server import ForkedServer
from lsp_steps import URI, ready, run, text_params

from assist_server.lsp.client import CAPABILITIES, LspClient

SCRIPTED_SERVER = Path(__file__).parent.parent / "support" / "scripted_server.py"

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


def test_alternatives_have_the_documents_line_ends(start):
    other = "self.items += [item]\n        return len(self.items)"
    client = start(answer=ANSWER, drawn=[other])
    client.initialize()
    client.open(URI, ENDS["crlf"])
    texts = [item["insertText"] for item in client.inline_completion(URI, 2, 8)]
    assert texts == [ANSWER.replace("\n", "\r\n"), other.replace("\n", "\r\n")]


def test_the_menu_has_the_documents_line_ends(start):
    client = start(answer=ANSWER)
    client.initialize({"textDocument": {"completion": {}}})
    ready(client)
    client.open(URI, ENDS["crlf"].replace("        \r\n", "        self.it\r\n"))
    (item,) = client.request("textDocument/completion", text_params(2, 15))["items"]
    assert item["textEdit"]["newText"].count("\n") == item["textEdit"]["newText"].count("\r\n")
    assert item["textEdit"]["range"]["start"]["line"] == 2


def test_a_cell_of_a_notebook_keeps_its_line_ends(start):
    client = start(answer=ANSWER)
    client.initialize({**CAPABILITIES, "notebookDocument": {"synchronization": {}}})
    uri = "vscode-notebook-cell:/book.ipynb#0"
    cells = [{"kind": 2, "document": uri}]
    item = {"uri": uri, "languageId": "python", "version": 1, "text": ENDS["crlf"]}
    book = {"uri": "file:///b.ipynb", "notebookType": "jupyter", "version": 1, "cells": cells}
    client.notify(
        "notebookDocument/didOpen", {"notebookDocument": book, "cellTextDocuments": [item]}
    )
    (shown,) = client.inline_completion(uri, 2, 8)
    assert shown["insertText"] == ANSWER.replace("\n", "\r\n")


@pytest.mark.parametrize(("first", "second"), [("crlf", "\n"), ("plain", "\r\n")])
def test_a_document_may_switch_its_line_ends(start, first, second):
    client = start(answer=ANSWER)
    client.initialize()
    client.open(URI, ENDS.get(first, PLAIN))
    client.inline_completion(URI, 2, 8)
    client.change(URI, 2, [{"text": PLAIN.replace("\n", second)}])
    (item,) = client.inline_completion(URI, 2, 8)
    assert item["insertText"] == ANSWER.replace("\n", second)


@pytest.mark.parametrize(("first", "second"), [("\r\n", "\n"), ("\n", "\r\n")])
def test_a_document_may_switch_its_line_ends_by_edits(start, first, second):
    client = start(answer=ANSWER)
    client.initialize()
    client.open(URI, PLAIN.replace("\n", first))
    client.inline_completion(URI, 2, 8)
    changes = [
        {"range": {"start": end_of(n), "end": {"line": n + 1, "character": 0}}, "text": second}
        for n in range(PLAIN.count("\n"))
    ]
    client.change(URI, 2, changes)
    (item,) = client.inline_completion(URI, 2, 8)
    assert item["insertText"] == ANSWER.replace("\n", second)


def end_of(line):
    return {"line": line, "character": len(PLAIN.split("\n")[line])}


def test_a_byte_order_mark_before_crlf(start, plain_prompt):
    client = start(answer=ANSWER)
    client.initialize()
    ready(client)
    client.open(URI, "\ufeff" + ENDS["crlf"])
    items, prompt = prompt_at(client, URI, 2, 8)
    assert prompt == plain_prompt(PLAIN, 2)
    assert items[0]["insertText"] == ANSWER.replace("\n", "\r\n")
    assert items[0]["range"]["start"] == {"line": 2, "character": 8}


@pytest.mark.parametrize(
    ("name", "language"),
    [
        ("a.js", "javascript"),
        ("a.go", "go"),
        ("a.c", "c"),
        ("a.lua", "lua"),
        ("a.md", "markdown"),
        ("a.yaml", "yaml"),
    ],
)
@pytest.mark.parametrize("text", ["", "\ufeff", "\r\n", "\ufeff\r\n"])
def test_an_empty_file_begins_at_the_margin(start_shared, name, language, text):
    client, uri = start_shared, f"file:///project/{len(text)}{ord(text[:1] or '0')}{name}"
    client.open(uri, text, language)
    items, prompt = prompt_at(client, uri, 0, int(text.startswith("\ufeff")))
    assert "\ufeff" not in prompt
    assert [item["insertText"] for item in items] == ["a = b;"]


@pytest.fixture(scope="module")
def start_shared():
    command = (sys.executable, str(SCRIPTED_SERVER), json.dumps({"answer": "        a = b;"}))
    with LspClient(command, popen=ForkedServer) as client:
        client.initialize()
        ready(client)
        yield client
