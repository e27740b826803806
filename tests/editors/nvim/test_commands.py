"""`:Assist`, the status line, and what is said when something is wrong."""

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from neovim import PLUGIN, REPOSITORY, Neovim, init, real, scripted

KINDS = pytest.mark.parametrize("kind", ["builtin", "old"])
FUNCTION = "import os\n\n\ndef add_name(name, count):\n    return os.path.join(name, str(count))\n"

SCRIPTED_RELAY = REPOSITORY / "tests" / "support" / "scripted_relay.py"

README_LINE = 'vim.opt.runtimepath:append("/path/to/assist-server/editors/nvim")'
HELP_STEPS = """\
local url = "https://host/of/the/repository/assist-server"
vim.pack.add({ { src = url, name = "assist-server" } })
local clone = vim.fn.stdpath("data") .. "/site/pack/core/opt/assist-server"
vim.opt.runtimepath:append(clone .. "/editors/nvim")
"""

HAS_SUMMARY_WAITING = """
local waiting = vim.api.nvim_get_autocmds({ event = "ModeChanged" })
return #vim.tbl_filter(function(command) return command.pattern == "*:n" end, waiting) > 0
"""
HAS_ASKED = """
for _, request in pairs(require("assist.client").get().requests) do
  if request.method == "textDocument/inlineCompletion" then return true end
end
return false
"""
COUNT_TRACES = """
function _G.count_traces()
  local ours = function(command) return (command.group_name or ""):find("^assist") end
  local count = #vim.tbl_filter(ours, vim.api.nvim_get_autocmds({}))
  for _, name in ipairs({ "suggestion", "keys", "ghost_text.newest", "ghost_text.builtin" }) do
    local module = package.loaded["assist." .. name] or {}
    for _, part in pairs(module) do
      for i = 1, type(part) == "function" and 20 or 0 do
        local _, value = debug.getupvalue(part, i)
        count = count + (type(value) == "table" and vim.tbl_count(value) or 0)
      end
    end
  end
  return count
end
"""


@pytest.fixture
def lent(lend):
    """An editor on a function, shared with tests that leave its server alone."""

    def begin(answer="", kind="builtin", **script):
        return lend(scripted(answer, **script), FUNCTION, kind=kind)

    return begin


@pytest.fixture
def ready(start):
    """An editor on a function, of the test's own."""

    def begin(answer="", kind="builtin", **script):
        editor = start(scripted(answer, **script), FUNCTION, kind=kind)
        editor.until_ready()
        return editor

    return begin


def floating_text(editor):
    return editor.lua(
        """
        for _, win in ipairs(vim.api.nvim_list_wins()) do
          if vim.api.nvim_win_get_config(win).relative ~= "" then
            local lines = vim.api.nvim_buf_get_lines(vim.api.nvim_win_get_buf(win), 0, -1, false)
            return table.concat(lines, "\\n")
          end
        end
        return ""
        """
    )


@KINDS
def test_documentation_is_written_and_nothing_else_is_changed(lent, kind):
    editor = lent(kind=kind)
    editor.nvim.command("5")
    editor.nvim.command("Assist document")
    editor.until(lambda: len(editor.text()) > 5)
    editor.nvim.command("write")
    written = editor.file.read_text()
    head, documentation, rest = written.split('    """')
    assert head + rest.lstrip("\n") == FUNCTION
    assert "name" in documentation


@KINDS
def test_all_of_a_file_is_documented_and_undone_in_one_step(lend, kind):
    editor = lend(scripted(""), f"{FUNCTION}\n\ndef other(name):\n    print(name)\n", kind=kind)
    before = editor.text()
    editor.nvim.command("Assist document all")
    editor.until(lambda: "\n".join(editor.text()).count('"""'), 4)
    assert editor.lua("return vim.snippet.active()") is False
    editor.type("u")
    editor.until(editor.text, before)


@KINDS
def test_placeholders_are_tab_stops(lend, kind):
    text = "def keep(path):\n\tpath = path.x\n\tlater(path)\n"
    editor = lend(scripted(""), text, kind=kind)
    before = editor.text()
    editor.nvim.command("1")
    editor.nvim.command("Assist document")
    editor.until(lambda: editor.lua("return vim.snippet.active()"))
    editor.type("Keep it", "<Esc>")
    assert editor.text()[1] == '\t"""Keep it.'
    assert [line for line in editor.text() if line in before] == before
    editor.type("u", "u")  # what was typed, then the documentation
    editor.until(editor.text, before)


@KINDS
def test_a_summary_is_shown_copied_and_closed(lent, kind):
    editor = lent(kind=kind)
    editor.nvim.command("Assist summarize")
    shown = editor.until(lambda: floating_text(editor))
    assert "add_name" in shown
    assert editor.lua("return vim.bo.filetype") == "markdown"
    editor.type("y")
    editor.until(lambda: editor.lua("return vim.trim(vim.fn.getreg('\"'))"), shown)
    editor.type("q")
    editor.until(lambda: floating_text(editor) == "")


@KINDS
def test_a_summary_of_lines_becomes_a_comment_above_them(lent, kind):
    editor = lent(kind=kind)
    editor.nvim.command("4,5Assist summarize")
    editor.until(lambda: floating_text(editor))
    editor.type("i")
    editor.until(lambda: len(editor.text()) > 5)
    editor.nvim.command("write")
    lines = editor.file.read_text().splitlines(keepends=True)
    added = [line for line in lines if line.startswith("#")]
    assert lines.index(added[0]) == 3
    assert "".join(line for line in lines if line not in added) == FUNCTION


def test_the_code_action_shows_its_summary_in_the_same_window(lent):
    editor = lent()
    editor.lua(
        """
        local whole = { start = { 1, 0 }, ["end"] = { 5, 0 } }
        local function is_summary(action) return action.title == "Summarize selection" end
        vim.lsp.buf.code_action({ range = whole, apply = true, filter = is_summary })
        """
    )
    assert "add_name" in editor.until(lambda: floating_text(editor))


@KINDS
def test_a_change_is_seen_while_it_is_written_kept_and_undone_in_one_step(lent, kind):
    answer = "Here:\n```python\nimport re\nimport sys\n```"
    editor = lent(answer, kind, step_ms=30, is_chat=True)
    before, source = editor.text(), editor.nvim.current.buffer
    editor.nvim.command("1Assist task rewrite with two lines")
    editor.until(lambda: floating_text(editor).startswith("imp"))
    assert "sys" not in floating_text(editor)
    assert source[:] == before
    editor.until(lambda: editor.lua("return vim.fn.maparg('<CR>', 'n')") != "")
    assert floating_text(editor) == "import re\nimport sys"
    editor.type("<CR>")
    editor.until(lambda: source[:2] == ["import re", "import sys"])
    editor.type("u")
    editor.until(lambda: source[:], before)
    assert editor.heard() == []


@KINDS
def test_a_task_is_cancelled_in_the_middle(lent, kind):
    editor = lent("x = 1\n" * 500, kind, step_ms=20, is_chat=True)
    before = editor.text()
    editor.nvim.command("1Assist task rewrite shorter")
    editor.until(lambda: "x = 1" in floating_text(editor))
    editor.type("q")
    editor.until(editor.statusline, "assist: ready")
    assert (floating_text(editor), editor.text(), editor.heard()) == ("", before, [])


def test_the_answer_of_a_task_is_shown_and_the_names_are_completed(lent):
    editor = lent("It **adds**.", is_chat=True)
    names = editor.lua("return vim.fn.getcompletion('Assist task ', 'cmdline')")
    assert {"explain", "fix", "rewrite"} <= set(names)
    editor.nvim.command("Assist task ask what is it?")
    editor.until(lambda: floating_text(editor), "It **adds**.")


@KINDS
def test_why_shows_the_outcomes_of_the_last_requests(lent, kind):
    editor = lent("alpha(1)", kind=kind)
    editor.nvim.command("Assist why")
    editor.until(editor.heard, ["assist: there were no requests in this file yet"])
    editor.type("G", "o")
    editor.until_ghost("alpha(1)")
    editor.type("<Esc>")
    editor.nvim.command("Assist why")
    shown = editor.until(lambda: floating_text(editor))
    assert "**shown**" in shown
    assert "alpha(1)" in shown


@KINDS
def test_a_pause_ends_when_it_is_ended(lent, kind):
    editor = lent("alpha(1)", kind=kind)
    editor.type("G", "o")
    editor.until_ghost("alpha(1)")
    editor.nvim.command("Assist pause")
    editor.until(editor.statusline, "assist: paused")
    editor.until_ghost("")
    editor.type("<Esc>", "o")
    asked = "_G.records = {} local function keep(r) _G.records = r end require('assist.client')"
    why = f"{asked}.execute('assist.why', {{ vim.uri_from_bufnr(0) }}, keep)"

    def newest_outcome():
        editor.lua(why)
        return editor.lua("return (_G.records[1] or {}).outcome or ''")

    editor.until(lambda: "switched off" in newest_outcome())
    assert editor.ghost() == ""
    editor.nvim.command("Assist resume")
    editor.until(editor.statusline, "assist: ready")
    editor.type("<Esc>", "o")
    editor.until_ghost("alpha(1)")


def test_the_verbs_are_completed(lent):
    editor = lent()
    assert editor.lua("return vim.fn.getcompletion('Assist re', 'cmdline')") == [
        "restart",
        "resume",
    ]
    editor.nvim.command("Assist nonsense")
    (message,) = editor.heard()
    assert "summarize" in message


def test_the_log_holds_what_the_server_wrote_as_it_wrote_it(lent):
    editor = lent()
    editor.nvim.command("Assist log")
    assert editor.nvim.current.buffer.name.endswith("assist-server.log")
    written = "\n".join(editor.until(lambda: [line for line in editor.text() if "INFO" in line]))
    assert "ERROR" not in written
    neovims_own = Path(editor.lua("return vim.lsp.log.get_filename()"))
    assert "stderr" not in (neovims_own.read_text() if neovims_own.exists() else "")


SCREENS_LAST_LINE = """
vim.cmd.redraw()
local cells = {}
for column = 1, vim.o.columns do
  table.insert(cells, vim.fn.screenstring(vim.o.lines, column))
end
return vim.trim(table.concat(cells))
"""


@KINDS
def test_loading_is_seen_without_a_status_line_of_the_plugins(start, kind):
    editor = start(scripted(loads_when="~/loaded"), kind=kind)
    last_line = lambda: editor.lua(SCREENS_LAST_LINE)  # noqa: E731 - a probe
    editor.until(lambda: "assist: loading 50%" in last_line())
    (editor.folder / "loaded").touch()
    editor.until(lambda: "assist" not in last_line())
    assert editor.heard() == []


def test_loading_is_not_written_over_what_is_typed_below_the_text(start):
    editor = start(scripted(loads_when="~/loaded"))
    editor.until(lambda: editor.lua("return require('assist.status').current().phase"), "loading")
    editor.type(":echo 12")
    (editor.folder / "loaded").touch()
    editor.until(lambda: editor.lua("return require('assist.status').current().phase"), "ready")
    assert editor.lua(SCREENS_LAST_LINE) == ":echo 12"


@KINDS
@pytest.mark.parametrize("verb", ["document", "summarize", "why"])
def test_a_buffer_without_a_filetype_is_served_when_asked(lent, kind, verb):
    editor = lent("alpha(1)", kind=kind)
    plain = editor.file.with_name("plain")
    plain.write_text("One sentence stands here. Another one stands there.\n")
    editor.nvim.command(f"edit {plain}")
    assert editor.lua("return vim.bo.filetype") == ""
    editor.nvim.command("checkhealth assist")
    report = "\n".join(editor.text())
    assert (
        "(plain): it has no filetype; the first :Assist command in it starts serving it" in report
    )
    editor.nvim.command("quit")
    editor.nvim.command(f"Assist {verb}")
    editor.until(lambda: editor.heard() or floating_text(editor))
    is_attached = "return require('assist.client').serves(vim.api.nvim_get_current_buf())"
    editor.nvim.command("silent! only!")
    editor.nvim.command(f"buffer {plain}")
    assert editor.lua(is_attached) is True
    assert not any("is not running" in message for message in editor.heard())


@KINDS
def test_the_first_buffer_may_have_no_filetype(start, tmp_path, kind):
    editor = start(scripted("alpha(1)"), configuration=init(scripted("alpha(1)")), kind=kind)
    editor.nvim.command("enew | set filetype=")
    editor.nvim.current.buffer[:] = ["One sentence stands here.", ""]
    editor.nvim.command("Assist why")
    editor.until(editor.heard, ["assist: there were no requests in this file yet"])
    editor.type("G", "o")
    editor.until_ghost("alpha(1)")


def test_a_buffer_that_is_no_file_gets_the_reason_why_it_is_not_served(lent):
    editor = lent()
    editor.nvim.command("enew | setlocal buftype=nofile")
    editor.nvim.command("Assist document")
    assert editor.heard() == ["assist: a buffer of type nofile is not a file"]
    editor.nvim.command("Assist status")  # which is no file's
    (message,) = editor.until(lambda: editor.heard()[1:])
    assert message.startswith("assist: embedded")


def test_nothing_to_document_is_no_error(lent):
    editor = lent()
    editor.lua("vim.notify = function(m, level) table.insert(_G.heard, { m, level }) end")
    editor.nvim.command("1")
    editor.nvim.command("Assist document")
    ((message, level),) = editor.until(editor.heard)
    assert message.startswith("assist: Nothing to document here")
    assert level == editor.lua("return vim.log.levels.INFO")
    editor.lua("vim.notify = function(m) table.insert(_G.heard, m) end")


def test_a_mistake_in_the_servers_settings_is_reported_once(start):
    wrong = 'settings = { completion = { multiline = "never" } },'
    editor = start(scripted("alpha(1)"), "x = 1\n", wrong)
    editor.until_ready()
    editor.type("G", "o")
    editor.until_ghost("alpha(1)")
    (message,) = editor.heard()
    assert "completion.multiline" in message


def test_status_names_the_model(lent):
    editor = lent()
    editor.nvim.command("Assist status")
    (message,) = editor.until(editor.heard)
    assert re.fullmatch(r"assist: embedded on \S+ \(\S+\), ready", message)
    editor.nvim.command("Assist pause")
    editor.nvim.command("Assist status")
    editor.until(lambda: editor.heard()[1:], [message.replace("ready", "paused")])
    editor.nvim.command("Assist resume")


@KINDS
def test_a_slow_model_is_shown_as_loading(start, kind):
    editor = start(scripted(loads_when="~/loaded"), kind=kind)
    editor.until(editor.statusline, "assist: loading 50%")
    (editor.folder / "loaded").touch()
    editor.until_ready()
    assert editor.heard() == []


def test_work_is_shown(lent):
    editor = lent("alpha(beta)" * 20, step_ms=20)
    editor.nvim.command("4,5Assist summarize")
    editor.type("G", "o")
    editor.until(editor.statusline, "assist: working")


@KINDS
def test_a_killed_server_is_replaced_without_a_word(ready, kind):
    editor = ready("alpha(1)", kind=kind)
    first = editor.server_pid()
    os.kill(first, signal.SIGKILL)
    editor.until(lambda: editor.server_pid() not in {None, first})
    editor.until_ready()
    editor.type("G", "o")
    editor.until_ghost("alpha(1)")
    editor.type("<Tab>")
    editor.until(lambda: editor.text()[-1], "alpha(1)")
    assert editor.heard() == []


def test_windows_share_a_server_and_go_on_with_another_when_it_is_killed(programs, tmp_path):
    relay = (sys.executable, SCRIPTED_RELAY, json.dumps({"answer": "alpha(1)"}))
    program = tmp_path / "program"
    program.write_text(f'#!/bin/sh\n[ "$1" = connect ] && exec {shlex.join(map(str, relay))}\n')
    program.chmod(0o755)
    (tmp_path / "code.py").write_text("x = 1\n")
    editors = [Neovim(programs("forky"), tmp_path) for _ in range(2)]
    try:
        for editor in editors:
            editor.start(init(str(program)), tmp_path / "code.py").until_ready()
        (server,) = editors[0].shared_servers()
        editors[0].type("G", "o", "y = 2", "<Esc>")
        server.kill()
        for editor in editors:
            editor.until(lambda: set(editors[0].shared_servers()) - {server})
            editor.until_ready()
            editor.type("G", "o")
            editor.until_ghost("alpha(1)")
            assert editor.heard() == []
        assert len(editors[0].shared_servers()) == 1
    finally:
        for editor in editors:
            editor.stop()


def test_a_server_that_is_killed_again_and_again_is_given_up_with_one_sentence(ready):
    editor = ready()
    for _ in range(3):
        pid = editor.server_pid()
        os.kill(pid, signal.SIGKILL)
        editor.until(lambda pid=pid: editor.server_pid() not in {None, pid})
        editor.until_ready()
    os.kill(editor.server_pid(), signal.SIGKILL)
    (message,) = editor.until(editor.heard)
    assert "signal 9" in message
    assert ":Assist restart" in message
    assert editor.statusline() == "assist: error"
    editor.nvim.command("Assist restart")
    editor.until_ready()


@KINDS
def test_a_restart_brings_a_new_process_and_the_ghost_text_back(ready, kind):
    editor = ready("alpha(1)", kind=kind)
    first = editor.server_pid()
    editor.nvim.command("Assist restart")
    editor.until(lambda: editor.server_pid() not in {None, first})
    editor.until_ready()
    editor.type("G", "o")
    editor.until_ghost("alpha(1)")
    assert editor.heard() == []


@KINDS
def test_a_server_that_cannot_be_found_is_reported_once(start, kind):
    editor = start(["/nowhere/assist-server"], kind=kind)
    (message,) = editor.until(editor.heard)
    assert message == (
        "assist: /nowhere/assist-server cannot be run; correct the option cmd, or remove it"
    )
    editor.nvim.command(f"edit {editor.folder}/other.py")
    editor.type("i", "x")
    editor.until(editor.text, ["x"])
    editor.until(editor.statusline, "assist: error")
    assert editor.heard() == [message]


@KINDS
def test_a_server_that_is_not_installed_is_reported_once(start, kind):
    editor = start(None, configuration=f"vim.env.PATH = '/usr/bin:/bin'\n{init()}", kind=kind)
    (message,) = editor.until(editor.heard)
    assert 'require("assist").setup({ cmd = ... })' in message
    editor.nvim.command(f"edit {editor.folder}/other.py")
    editor.type("i", "x")
    editor.until(editor.text, ["x"])
    editor.until(editor.statusline, "assist: error")
    assert editor.heard() == [message]


def test_the_readmes_line_leads_to_ghost_text(start):
    for page in ("README.md", "editors/README.md"):
        assert README_LINE in (REPOSITORY / page).read_text()
    written = README_LINE.replace("/path/to/assist-server", str(REPOSITORY))
    on_path = f"vim.env.PATH = '{Path(sys.prefix, 'bin')}:/usr/bin:/bin'"
    editor = start(None, "import json\n\n\n", configuration=f"{on_path}\n{written}")
    editor.until_ready()
    editor.type("G", "i", "def load(path):<CR>", "with open(path) as f:<CR>", "return json.l")
    proposed = editor.until(editor.ghost)
    editor.type("<Tab>")
    accepted = "        return json.l" + proposed.split("\n")[0]
    editor.until(lambda: editor.text()[4], accepted)


@KINDS
def test_a_server_that_crashes_at_its_start_is_reported_once(start, kind):
    editor = start([sys.executable, "-c", "raise SystemExit(3)"], kind=kind)
    (message,) = editor.until(editor.heard)
    assert message == (
        "assist: the server stopped (exit code 3);"
        " see :checkhealth assist for the cause; :Assist restart starts it again"
    )
    editor.until(editor.statusline, "assist: error")
    editor.type("i", "x", "<Esc>")
    editor.until(editor.text, ["x"])
    assert editor.heard() == [message]


def test_a_model_folder_that_is_wrong_is_reported_once(start):
    editor = start(real(), "x = 1\n", 'settings = { model = "/nowhere/model" },')
    (message,) = editor.until(editor.heard)
    assert "/nowhere/model" in message
    editor.until(editor.statusline, "assist: error")
    editor.type("G", "o", "y", " ", "=", " ")
    editor.until(lambda: editor.text()[-1], "y = ")
    editor.until(lambda: editor.statusline() == "assist: error")
    assert editor.heard() == [message]


def test_an_option_that_does_not_exist_is_named_and_the_rest_is_used(start):
    editor = start(scripted("alpha(1)"), "x = 1\n", 'colour = "red", with_menu = "hide",')
    assert editor.until(editor.heard) == [
        "assist: there is no option colour; :help assist-options lists them"
    ]
    assert editor.lua("return require('assist.config').options.with_menu") == "hide"
    editor.until_ready()


def test_the_health_check_shows_the_doctors_findings(start):
    finding = '[{"name": "model", "verdict": "error", "detail": "no such folder"}]'
    doctor = f"import sys; print({finding!r}) if 'doctor' in sys.argv else None"
    editor = start([sys.executable, "-c", doctor])
    editor.nvim.command("checkhealth assist")
    report = "\n".join(editor.text())
    assert "ERROR model: no such folder" in report
    assert "ghost text is drawn by Neovim itself" in report


def test_the_help_is_found_from_a_clone(start):
    editor = start(["/nowhere"])
    editor.nvim.command("help assist-options")
    assert editor.nvim.current.buffer.name == str(PLUGIN / "doc" / "assist.txt")


def test_the_tags_of_the_help_are_those_that_neovim_would_write(start, tmp_path):
    editor = start(["/nowhere"])
    folder = tmp_path / "doc"
    folder.mkdir()
    (folder / "assist.txt").write_bytes((PLUGIN / "doc" / "assist.txt").read_bytes())
    editor.nvim.command(f"helptags {folder}")
    tags = (folder / "tags").read_text()
    assert tags == (PLUGIN / "doc" / "tags").read_text()
    assert {"assist-options", "assist-setting-completion.max_new_tokens_single_line"} <= {
        line.split("\t")[0] for line in tags.splitlines()
    }


def test_nothing_is_loaded_before_there_is_a_file(programs, tmp_path):
    editor = Neovim(programs("forky"), tmp_path).start(init().replace("require", "--require"))
    try:
        names = "vim.tbl_keys(package.loaded)"
        is_ours = "function(name) return name:find('^assist') end"
        assert editor.lua(f"return vim.tbl_filter({is_ours}, {names})") == []
        assert editor.lua("return vim.fn.exists(':Assist')") == 2
    finally:
        editor.stop()


def test_neovims_own_package_manager_installs_it_as_the_help_says(start, tmp_path):
    clone = tmp_path / "repository"
    shutil.copytree(PLUGIN, clone / "editors" / "nvim")
    author = ("-c", "user.name=test", "-c", "user.email=test@localhost")
    for command in (["init", "-q"], ["add", "."], [*author, "commit", "-q", "-m", "all"]):
        subprocess.run(["git", "-C", clone, *command], check=True)
    assert textwrap.indent(HELP_STEPS, "    ") in (PLUGIN / "doc" / "assist.txt").read_text()
    written = HELP_STEPS.replace("https://host/of/the/repository/assist-server", f"file://{clone}")
    unasked = written.replace("} })", "} }, { confirm = false })")
    command = json.dumps(json.dumps(scripted("alpha(1)")))
    setup = f'require("assist").setup({{ cmd = vim.json.decode({command}) }})'
    editor = start(None, "x = 1\n", configuration=unasked + setup)
    editor.until(lambda: editor.lua("return vim.v.vim_did_enter"), 1)
    editor.until_ready()
    editor.type("G", "o")
    editor.until_ghost("alpha(1)")


@KINDS
def test_a_summary_that_comes_while_one_types_waits_for_normal_mode(lent, kind):
    editor = lent("alpha", step_ms=5, kind=kind)
    editor.silence_server()
    editor.nvim.command("4,5Assist summarize")
    editor.type("gg", "O", "import sys")
    editor.let_server_speak()
    editor.until(lambda: editor.lua(HAS_SUMMARY_WAITING))
    editor.type(", re")
    assert floating_text(editor) == ""
    editor.type("<Esc>")
    assert "add_name" in editor.until(lambda: floating_text(editor))
    editor.type("q")
    assert editor.text()[0] == "import sys, re"


@KINDS
def test_a_summary_is_inserted_where_its_lines_have_moved(lent, kind):
    editor = lent(kind=kind)
    editor.nvim.command("4,5Assist summarize")
    editor.until(lambda: floating_text(editor))
    (source,) = [b for b in editor.nvim.buffers if b.name == str(editor.file)]
    source.append(["import sys", "import re"], 0)
    editor.type("i")
    editor.until(lambda: len(editor.text()) > 7)
    assert editor.text()[:5] == ["import sys", "import re", *FUNCTION.split("\n")[:3]]
    assert editor.text()[5].startswith("# ")
    assert "\n".join(editor.text()[-2:]) + "\n" == FUNCTION.split("\n\n\n")[1]


@KINDS
def test_a_file_that_is_closed_before_its_answer_comes_is_no_trouble(lent, kind):
    editor = lent("alpha(1)", kind=kind)
    editor.lua("vim.v.errmsg = ''")
    editor.silence_server()
    editor.nvim.command("Assist summarize")
    editor.nvim.command("Assist document")
    editor.type("G", "o", "a")
    editor.until(lambda: editor.lua(HAS_ASKED))
    editor.type("<Esc>")
    editor.nvim.command("bwipeout!")
    editor.let_server_speak()
    other = editor.file.with_name("other.py")
    other.write_text("x = 1\n")
    editor.nvim.command(f"edit {other}")
    editor.type("G", "o")
    editor.until_ghost("alpha(1)")
    assert editor.lua("return vim.v.errmsg") == ""


@KINDS
def test_a_restart_with_requests_under_way_loses_them_alone(ready, kind):
    editor = ready("alpha(1)", kind=kind)
    first = editor.server_pid()
    editor.silence_server()
    editor.type("G", "o", "a")
    editor.until(lambda: editor.lua(HAS_ASKED))
    editor.nvim.command("Assist restart")
    editor.let_server_speak()
    editor.until(lambda: editor.server_pid() not in {None, first})
    editor.until_ready()
    editor.type("<Esc>", "o")
    editor.until_ghost("alpha(1)")


@KINDS
def test_closed_files_leave_nothing_behind(lent, kind):
    editor = lent("alpha(1)", kind=kind)
    editor.lua(COUNT_TRACES)
    before = editor.lua("return _G.count_traces()")
    for number in range(5):
        file = editor.file.with_name(f"{number}.py")
        file.write_text("x = 1\n")
        editor.nvim.command(f"edit {file}")
        editor.type("G", "o")
        editor.until_ghost("alpha(1)")
        editor.type("<Esc>")
        editor.nvim.command("bwipeout!")
    editor.until(lambda: editor.lua("return _G.count_traces()"), before)
