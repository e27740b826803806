"""What is proposed in files that are not Python, or not written on this system."""

import pytest
from kinds_of_files import CALL, ELSEWHERE, NOTHING_KNOWN, SWITCHED_OFF
from neovim import scripted

KINDS = pytest.mark.parametrize("kind", ["builtin", "old"])
FILETYPES = {"COMMIT_EDITMSG": "gitcommit", "README.md": "markdown", "code.js": "javascript"}
ASKED_FOR = """
_G.records = nil
local uri = vim.uri_from_bufnr(0)
require("assist.client").execute("assist.why", { uri }, function(found) _G.records = found end)
"""


@pytest.fixture
def edit(start):
    """Opens a file of some name with a model that knows Python only, on a new last line."""

    def begin(name, kind, text="x = 1\n", options="", **script):
        command = scripted(CALL, languages=["python"], **script)
        editor = start(command, "x = 1\n", kind=kind, options=options)
        editor.until_ready()
        file = editor.file.with_name(name)
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        editor.nvim.command(f"edit {file}")
        editor.file = file
        editor.until(lambda: editor.lua("return #vim.lsp.get_clients({ bufnr = 0 })"), 1)
        editor.type("G", "o")
        return editor

    return begin


def outcome(editor):
    """Why the last answer was what it was; empty before there is one."""
    editor.lua(ASKED_FOR)
    records = editor.until(lambda: editor.lua("return _G.records ~= nil and { _G.records }"))[0]
    return records[-1]["outcome"] if records else ""


@KINDS
@pytest.mark.parametrize("name", ELSEWHERE)
def test_where_the_model_knows_nothing_it_is_silent_unless_asked(edit, name, kind):
    editor = edit(name, kind, ELSEWHERE[name])
    assert editor.lua("return vim.bo.filetype") == FILETYPES[name]
    editor.until(lambda: outcome(editor), NOTHING_KNOWN)
    assert editor.ghost() == ""
    editor.lua("require('assist').ask()")
    editor.until_ghost(CALL)
    editor.type("<Tab>")
    editor.until(lambda: editor.text()[-1], CALL)


@KINDS
def test_what_is_inserted_has_the_line_ends_of_the_file(edit, kind):
    text = ELSEWHERE["README.md"].replace("\n", "\r\n")
    editor = edit("README.md", kind, text)
    editor.lua("require('assist').ask()")
    editor.until_ghost(CALL)
    editor.type("<Tab>", "<Esc>")
    editor.until(lambda: editor.text()[-1], CALL)
    editor.nvim.command("write")
    assert editor.file.read_bytes() == f"{text}{CALL}\r\n".encode()


@KINDS
def test_a_python_file_beside_them_is_served_unasked(edit, kind):
    editor = edit("other.py", kind)
    editor.until_ghost(CALL)


@KINDS
def test_the_setting_of_languages_decides(edit, kind):
    options = "settings = { completion = { languages = { markdown = true, python = false } } },"
    editor = edit("README.md", kind, ELSEWHERE["README.md"], options)
    editor.until_ghost(CALL)
    editor.nvim.command("stopinsert")
    editor.nvim.command(f"edit! {editor.file.with_name('other.py')}")
    editor.until(lambda: editor.lua("return #vim.lsp.get_clients({ bufnr = 0 })"), 1)
    editor.type("i", "y = ")
    editor.until(lambda: outcome(editor), SWITCHED_OFF)
    assert editor.ghost() == ""
