from lsprotocol import types

from assist_server.context.cursor import CursorContext
from assist_server.engine.backend import NullBackend
from assist_server.features.inline_completion import complete
from assist_server.lsp.documents import DocumentStore, NotebookStore
from assist_server.settings import Settings

CODE, MARKUP = types.NotebookCellKind.Code, types.NotebookCellKind.Markup


def opened(*cells, on_close=lambda _: None):
    documents = DocumentStore(on_close)
    notebooks = NotebookStore(documents)
    listed = [types.NotebookCell(kind, f"cell:{i}") for i, (kind, _) in enumerate(cells)]
    items = [
        types.TextDocumentItem(f"cell:{i}", "python", 1, text) for i, (_, text) in enumerate(cells)
    ]
    notebook = types.NotebookDocument("book", "jupyter", 1, listed)
    notebooks.open(types.DidOpenNotebookDocumentParams(notebook, items))
    return documents, notebooks


def test_neighbours_are_the_code_cells_in_order():
    _, notebooks = opened((CODE, "a"), (MARKUP, "# Title"), (CODE, "b"), (CODE, "c"))
    assert notebooks.surrounding_cells("cell:2") == ("a\n\n", "\n\nc")
    assert notebooks.surrounding_cells("cell:3") == ("a\n\nb\n\n", "")  # the last one too
    assert notebooks.surrounding_cells("cell:1") == ("", "")
    assert notebooks.surrounding_cells("file:///other.py") == ("", "")


def test_the_model_sees_them():
    documents, notebooks = opened((CODE, "first = 1"), (CODE, "second = "), (CODE, "third"))
    snapshot = documents.get("cell:1")
    above, below = notebooks.surrounding_cells("cell:1")
    tokens = {"<|fim_prefix|>": 1, "<|fim_suffix|>": 2, "<|fim_middle|>": 3}
    backend = NullBackend(answer="x", special_ids=tokens, model_type="qwen2")
    complete(CursorContext(snapshot, 9, cells_above=above, cells_below=below), backend, Settings())
    shown = "".join(map(chr, backend.requests[0].prompt_ids))
    assert shown == "\x01\x02\n\nthird\x03first = 1\n\nsecond = "


def test_everything_is_forgotten_when_the_notebook_is_closed():
    documents, notebooks = opened((CODE, "a"), (CODE, "b"))
    identifiers = [types.TextDocumentIdentifier(f"cell:{i}") for i in range(2)]
    book = types.NotebookDocumentIdentifier("book")
    notebooks.close(types.DidCloseNotebookDocumentParams(book, identifiers))
    assert (len(documents), len(notebooks)) == (0, 0)


def changed(notebooks, **changes):
    book = types.VersionedNotebookDocumentIdentifier(2, "book")
    cells = types.NotebookDocumentCellChanges(**changes)
    change = types.NotebookDocumentChangeEvent(cells=cells)
    notebooks.change(types.DidChangeNotebookDocumentParams(book, change))


def test_a_cell_that_becomes_prose_is_no_neighbour_any_more():
    _, notebooks = opened((CODE, "prose"), (CODE, "b"), (MARKUP, "c"))
    cells = [types.NotebookCell(MARKUP, "cell:0"), types.NotebookCell(CODE, "cell:2")]
    changed(notebooks, data=cells)
    assert notebooks.surrounding_cells("cell:1") == ("", "\n\nc")


def test_cells_are_closed_one_by_one_or_all_at_once():
    closed = []
    _, notebooks = opened((CODE, "a"), (CODE, "b"), (CODE, "c"), on_close=closed.append)
    array = types.NotebookCellArrayChange(start=1, delete_count=1)
    gone = [types.TextDocumentIdentifier("cell:1")]
    changed(notebooks, structure=types.NotebookDocumentCellChangeStructure(array, did_close=gone))
    assert closed == ["cell:1"]
    notebooks.forget("book")
    assert closed == ["cell:1", "cell:0", "cell:2"]
    assert notebooks.surrounding_cells("cell:0") == ("", "")
