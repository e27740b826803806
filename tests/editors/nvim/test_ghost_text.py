"""What is seen while one types, and what is in the file."""

import pytest
from neovim import real, scripted

EVERY_KIND = pytest.mark.parametrize("kind", ["builtin", "own", "old"])
KINDS = pytest.mark.parametrize("kind", ["builtin", "old"])  # the plugin's own drawing is one
SEVERAL_LINES = 'settings = { completion = { multi_line = "always" } },'
CALL = "alpha(beta, gamma)"


@pytest.fixture
def typing(lend):
    """An editor in insert mode on an empty last line, with ghost text before the cursor."""

    def begin(answer=CALL, text="x = 1\n", options="", kind="builtin"):
        editor = lend(scripted(answer), text, options, kind)
        editor.type("G", "o")
        editor.until_ghost(answer)
        return editor

    return begin


@EVERY_KIND
def test_typing_through_keeps_the_rest_without_the_server(typing, kind):
    editor = typing(kind=kind)
    editor.silence_server()
    editor.type("a", "l")
    editor.until_ghost("pha(beta, gamma)")


@EVERY_KIND
def test_a_character_that_does_not_fit_takes_the_text_away_at_once(typing, kind):
    editor = typing(kind=kind)
    editor.silence_server()
    editor.type("b")
    editor.until(editor.text, ["x = 1", "b"])
    editor.until_ghost("")


@EVERY_KIND
def test_a_key_right_before_acceptance_leaves_no_character_behind(typing, kind):
    editor = typing(kind=kind)
    editor.silence_server()
    editor.nvim.input("alp<Tab>")  # in one go: nothing is drawn or asked for in between
    editor.until(editor.text, ["x = 1", CALL])
    assert editor.lua("return vim.api.nvim_win_get_cursor(0)") == [2, len(CALL)]


@KINDS
def test_a_wrong_key_right_before_acceptance_accepts_nothing(typing, kind):
    editor = typing(kind=kind)
    editor.silence_server()
    editor.nvim.input("ax<Tab>")
    editor.until(editor.text, ["x = 1", "ax  "])


@EVERY_KIND
def test_words_are_accepted_one_by_one_without_waiting_for_the_server(typing, kind):
    editor = typing(kind=kind)
    editor.silence_server()
    editor.nvim.input("<M-Right><M-Right><M-Right>")
    editor.until(editor.text, ["x = 1", "alpha(beta"])
    editor.until_ghost(", gamma)")


@KINDS
def test_lines_are_accepted_one_by_one(typing, kind):
    block = "first = 1\nsecond = 2\nthird = 3"
    editor = typing(block, options=SEVERAL_LINES, kind=kind)
    editor.type("<M-Down>")
    editor.until(editor.text, ["x = 1", "first = 1"])
    editor.until_ghost("\nsecond = 2\nthird = 3")
    editor.type("<M-Down>")
    editor.until(editor.text, ["x = 1", "first = 1", "second = 2"])
    editor.type("<Tab>")
    editor.until(editor.text, ["x = 1", *block.split("\n")])
    editor.until_ghost("")


@KINDS
def test_undo_takes_back_what_was_accepted_and_not_what_was_typed(typing, kind):
    editor = typing(kind=kind)
    editor.type("a", "<Tab>")
    editor.until(editor.text, ["x = 1", CALL])
    editor.type("<Esc>", "u")
    editor.until(editor.text, ["x = 1", "a"])


@KINDS
def test_dismissed_text_stays_away_until_something_changes(typing, kind):
    editor = typing(kind=kind)
    editor.silence_server()
    editor.type("<C-]>")
    editor.until_ghost("")
    editor.type("<Tab>")
    editor.until(editor.text, ["x = 1", "    "])


@KINDS
def test_completions_are_cycled_through(typing, kind):
    editor = typing(kind=kind)
    editor.silence_server()
    editor.lua(
        """
        local items = { { insertText = "first" }, { insertText = "second" } }
        require("assist.suggestion").take(vim.api.nvim_get_current_buf(), items, "utf-8")
        """
    )
    editor.until_ghost("first")
    editor.type("<M-Up>")
    editor.until_ghost("second")
    editor.type("<M-Up>")
    editor.until_ghost("first")
    editor.type("<M-Left>", "<Tab>")
    editor.until(editor.text, ["x = 1", "second"])


@EVERY_KIND
def test_other_completions_are_requested_by_the_key(lend, kind):
    editor = lend(scripted("first()", drawn=["second()", "third()"]), "x = 1\n", kind=kind)
    editor.type("G", "o")
    editor.until_ghost("first()")
    editor.type("<M-Up>")
    editor.until_ghost("second()")
    editor.type("<M-Up>")
    editor.until_ghost("third()")
    editor.type("<M-Up>", "<M-Left>", "<Tab>")
    editor.until(editor.text, ["x = 1", "third()"])


@EVERY_KIND
def test_other_completions_are_requested_after_some_was_typed(lend, kind):
    editor = lend(scripted("first()", drawn=["first_of_all()", "final()"]), "x = 1\n", kind=kind)
    editor.type("G", "o")
    editor.until_ghost("first()")
    editor.type("f")
    editor.until_ghost("irst()")
    editor.type("<M-Left>")
    editor.until(lambda: editor.ghost() not in {"irst()", ""})
    editor.type("<Esc>")
    assert editor.text() == ["x = 1", "f"]


@KINDS
def test_that_there_is_no_other_completion_is_shown(typing, kind):
    editor = typing(kind=kind)
    editor.type("<M-Up>")
    editor.until(editor.heard, ["assist: there is no other completion here"])
    editor.until_ghost(CALL)
    editor.type("<Tab>")
    editor.until(editor.text, ["x = 1", CALL])


@EVERY_KIND
def test_what_could_not_be_proposed_while_the_model_loaded_is_there_once_it_is_ready(start, kind):
    at_once = "settings = { completion = { model_wait_ms = 0 } },"
    editor = start(scripted(CALL, loads_when="~/loaded"), "x = 1\n", at_once, kind)
    editor.until(editor.server_pid)
    editor.until(lambda: editor.lua("return require('assist.client').get() ~= nil"))
    editor.type("G", "o")
    asked = "_G.n = 0 require('assist.client').execute('assist.why', {vim.uri_from_bufnr(0)}, ...)"
    why = asked.replace("...", "function(records) _G.n = #records end") + " return _G.n"
    editor.until(lambda: editor.lua(why) or editor.lua("return _G.n"))
    (editor.folder / "loaded").touch()
    editor.until_ghost(CALL)


@KINDS
def test_leaving_insert_mode_takes_the_text_away(typing, kind):
    editor = typing(kind=kind)
    editor.type("<Esc>")
    editor.until_ghost("")


@KINDS
def test_text_after_the_cursor_that_the_completion_holds_is_replaced(lend, kind):
    editor = lend(scripted("value)"), "print()\n", kind=kind)
    editor.type("f(", "a")
    editor.until(editor.ghost)
    editor.silence_server()
    editor.nvim.input("v<Tab>")
    editor.until(editor.text, ["print(value)"])


@KINDS
@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"x = 1\n", b"x = 1\n%s\n"),
        (b"x = 1\r\ny = 2\r\n", b"x = 1\r\ny = 2\r\n%s\r\n"),
        ("s = '😋é'\n".encode(), "s = '😋é'\n%s\n".encode()),
    ],
    ids=["plain", "dos", "beyond-ascii"],
)
def test_the_file_on_disk_is_what_was_seen(typing, kind, before, after):
    block = "first(1)\nsecond(2)"
    editor = typing(block, before, SEVERAL_LINES, kind)
    editor.type("<Tab>")
    editor.until(lambda: editor.text()[-1], "second(2)")
    editor.type("<Esc>")
    editor.nvim.command("write")
    line_end = b"\r\n" if b"\r\n" in before else b"\n"
    assert editor.file.read_bytes() == after % block.encode().replace(b"\n", line_end)


@KINDS
def test_tabs_and_wide_characters_on_the_same_line_are_counted_right(lend, kind):
    editor = lend(scripted("(done)"), "def f():\n\temit('😋é' + x)\n", kind=kind)
    editor.type("G", "A", " + ", "g", "o")
    editor.until_ghost("(done)")
    editor.nvim.input("(<Tab>")
    editor.until(editor.text, ["def f():", "\temit('😋é' + x) + go(done)"])


def test_utf_16_positions_are_understood(start):
    only_utf_16 = """
        local make = vim.lsp.protocol.make_client_capabilities
        vim.lsp.protocol.make_client_capabilities = function()
          local capabilities = make()
          capabilities.general.positionEncodings = { "utf-16" }
          return capabilities
        end
    """
    editor = start(scripted("(done)"), "emit('😋é' + x)\n", kind="own")
    editor.until(editor.server_pid)
    editor.silence_server()  # options may change before it has answered for the first time
    editor.lua(only_utf_16)
    editor.lua("require('assist.client').options_changed()")
    editor.let_server_speak()
    encoding = "local c = require('assist.client').get() return c and c.offset_encoding"
    editor.until(lambda: editor.lua(encoding), "utf-16")
    editor.until_ready()
    editor.type("A", " + ", "g", "o")
    editor.until_ghost("(done)")
    editor.nvim.input("(<Tab>")
    editor.until(editor.text, ["emit('😋é' + x) + go(done)"])


@KINDS
def test_a_file_of_20000_lines_is_completed_at_its_end(typing, kind):
    lines = [f"value_{number} = {number}" for number in range(20_000)]
    editor = typing(text="\n".join(lines) + "\n", kind=kind)
    editor.type("<Tab>", "<Esc>")
    editor.nvim.command("write")
    assert editor.file.read_text().splitlines() == [*lines, CALL]


@KINDS
def test_ghost_text_and_the_menu_are_seen_together(lend, kind):
    editor = lend(scripted("lpha(beta)"), "alphabet = 1\nalpine = 2\n", kind=kind)
    editor.type("G", "o", "a")
    editor.until_ghost("lpha(beta)")
    editor.type("<C-x><C-n>")
    editor.until(lambda: editor.lua("return vim.fn.pumvisible()"), 1)
    editor.type("<C-p>")  # back to what was typed
    editor.until(editor.text, ["alphabet = 1", "alpine = 2", "a"])
    editor.until_ghost("lpha(beta)")
    editor.type("<Tab>")
    editor.until(editor.text, ["alphabet = 1", "alpine = 2", "alpha(beta)"])


@KINDS
def test_ghost_text_can_be_hidden_by_the_menu(start, kind):
    hide = 'with_menu = "hide",'
    editor = start(scripted("lpha(beta)"), "alphabet = 1\nalpine = 2\n", hide, kind)
    editor.until_ready()
    editor.nvim.command("set completeopt=menuone,noselect,noinsert")
    editor.type("G", "o", "a")
    editor.until_ghost("lpha(beta)")
    editor.type("<C-x><C-n>")
    editor.until(lambda: editor.lua("return vim.fn.pumvisible()"), 1)
    editor.until_ghost("")
    editor.type("<C-e>")
    editor.until_ghost("lpha(beta)")


@KINDS
def test_an_item_of_the_menu_that_is_taken_takes_the_ghost_text_away(lend, kind):
    editor = lend(scripted("lpha(beta)"), "alphabet = 1\nalpine = 2\n", kind=kind)
    editor.type("G", "o", "a")
    editor.until_ghost("lpha(beta)")
    editor.silence_server()
    editor.type("<C-x><C-n>")
    editor.until(lambda: editor.lua("return vim.fn.pumvisible()"), 1)
    editor.type("<C-y>")
    editor.until(lambda: editor.text()[-1], "alphabet")
    editor.until_ghost("")


@KINDS
def test_accepting_inside_a_snippet_leaves_the_snippet_in_place(typing, kind):
    editor = typing("alpha", kind=kind)
    editor.type("<C-]>")
    editor.lua("vim.snippet.expand('call($1, $2)')")
    editor.until_ghost("alpha")
    editor.type("<Tab>")
    editor.until(editor.text, ["x = 1", "call(alpha, )"])
    editor.lua("vim.snippet.jump(1)")
    editor.type("2")
    editor.until(editor.text, ["x = 1", "call(alpha, 2)"])


@KINDS
def test_ghost_text_stays_with_the_cursor_of_two_windows(typing, kind):
    editor = typing(kind=kind)
    editor.type("<Esc>")
    editor.nvim.command("split")
    editor.type("S")
    editor.until_ghost(CALL)
    editor.type("<C-o>", "<C-w>w")
    editor.until_ghost("")
    editor.type("<C-o>", "<C-w>w")
    editor.until_ghost(CALL)
    editor.type("<Tab>")
    editor.until(editor.text, ["x = 1", CALL])


@pytest.mark.parametrize("kind", ["builtin", "own"])
def test_other_menus_are_known_by_what_their_plugins_say(start, kind):
    editor = start(scripted(CALL), "x = 1\n", 'with_menu = "hide",', kind)
    editor.until_ready()
    editor.type("G", "o")
    editor.until_ghost(CALL)
    stand_in = "package.loaded['blink.cmp'] = { is_menu_visible = function() return _G.open end }"
    editor.lua(stand_in)
    for is_open, shown in [(True, ""), (False, CALL)]:
        event = "BlinkCmpMenuOpen" if is_open else "BlinkCmpMenuClose"
        editor.lua("_G.open = ...", is_open)
        editor.nvim.command(f"doautocmd User {event}")
        editor.until_ghost(shown)


@pytest.mark.parametrize("kind", ["builtin", "own"])
def test_the_embedded_model_completes_real_code(start, kind):
    editor = start(real(), "import json\n\n\n", kind=kind)
    editor.until_ready()
    editor.type("G", "i", "def load(path):<CR>", "with open(path) as f:<CR>", "return json.l")
    proposed = editor.until(editor.ghost)
    editor.type("<Tab>")
    accepted = "        return json.l" + proposed.split("\n")[0]
    editor.until(lambda: editor.text()[4], accepted)
    editor.type("<Esc>")
    editor.nvim.command("write")
    assert editor.file.read_text().split("\n")[4] == accepted
    assert editor.heard() == []
