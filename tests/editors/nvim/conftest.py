"""Real Neovim for the tests: 0.12 with inline completion of its own, and 0.10 without."""

import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # the modules beside this file

from neovim_packages import NotAvailableError, install

MUST_RUN = bool(os.environ.get("CI"))
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


@pytest.fixture
def start(programs, tmp_path):
    """Starts editors: start(command, text=..., options=..., kind=...)."""
    from neovim import Neovim, init  # noqa: PLC0415 - needs pynvim, which may be missing

    running = []

    def start_editor(command, text="", options="", kind="builtin", name="code.py", configuration=""):
        home = tmp_path / f"editor{len(running)}"
        home.mkdir()
        file = home / name
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        drawn_by = 'ghost_text = "own",' if kind == "own" else ""
        editor = Neovim(programs(SUITES[kind]), home)
        running.append(editor)
        editor.start(configuration or init(command, drawn_by + options), file)
        editor.file = file
        return editor

    yield start_editor
    for editor in running:
        editor.stop()
