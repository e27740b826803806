"""A real VS Code for the tests, with the extension installed as its README says."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # the modules beside this file

from code_server import HERE, CodeServer
from workbench import READY, Page, Workbench

MUST_RUN = bool(os.environ.get("ASSIST_VSCODE_MUST_RUN"))
REPOSITORY = HERE.parents[2]
SUPPORT = REPOSITORY / "tests" / "support"

LINK_SERVER = 'mkdir -p ~/.local/bin && ln -s "$PWD/.venv/bin/assist-server" ~/.local/bin/'
PACKAGE_EXTENSION = "cd editors/vscode && npm install && npm run package"
INSTALL_EXTENSION = "code --install-extension dist/assist-server.vsix"  # in the same folder


@pytest.fixture(scope="session")
def vscode_tools(tmp_path_factory):
    """A folder with the workbench and the browser's driver; skips where they cannot be had."""
    if shutil.which("npm") is None:
        pytest.skip("npm is not on this machine")
    cache = os.environ.get("ASSIST_EDITORS_CACHE")
    folder = Path(cache, "vscode") if cache else tmp_path_factory.mktemp("vscode-tools")
    command = ["bash", HERE / "install_tools.sh", folder]
    installed = subprocess.run(command, capture_output=True, text=True, check=False)
    if installed.returncode and not MUST_RUN:
        pytest.skip(f"VS Code cannot be installed: {installed.stderr.strip()[-300:]}")
    assert installed.returncode == 0, installed.stderr
    return folder


def install_as_the_readme_says(clone, environment):
    """Run the commands of the README: one for the server, and those for VS Code."""
    readme = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    for command in (LINK_SERVER, PACKAGE_EXTENSION, INSTALL_EXTENSION):
        assert command in readme
    for command in (LINK_SERVER, f"{PACKAGE_EXTENSION} && {INSTALL_EXTENSION}"):
        shell = ["bash", "-c", command]
        subprocess.run(shell, cwd=clone, env=environment, check=True, capture_output=True)


@pytest.fixture(scope="session")
def workbench(vscode_tools, tmp_path_factory):
    """The workbench with the extension, and a server that follows each test's script."""
    home = tmp_path_factory.mktemp("vscode")
    server = CodeServer(vscode_tools, home)
    server.environment["PYTHONPATH"] = f"{SUPPORT}:{REPOSITORY}"
    clone = home / "clone"
    clone.mkdir()
    (clone / "editors").symlink_to(REPOSITORY / "editors")
    (clone / ".venv").symlink_to(sys.prefix)  # where the README's first command has put the server
    install_as_the_readme_says(clone, server.environment)
    script = home / "script.json"
    server_command = [sys.executable, str(HERE / "served.py"), str(script)]
    server.change_settings(assist__server__command=server_command)
    # The machine may be busy. From the start, as the editor takes its time to see a change.
    server.change_settings(assist__completion__max_latency_ms=60_000)
    server.start()
    page = Page(vscode_tools)
    workbench = Workbench(server, page, script)
    try:
        workbench.start()
        yield workbench
    finally:
        page.close()
        server.stop()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """A picture of what was there when a test failed, where a folder for it is named."""
    report = yield
    folder = os.environ.get("ASSIST_FAILURE_PICTURES")
    if folder and report.failed and "workbench" in item.funcargs:
        item.funcargs["workbench"].screenshot(Path(folder, f"{item.name.replace('/', '_')}.png"))
    return report


@pytest.fixture
def settings(workbench):
    """Changes settings of the user until the end of the test."""
    changed = {}

    def change(**values):
        for name in values:
            changed.setdefault(name, workbench.server.setting(name))
        workbench.server.change_settings(**values)

    yield change
    workbench.server.change_settings(**changed)
    workbench.wait_for_status(READY)


@pytest.fixture
def no_server_on_path(workbench):
    """Takes away, for a test, what the README's command has put on PATH."""
    link = workbench.server.link
    hidden = link.rename(link.with_name("hidden"))
    yield
    hidden.rename(link)
