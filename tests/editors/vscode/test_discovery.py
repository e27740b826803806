"""Where the extension finds its server, and where it does not look."""

import json
import shutil
import subprocess
import sys
import zipfile

import pytest
from code_server import EXTENSION, HERE, RESTART_KEY, CodeServer, wait_for
from workbench import READY, Page, Workbench

CALL = "alpha(beta, gamma)"
SUPPORT = HERE.parents[1] / "support"


def write_program(file, script, before=""):
    """A program that is a server with the script in a file."""
    served = f'{sys.executable} {HERE / "served.py"} {script} "$@"'
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(
        f"#!/bin/sh\nexport PYTHONPATH={SUPPORT}:{SUPPORT.parents[1]}\n{before}\nexec {served}\n"
    )
    file.chmod(0o755)


def type_and_accept(workbench, file):
    workbench.press("Control+End")
    workbench.type("y = ")
    ghost = workbench.wait_for_ghost_text()
    workbench.press("Tab")
    workbench.save(file, f"x = 1\ny = {ghost}".encode())


def test_the_readmes_commands_lead_to_ghost_text(workbench, settings):
    settings(assist__server__command=None)
    text = "import j"  # what is shown unasked has to be likely
    file = workbench.open_with(None, text[:-1])
    workbench.press("Control+End")
    workbench.type(text[-1])
    ghost = workbench.wait_for_ghost_text()
    workbench.press("Tab")
    workbench.save(file, (text + ghost).encode())


@pytest.mark.usefixtures("no_server_on_path")
def test_the_environment_of_the_workspace_is_searched(workbench, settings):
    environment = workbench.server.workspace / ".venv"
    script = workbench.server.home / "script.json"
    write_program(environment / "bin" / "assist-server", script)
    try:
        settings(assist__server__command=None)
        file = workbench.open_with({"answer": CALL}, "x = 1\n", is_fresh=True)
        type_and_accept(workbench, file)
    finally:
        shutil.rmtree(environment)


@pytest.fixture
def own_environment(workbench):
    """Where the extension makes one; it does not outlive the test."""
    storage = workbench.server.data / "User" / "globalStorage" / "assist-server.assist-server"
    yield storage / "environment"
    shutil.rmtree(storage / "environment", ignore_errors=True)


@pytest.mark.usefixtures("no_server_on_path")
def test_an_environment_is_made_where_the_user_wants_it(
    workbench, settings, own_environment, tmp_path
):
    wheel = wheel_of_scripted_server(tmp_path, workbench.server.home / "script.json")
    settings(assist__server__command=None, assist__server__package=str(wheel))
    script = {"answer": "made(here)"}
    file = workbench.open_with(script, "x = 1\n", status="error")
    assert not own_environment.exists()
    workbench.page("mouse.move", 500, 300)  # a hover of the message would cover its button
    workbench.page("click", '.notification-list-item a:has-text("Install")')
    wait_for(lambda: any("Installing" in text for text in workbench.notifications()), "progress")
    workbench.wait_for_status(READY)
    workbench.wait_for_no_messages()
    type_and_accept(workbench, file)


def wheel_of_scripted_server(folder, script):
    """A package with a command of the server's name, small enough to be installed in a test."""
    start = (
        "import os, sys\n\n\ndef main():\n"
        f"    os.execv({sys.executable!r}, [{sys.executable!r}, {str(HERE / 'served.py')!r},"
        f" {str(script)!r}, *sys.argv[1:]])\n"
    )
    information = "assist_server_stand_in-1.dist-info"
    facts = "Metadata-Version: 2.1\nName: assist-server-stand-in\nVersion: 1\n"
    files = {
        "assist_server_stand_in.py": start,
        f"{information}/METADATA": facts,
        f"{information}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{information}/entry_points.txt": (
            "[console_scripts]\nassist-server = assist_server_stand_in:main\n"
        ),
    }
    record = "".join(f"{name},,\n" for name in [*files, f"{information}/RECORD"])
    wheel = folder / "assist_server_stand_in-1-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, text in {**files, f"{information}/RECORD": record}.items():
            archive.writestr(name, text)
    return wheel


@pytest.mark.usefixtures("own_environment")
@pytest.mark.parametrize(
    ("setting", "value"),
    [("python", "/nowhere/python"), ("package", "/nowhere/package")],
)
def test_an_installation_that_fails_is_one_sentence_with_the_remedy(
    workbench, settings, setting, value
):
    workbench.open("x = 1\n", answer=CALL)
    named = {"assist__server__package": "/somewhere/package"}  # or else it would be asked for
    settings(**named | {f"assist__server__{setting}": value})
    workbench.run("Assist: Install the Server")

    def failures():
        return [text for text in workbench.notifications() if "failed" in text]

    (sentence,) = wait_for(failures, "a message")
    assert f"assist.server.{setting}" in sentence


@pytest.fixture
def untrusting(workbench, vscode_tools, tmp_path):
    """A workbench for one test, to which its workspace is new and not trusted."""
    server = CodeServer(vscode_tools, tmp_path / "home")
    server.change_settings(security__workspace__trust__enabled=True)
    install = ["bash", "-c", "code --install-extension dist/assist-server.vsix"]
    subprocess.run(install, cwd=EXTENSION, env=server.environment, check=True, capture_output=True)
    page = Page(vscode_tools)
    yield Workbench(server, page, tmp_path / "script.json")
    page.close()
    server.stop()


def test_a_workspace_that_is_not_trusted_chooses_no_program(untrusting, tmp_path):
    workspace = untrusting.server.workspace
    programs = {
        "path": untrusting.server.link,
        "environment": workspace / ".venv" / "bin" / "assist-server",
        "setting": tmp_path / "bin" / "program",
    }
    untrusting.rewrite_script(answer=CALL)

    def write(name):
        trace = f"touch {tmp_path}/started-by-{name}"
        write_program(programs[name], tmp_path / "script.json", trace)

    write("environment")
    write("setting")
    own_settings = workspace / ".vscode" / "settings.json"
    own_settings.parent.mkdir()
    own_settings.write_text(json.dumps({"assist.server.command": [str(programs["setting"])]}))
    untrusting.server.start()
    untrusting.page("goto", untrusting.server.url)
    untrusting.page("waitForSelector", '.statusbar-item:has-text("Restricted Mode")')
    (sentence,) = wait_for(untrusting.notifications, "a message")
    assert "trust this workspace" in sentence
    write("path")
    untrusting.press(RESTART_KEY)
    untrusting.wait_for_status(READY)
    assert [trace.name for trace in tmp_path.glob("started-by-*")] == ["started-by-path"]
    untrusting.run("Workspaces: Manage Workspace Trust")
    untrusting.page("click", '.workspace-trust-editor a:has-text("Trust")')
    trace = tmp_path / "started-by-setting"
    wait_for(trace.exists, "the program that a trusted workspace chooses")
