from lsp_steps import ready

from assist_server.lsp.client import CAPABILITIES

NOTEBOOK = "file:///project/book.ipynb"
CAPABLE = {**CAPABILITIES, "notebookDocument": {"synchronization": {}}}


def cell_uri(number):
    return f"vscode-notebook-cell:/project/book.ipynb#{number}"


def open_notebook(client, *texts):
    cells = [{"kind": 2, "document": cell_uri(number)} for number in range(len(texts))]
    items = [
        {"uri": cell_uri(number), "languageId": "python", "version": 1, "text": text}
        for number, text in enumerate(texts)
    ]
    document = {"uri": NOTEBOOK, "notebookType": "jupyter", "version": 1, "cells": cells}
    params = {"notebookDocument": document, "cellTextDocuments": items}
    client.notify("notebookDocument/didOpen", params)


def change_notebook(client, cells):
    document = {"uri": NOTEBOOK, "version": 2}
    params = {"notebookDocument": document, "change": {"cells": cells}}
    client.notify("notebookDocument/didChange", params)


def test_cells_are_documents(start):
    client = start(answer="answer()")
    capabilities = client.initialize(CAPABLE)["capabilities"]
    assert "notebookDocumentSync" in capabilities
    ready(client)
    open_notebook(client, "import os\n", "x = ")
    assert client.inline_completion(cell_uri(1), 0, 4)[0]["insertText"] == "answer()"

    place = {"line": 0, "character": 4}
    content = {
        "document": {"uri": cell_uri(1), "version": 2},
        "changes": [{"range": {"start": place, "end": place}, "text": "f"}],
    }
    change_notebook(client, {"textContent": [content]})
    (item,) = client.inline_completion(cell_uri(1), 0, 5)
    assert item["range"]["start"] == {"line": 0, "character": 5}

    structure = {
        "array": {"start": 0, "deleteCount": 1, "cells": []},
        "didClose": [{"uri": cell_uri(0)}],
    }
    change_notebook(client, {"structure": structure})
    assert client.inline_completion(cell_uri(0), 0, 0) == []

    closing = {
        "notebookDocument": {"uri": NOTEBOOK},
        "cellTextDocuments": [{"uri": cell_uri(1)}],
    }
    client.notify("notebookDocument/didClose", closing)
    assert client.inline_completion(cell_uri(1), 0, 4) == []
