"""Keys without ghost text do what they did before."""

import pytest
from neovim import scripted

KINDS = pytest.mark.parametrize("kind", ["builtin", "old"])
TAB_MAPPINGS = {
    "expression": "vim.keymap.set('i', '<Tab>', function() return '<Esc>ione' end, {expr=true})",
    "old-style": "vim.cmd([[inoremap <expr> <Tab> 'o' .. 'ne']])",
    "function": "vim.keymap.set('i', '<Tab>', function() vim.api.nvim_put({'one'},'c',false,true) end)",
    "keys": "vim.keymap.set('i', '<Tab>', 'one')",
    "remapped": "vim.keymap.set('i', '<C-b>', 'one') vim.cmd('imap <Tab> <C-b>')",
    "local": "vim.keymap.set('i', '<Tab>', 'one', { buffer = true })",
}


def without_ghost(start, kind="builtin", options="", mapping=""):
    editor = start(scripted(""), "", options, kind)
    if mapping:
        editor.lua(mapping)
    editor.until_ready()
    editor.until(lambda: "i" == editor.lua("vim.cmd.startinsert() return vim.fn.mode()"))
    return editor


@KINDS
def test_tab_is_a_tab_where_it_was_one(start, kind):
    editor = without_ghost(start, kind)
    editor.type("a", "<Tab>", "b")
    editor.until(editor.text, ["a   b"])


@KINDS
@pytest.mark.parametrize("mapping", TAB_MAPPINGS.values(), ids=TAB_MAPPINGS)
def test_an_earlier_mapping_of_tab_still_works(start, kind, mapping):
    editor = without_ghost(start, kind, mapping=mapping)
    editor.type("<Tab>")
    editor.until(editor.text, ["one"])


@KINDS
def test_the_other_keys_fall_through_as_well(start, kind):
    editor = without_ghost(start, kind, mapping="vim.keymap.set('i', '<M-Right>', 'word')")
    editor.type("<M-Right>")
    editor.until(editor.text, ["word"])


def test_tab_can_be_replayed_from_a_macro(start):
    editor = start(scripted("alpha(1)"), "x = 1\n")
    editor.until_ready()
    editor.type("qq", "G", "o", "b", "<Tab>", "c", "<Esc>", "q")
    editor.until(editor.text, ["x = 1", "b   c"])
    editor.type("@q")
    editor.until(editor.text, ["x = 1", "b   c", "b   c"])


@KINDS
def test_one_option_takes_all_keys_away(start, kind):
    editor = start(scripted("alpha(1)"), "x = 1\n", "keys = false,", kind)
    editor.until_ready()
    editor.type("G", "o")
    editor.until_ghost("alpha(1)")
    editor.type("<Tab>")
    editor.until(editor.text, ["x = 1", "    "])
    mine = "return vim.tbl_filter(function(m) return (m.desc or ''):find('assist') end, ...)"
    assert editor.lua(mine, editor.nvim.current.buffer.request("nvim_buf_get_keymap", "i")) == []


def test_keys_are_the_users_choice(start):
    keys = 'keys = { accept = "<C-y>", accept_word = false },'
    editor = start(scripted("alpha(1)"), "x = 1\n", keys)
    editor.until_ready()
    editor.type("G", "o")
    editor.until_ghost("alpha(1)")
    assert editor.lua("return vim.fn.maparg('<M-Right>', 'i')") == ""
    editor.type("<C-y>")
    editor.until(editor.text, ["x = 1", "alpha(1)"])


def test_a_mapping_of_the_buffer_comes_back_when_the_server_leaves(start):
    editor = without_ghost(start, mapping=TAB_MAPPINGS["local"])
    editor.lua("vim.lsp.enable('assist', false)")
    editor.until(lambda: editor.lua("return #vim.lsp.get_clients()") == 0)
    editor.until(lambda: editor.lua("return vim.fn.maparg('<Tab>', 'i')"), "one")
