"""How a process begins and ends: closed streams, folders that are gone, interruptions."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

import assist_server
from assist_server.lsp.client import LspClient

COMMAND = [sys.executable, "-P", "-m", "assist_server"]
END = """
import atexit, sys, threading
from assist_server.cli.process import end
atexit.register(print, "taken down", flush=True)
{}
print("said")
end({})
"""
LOADING = "threading.Thread(target=threading.Event().wait, daemon=True).start()"


@pytest.fixture
def environment(tmp_path):
    return {
        **os.environ,
        "PYTHONPATH": str(Path(assist_server.__file__).parent.parent),
        "XDG_CONFIG_HOME": str(tmp_path / "config"),
    }


def run_in_shell(script, environment, *arguments, **options):
    """Run with the shell's means of closing streams and of leaving folders; `$@` is the command."""
    return subprocess.run(
        ["sh", "-c", script, "sh", *COMMAND, *map(str, arguments)],
        env=environment, check=False, capture_output=True, text=True, timeout=120,
        stdin=subprocess.DEVNULL, **options,
    )  # fmt: skip


@pytest.fixture
def source(tmp_path):
    file = tmp_path / "source.py"
    file.write_text("def add(a, b):\n    return a + b\n")
    return file


@pytest.mark.parametrize(
    ("verb", "options"),
    [
        ("models", ()),
        ("complete", ("--line", 2, "--column", 12, "--json")),
        ("doctor", ("--model", "./nothing")),
    ],
)
def test_a_working_folder_that_is_gone(tmp_path, environment, source, verb, options):
    (tmp_path / "gone").mkdir()
    arguments = (source, *options) if verb == "complete" else options
    script = 'cd gone && rmdir "$PWD" && exec "$@"'
    done = run_in_shell(script, environment, verb, *arguments, cwd=tmp_path)
    assert done.returncode == (verb == "doctor"), done.stderr
    assert done.stdout
    assert "Traceback" not in done.stderr


def test_a_file_that_is_named_from_a_folder_that_is_gone(tmp_path, environment):
    (tmp_path / "gone").mkdir()
    script = 'cd gone && rmdir "$PWD" && exec "$@"'
    done = run_in_shell(script, environment, "summarize", "a.py", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "assist-server: there is no file 'a.py'; check the path\n"


def test_a_server_outlives_its_working_folder(tmp_path, environment):
    folder = tmp_path / "gone"
    folder.mkdir()
    script = 'cd "$0" && exec "$@"'
    with LspClient(("sh", "-c", script, str(folder), *COMMAND, "serve"), env=environment) as client:
        client.initialize(options={"model": "./nothing"})
        client.wait_until(lambda: client.seen("window/showMessage"))
        folder.rmdir()
        client.notify(
            "workspace/didChangeConfiguration", {"settings": {"assist": {"model": "./no"}}}
        )
        client.wait_until(lambda: len(client.seen("window/showMessage")) > 1)
        assert "/no'" in client.seen("window/showMessage")[1]["message"]


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-", "<&- >&- 2>&-"])
@pytest.mark.parametrize(
    ("arguments", "code"), [(("models",), 0), (("serve",), 1), (("complete", "no.py"), 2)]
)
def test_streams_that_are_closed(environment, tmp_path, closed, arguments, code):
    done = run_in_shell(f'exec "$@" {closed}', environment, *arguments, cwd=tmp_path)
    assert done.returncode == code
    assert "Traceback" not in done.stderr
    if "2>&-" in closed and code:
        assert done.stdout == ""


def test_a_reader_that_has_left(environment, tmp_path):
    script = '{ "$@"; echo $? >code; } | true'
    done = run_in_shell(script, environment, "models", cwd=tmp_path)
    assert done.stderr == ""
    assert (tmp_path / "code").read_text().strip() in {"0", "1"}


@pytest.mark.parametrize("code", [0, 2, 130])
def test_the_interpreter_is_taken_down_only_where_no_thread_is_in_the_middle(environment, code):
    def ended(setup):
        program = END.format(setup, code)
        done = subprocess.run(
            [sys.executable, "-c", program], env=environment, check=False, capture_output=True,
            text=True, timeout=60,
        )  # fmt: skip
        assert (done.returncode, done.stderr) == (code, "")
        return done.stdout.splitlines()

    assert ended("") == ["said", "taken down"]
    assert ended(LOADING) == ["said"]


@pytest.mark.skipif(sys.platform != "linux", reason="looks at what a process has mapped")
@pytest.mark.parametrize("library", ["libtorch_cpu", "libtorch_python", "_C."])
def test_an_interruption_while_the_model_loads(environment, source, library):
    arguments = ["complete", str(source), "--line", "2", "--column", "12"]
    with subprocess.Popen(
        [*COMMAND, *arguments], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        watched, deadline = psutil.Process(process.pid), time.monotonic() + 60
        while not any(library in Path(one.path).name for one in watched.memory_maps()):
            assert time.monotonic() < deadline
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (130, b""), err
    for words in (b"Traceback", b"terminate", b"Fatal"):
        assert words not in err
