"""Real Neovim, driven by its own protocol: keys go in, and what a user would see comes out."""

import contextlib
import json
import os
import signal
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pynvim

REPOSITORY = Path(__file__).parents[3]
PLUGIN = REPOSITORY / "editors" / "nvim"
SCRIPTED_SERVER = REPOSITORY / "tests" / "support" / "scripted_server.py"
PATIENCE_S = 120
PATIENT = "[completion]\nmax_latency_ms = 60_000\n"
"""Settings of a user whose machine may be busy: a late answer is better than none."""
ANSWERING = {"answer", "drawn", "step_ms"}
"""The parts of a script that may change while its server runs."""

_GHOST_TEXT = """
local found = {}
for _, name in ipairs({ "nvim.lsp.inline_completion", "assist.ghost_text" }) do
  local namespace = vim.api.nvim_get_namespaces()[name]
  local marks = namespace
    and vim.api.nvim_buf_get_extmarks(0, namespace, 0, -1, { details = true }) or {}
  for _, mark in ipairs(marks) do
    local lines = { mark[4].virt_text, unpack(mark[4].virt_lines or {}) }
    for _, chunks in ipairs(lines) do
      local line = ""
      for _, chunk in ipairs(chunks) do line = line .. chunk[1] end
      table.insert(found, line)
    end
  end
end
return table.concat(found, "\\n")
"""
# What `vim.notify` was asked to show; `:messages` would hold the editor's own chatter as well.
_HEAR_MESSAGES = """
_G.heard = {}
vim.notify = function(message) table.insert(_G.heard, message) end
"""


def scripted(answer="", **script):
    """The command of a server whose model always answers the same."""
    script = json.dumps({"answer": answer, **script})
    return [sys.executable, str(SCRIPTED_SERVER), script]


def parts(command):
    """What a scripted server has to know at its start, and what may change while it runs."""
    script = json.loads(command[-1])
    answers = {name: script.pop(name) for name in ANSWERING & script.keys()}
    return script, json.dumps(answers)


def real():
    """The command of the product's own server, with the embedded model."""
    return [sys.executable, "-m", "assist_server"]


@dataclass
class Neovim:
    """One editor with the plugin, in homes of its own."""

    program: Path
    folder: Path
    nvim: pynvim.Nvim = field(init=False)
    silenced: int | None = None
    script_file: Path | None = None

    def start(self, init: str, file: Path | None = None, **environment: str) -> "Neovim":
        """Start with a configuration; every home and cache is empty."""
        script = self.folder / "init.lua"
        script.write_text(f"vim.o.swapfile = false\n{_HEAR_MESSAGES}\n{init}\n")
        homes = {
            f"XDG_{name}_HOME": str(self.folder / name.lower())
            for name in ("CONFIG", "DATA", "STATE", "CACHE")
        }
        own_settings = self.folder / "config" / "assist-server" / "config.toml"
        own_settings.parent.mkdir(parents=True, exist_ok=True)
        own_settings.write_text(PATIENT)
        homes |= {"HOME": str(self.folder), "XDG_RUNTIME_DIR": str(self.folder)}
        variables = homes | environment
        outside = ["env", *(f"{name}={value}" for name, value in variables.items())]
        arguments = ["--embed", "--headless", "-u", str(script)]
        files = [str(file)] if file else []
        self.nvim = pynvim.attach("child", argv=[*outside, str(self.program), *arguments, *files])
        return self

    def tidy_up(self) -> None:
        """Leave the editor as if it had just started, with its server as it is."""
        self.let_server_speak()
        self.type("<C-\\><C-n>")
        self.nvim.command("silent! only! | silent! tabonly! | %bwipeout!")
        self.lua("_G.heard = {}")

    def rewrite_script(self, script: str) -> None:
        """Let the server answer something else from now on; it may be reading at this moment."""
        new = self.script_file.with_suffix(".new")
        new.write_text(script, encoding="utf-8")
        new.replace(self.script_file)

    def stop(self) -> None:
        """End the editor and its server, a shared one, too."""
        self.let_server_speak()
        with contextlib.suppress(OSError, EOFError):  # it hangs up before it can answer
            self.nvim.command("qall!")
        self.nvim.close()
        for server in self.shared_servers():
            server.kill()

    def lua(self, code: str, *arguments):
        return self.nvim.exec_lua(code, *arguments)

    def type(self, *keys: str) -> None:
        """Type as a person does: the editor has taken each key in before the next ones come."""
        for key in keys:
            self.nvim.input(key)
            self.lua("return 0")

    def text(self) -> list[str]:
        return self.nvim.current.buffer[:]

    def ghost(self) -> str:
        return self.lua(_GHOST_TEXT)

    def heard(self) -> list[str]:
        """All messages that were shown."""
        return self.lua("return _G.heard")

    def statusline(self) -> str:
        """The component as the status line shows it."""
        return self.lua(
            "return vim.api.nvim_eval_statusline(require('assist').statusline(), {}).str"
        )

    def until(self, probe, expected=None):
        """Wait until a probe gives what is expected, or anything true."""
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            found = probe()
            if found == expected if expected is not None else found:
                return found
            time.sleep(0.01)
        raise AssertionError(f"expected {expected!r}, found {found!r}; messages: {self.heard()}")

    def until_ready(self) -> None:
        self.until(self.statusline, "assist: ready")

    def until_ghost(self, text: str) -> None:
        self.until(self.ghost, text)

    def server_pid(self) -> int:
        """The process that Neovim has started: the server, or a relay to a shared one."""
        return self.lua("return vim.api.nvim_get_proc_children(vim.fn.getpid())[1]")

    def shared_servers(self) -> list[psutil.Process]:
        """Servers that editors with these homes share."""
        found = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                command = process.cmdline()
                if "--inherited" in command and str(self.folder) in " ".join(command):
                    found.append(process)
        return found

    def silence_server(self) -> None:
        """From now on, whatever is seen is the client's own doing."""
        self.silenced = self.server_pid()
        os.kill(self.silenced, signal.SIGSTOP)

    def let_server_speak(self) -> None:
        """End the silence."""
        if self.silenced:
            os.kill(self.silenced, signal.SIGCONT)
        self.silenced = None


def init(command=None, options="") -> str:
    """A configuration with the plugin on the runtime path, as its help file says for a clone."""
    cmd = f"cmd = vim.json.decode({json.dumps(json.dumps(command))})," if command else ""
    return f"""
vim.opt.runtimepath:append({json.dumps(str(PLUGIN))})
require("assist").setup({{ {cmd} {options} }})
"""
