"""Keys without ghost text do what they did before."""

import pytest
from neovim import scripted

KINDS = pytest.mark.parametrize("kind", ["builtin", "old"])
TAB_MAPPINGS = {
    "expression": "vim.keymap.set('i', '<Tab>', function() return '<Esc>ione' end, {expr=true})",
    "old-style": "vim.cmd([[inoremap <expr> <Tab> 'o' .. 'ne']])",
    "function": """vim.keymap.set('i', '<Tab>', function()
        vim.api.nvim_put({'one'}, 'c', false, true) end)""",
    "keys": "vim.keymap.set('i', '<Tab>', 'one')",
    "remapped": "vim.keymap.set('i', '<C-b>', 'one') vim.cmd('imap <Tab> <C-b>')",
    "local": "vim.keymap.set('i', '<Tab>', 'one', { buffer = true })",
}

# As blink.cmp does it: the mapping that the buffer has is kept, replaced, and called from the loop
# where there is no menu.
TAKE_TAB_OVER = """
_G.n_taken_over = 0
local earlier = vim.fn.maparg("<Tab>", "i", false, true).callback
vim.keymap.set("i", "<Tab>", function()
  _G.n_taken_over = _G.n_taken_over + 1
  vim.schedule(earlier)
end, { buffer = true })
"""


@pytest.fixture
def without_ghost(lend):
    """An editor in insert mode whose server proposes nothing; mappings come before the keys."""
    editors = []

    def begin(kind="builtin", mapping=""):
        editor = lend(scripted(""), kind=kind)
        here = "require('assist.keys')", "(vim.api.nvim_get_current_buf())"
        editor.lua(f"{here[0]}.detach{here[1]} {mapping} {here[0]}.attach{here[1]}")
        editor.lua("vim.cmd.startinsert()")
        editor.until(lambda: editor.nvim.api.get_mode()["mode"], "i")
        editors.append(editor)
        return editor

    yield begin
    for editor in editors:
        for key in ("<Tab>", "<M-Right>", "<C-b>"):
            editor.lua("pcall(vim.keymap.del, 'i', ...)", key)


@KINDS
def test_tab_is_a_tab_where_it_was_one(without_ghost, kind):
    editor = without_ghost(kind)
    editor.type("a", "<Tab>", "b")
    editor.until(editor.text, ["a   b"])


@KINDS
@pytest.mark.parametrize("mapping", TAB_MAPPINGS.values(), ids=TAB_MAPPINGS)
def test_an_earlier_mapping_of_tab_still_works(without_ghost, kind, mapping):
    editor = without_ghost(kind, mapping)
    editor.type("<Tab>")
    editor.until(editor.text, ["one"])


@KINDS
def test_the_other_keys_fall_through_as_well(without_ghost, kind):
    editor = without_ghost(kind, "vim.keymap.set('i', '<M-Right>', 'word')")
    editor.type("<M-Right>")
    editor.until(editor.text, ["word"])


UNMAPPED = {
    # key: text and cursor after "ab", the key and "x" were typed before "one two", "three"
    "<M-Right>": (["abne two", "three"], [1, 2]),  # Escape, to the right, x
    "<M-Down>": (["abone two", "tree"], [2, 1]),  # Escape, down, x
    "<M-Up>": (["aone two", "three"], [1, 1]),
    "<M-Left>": (["bone two", "three"], [1, 0]),
    "<M-x>": (["ane two", "three"], [1, 1]),
    "<C-]>": (["abxone two", "three"], [1, 3]),
}
"""What Neovim makes of keys that nobody has mapped: with ALT, they begin with Escape."""


@KINDS
@pytest.mark.parametrize("key", UNMAPPED)
def test_a_key_that_nobody_has_mapped_does_what_it_does_without_the_plugin(lend, kind, key):
    keys = f'keys = {{ accept = "{key}" }},' if key == "<M-x>" else ""
    editor = lend(scripted(""), "one two\nthree\n", keys, kind)
    assert editor.lua("return vim.fn.maparg(..., 'i', false, true).buffer", key) == 1
    editor.nvim.input(f"iab{key}x")
    text, cursor = UNMAPPED[key]
    editor.until(editor.text, text)
    place = "return vim.api.nvim_win_get_cursor(0)"
    editor.until(lambda: editor.lua(place), cursor)


@KINDS
@pytest.mark.parametrize("bracket", "[]")
def test_escape_and_a_bracket_typed_fast_are_not_taken_for_a_key(typing_ghost, kind, bracket):
    editor = typing_ghost(kind)
    assert editor.lua("return vim.fn.maparg(..., 'i')", f"<M-{bracket}>") == ""
    editor.nvim.input(f"<M-{bracket}>{bracket}")  # a terminal sends both in the same bytes
    editor.until(editor.nvim.api.get_mode, {"mode": "n", "blocking": False})
    assert editor.text() == ["x = 1", ""]


@KINDS
@pytest.mark.parametrize(("key", "is_cursor_moved"), [("<M-Right>", True), ("<M-Up>", False)])
def test_what_a_mapping_of_normal_mode_makes_of_the_rest_is_kept(start, kind, key, is_cursor_moved):
    editor = start(scripted(""), "one two\nthree\n", kind=kind)
    editor.until_ready()
    editor.lua("vim.keymap.set('n', '<Right>', function() _G.was_pressed = true end)")
    editor.nvim.input(f"iab{key}")
    editor.until(lambda: editor.nvim.api.get_mode()["mode"], "n")
    editor.until(lambda: editor.lua("return _G.was_pressed or false"), is_cursor_moved)


@pytest.fixture
def typing_ghost(lend):
    """An editor in insert mode on an empty last line, with ghost text before the cursor."""

    def begin(kind="builtin", answer="alpha(1)", options=""):
        editor = lend(scripted(answer), "x = 1\n", options, kind)
        editor.type("G", "o")
        editor.until_ghost(answer)
        return editor

    return begin


@KINDS
def test_accepted_text_is_repeated_by_a_dot(typing_ghost, kind):
    editor = typing_ghost(kind)
    editor.silence_server()
    editor.type("a", "<Tab>", " + 1", "<Esc>", ".")
    editor.until(editor.text, ["x = 1", "alpha(1) + 1", "alpha(1) + 1"])


@KINDS
def test_words_that_were_accepted_are_repeated_by_a_dot(typing_ghost, kind):
    editor = typing_ghost(kind)
    editor.silence_server()
    editor.type("<M-Right>", "<M-Right>", "2)", "<Esc>", "k", ".")
    editor.until(editor.text, ["x = 1", "alpha(2)", "alpha(2)"])


def test_accepted_lines_are_repeated_with_their_own_indentation(typing_ghost):
    block = "if a:\n    if b:\n\tc('<Tab> é😋')"
    editor = typing_ghost(
        answer=block, options='settings = {completion = {multi_line = "always"}},'
    )
    editor.nvim.command("setlocal noautoindent indentexpr=")  # of the line that `o` opens
    editor.silence_server()
    editor.type("<Tab>", "<Esc>", ".")
    editor.until(editor.text, ["x = 1", *block.split("\n"), *block.split("\n")])


def test_a_macro_holds_what_was_accepted_and_nothing_of_the_server(lend):
    editor = lend(scripted("alpha(1)"), "x = 1\n")
    editor.type("qq", "G", "o")
    editor.until_ghost("alpha(1)")
    editor.silence_server()
    editor.type("a", "<Tab>", " + 1", "<Esc>", "q")
    editor.until(editor.text, ["x = 1", "alpha(1) + 1"])
    editor.type("2@q")
    editor.until(editor.text, ["x = 1", *["alpha(1) + 1"] * 3])


def test_a_macro_replaces_what_the_accepted_text_replaced(lend):
    editor = lend(scripted("value)"), "print()\nprint()\n")
    editor.type("qq", "f(", "a")
    editor.until(editor.ghost)
    editor.silence_server()
    editor.type("<Tab>", "<Esc>", "q")
    editor.until(editor.text, ["print(value)", "print()"])
    editor.type("j0", "@q")
    editor.until(editor.text, ["print(value)", "print(value)"])


def test_a_key_before_a_special_one_is_replayed_as_it_was_typed(lend):
    editor = lend(scripted(""), "x = 1\n")
    editor.type("qq", "G", "o", "b", "<Tab>", "<Left>", "c", "<Esc>", "q")
    editor.until(editor.text, ["x = 1", "b  c "])
    editor.type("@q")
    editor.until(editor.text, ["x = 1", "b  c ", "b  c "])


@KINDS
def test_a_menus_plugin_may_take_a_key_over_and_come_back_to_it(start, kind):
    editor = start(scripted("alpha(1)"), "x = 1\n", kind=kind)
    editor.until_ready()
    editor.lua(TAKE_TAB_OVER)
    first = editor.server_pid()
    editor.nvim.command("Assist restart")
    editor.until(lambda: editor.server_pid() not in {None, first})
    editor.until_ready()
    editor.type("G", "o")
    editor.until_ghost("alpha(1)")
    editor.silence_server()
    editor.type("b", "<Tab>", "c")
    editor.until(editor.text, ["x = 1", "b   c"])
    assert editor.lua("return _G.n_taken_over") == 1


def test_tab_can_be_replayed_from_a_macro(lend):
    editor = lend(scripted("alpha(1)"), "x = 1\n")
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
    editor = start(scripted(""))
    editor.lua(TAB_MAPPINGS["local"])
    editor.until_ready()
    editor.lua("vim.lsp.enable('assist', false)")
    editor.until(lambda: editor.lua("return #vim.lsp.get_clients()") == 0)
    editor.until(lambda: editor.lua("return vim.fn.maparg('<Tab>', 'i')"), "one")
