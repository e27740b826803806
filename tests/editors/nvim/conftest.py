"""Real Neovim for the tests: 0.12 with inline completion of its own, and 0.10 without."""

import json
import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # the modules beside this file

from neovim_packages import NotAvailableError, install

MUST_RUN = "ASSIST_NEOVIM_MUST_RUN" in os.environ
SUITES = {"builtin": "forky", "own": "forky", "old": "trixie"}
"""By kind of ghost text: drawn by Neovim, by the plugin, by the plugin because it must."""


@pytest.fixture(scope="session")
def programs(tmp_path_factory):
    """Finds or installs the Neovim of a Debian suite; skips where there is none to be had."""
    cache = os.environ.get("ASSIST_EDITORS_CACHE")
    folder = Path(cache) if cache else tmp_path_factory.mktemp("editors")
    folder.mkdir(parents=True, exist_ok=True)
    failures = {}

    def program(suite):
        try:
            if suite not in failures:
                return install(folder, suite)
        except NotAvailableError as error:
            if MUST_RUN:
                raise
            failures[suite] = str(error)
        pytest.skip(f"no Neovim of Debian {suite}: {failures[suite]}")

    return program


@pytest.fixture(scope="session")
def launch(programs, tmp_path_factory):
    """Starts an editor with a server; it ends with the tests."""
    from neovim import Neovim, init  # noqa: PLC0415 - needs pynvim, which may be missing

    running = []

    def launch_editor(command, options="", kind="builtin", file="", configuration=""):
        drawn_by = 'ghost_text = "own",' if kind == "own" else ""
        editor = Neovim(programs(SUITES[kind]), tmp_path_factory.mktemp("home"))
        running.append(editor)
        return editor.start(configuration or init(command, drawn_by + options), file)

    yield launch_editor
    for editor in running:
        editor.stop()


@pytest.fixture
def start(launch, tmp_path):
    """Starts an editor of the test's own on a file: start(command, text, options, kind)."""

    def start_editor(command, text="", options="", kind="builtin", configuration=""):
        file = _write(tmp_path / "code.py", text)
        editor = launch(command, options, kind, file, configuration)
        editor.file = file
        return editor

    return start_editor


@pytest.fixture(scope="session")
def lent_editors():
    """Editors that tests with the same server and options use one after the other."""
    return {}


@pytest.fixture
def lend(launch, lent_editors, tmp_path, tmp_path_factory):
    """Opens a file in an editor that may have served other tests: lend(command, text, ...).

    Its server answers what the last one who lent it wanted.
    """
    from neovim import parts, scripted  # noqa: PLC0415 - needs pynvim, which may be missing

    used = []

    def lend_editor(command, text="", options="", kind="builtin"):
        beginning, answers = parts(command)
        key = (json.dumps(beginning), options, kind)
        file = _write(tmp_path / "code.py", text)
        if key not in lent_editors:
            script_file = tmp_path_factory.mktemp("script") / "script.json"
            script_file.write_text(answers, encoding="utf-8")
            shared = scripted(**beginning, follows=str(script_file))
            lent_editors[key] = launch(shared, options, kind, file)
            lent_editors[key].script_file = script_file
        editor = lent_editors[key]
        editor.rewrite_script(answers)
        editor.nvim.command(f"edit! {file}")
        editor.file = file
        used.append(editor)
        editor.until_ready()
        return editor

    yield lend_editor
    for editor in used:
        editor.tidy_up()


def _write(file, text):
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return file
