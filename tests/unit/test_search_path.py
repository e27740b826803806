"""Where modules are looked for, seen from real interpreters in a folder with modules of its own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import assist_server

PACKAGE_FOLDER = str(Path(assist_server.__file__).parent.parent)
SHOW_CHILDS_PATH = """
import subprocess
from assist_server.search_path import PYTHON, child_environment, forget_working_folder
forget_working_folder()
show = "import sys, assist_server; print(assist_server.__file__, *sys.path, sep=chr(10))"
subprocess.run([*PYTHON, "-c", show], env=child_environment(), check=True)
"""


def run(folder, *arguments, python_path):
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": python_path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def folder(tmp_path):
    """A project whose modules end the process."""
    for name in ("typer", "click", "rich", "torch", "numpy"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit(99)")
    return tmp_path


@pytest.mark.parametrize(
    "python_path",
    [PACKAGE_FOLDER, f":{PACKAGE_FOLDER}", f"{PACKAGE_FOLDER}:", f".:{PACKAGE_FOLDER}"],
    ids=["absolute", "empty first", "empty last", "dot"],
)
def test_a_child_finds_this_package_and_never_the_working_folder(folder, python_path):
    found = run(folder, "-P", "-c", SHOW_CHILDS_PATH, python_path=python_path).splitlines()
    assert found[0] == assist_server.__file__
    assert str(folder) not in found


def test_the_package_is_run_in_a_folder_with_modules_of_such_names(folder):
    for name in ("pathlib", "fnmatch", "json", "dataclasses", "typing"):
        (folder / f"{name}.py").write_text("raise SystemExit(99)")
    command = ("-m", "assist_server", "models")
    assert "embedded" in run(folder, *command, python_path=PACKAGE_FOLDER)


def test_a_folder_that_is_named_in_full_is_wanted(folder):
    show = (
        "from assist_server.search_path import forget_working_folder as forget\n"
        "forget()\nimport sys; print(*sys.path, sep=chr(10))"
    )
    python_path = os.pathsep.join([str(folder), PACKAGE_FOLDER])
    for option in ((), ("-P",)):
        found = run(folder, *option, "-c", show, python_path=python_path).splitlines()
        assert str(folder) in found
