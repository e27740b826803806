"""No verb runs code of the folder that it is started in."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from distributions import install, library_code
from tiny_models import FAMILIES, save_family

import assist_server
from assist_server.cli.main import app
from assist_server.lsp.framing import frame

PACKAGE_FOLDER = str(Path(assist_server.__file__).parent.parent)
LIBRARIES = (
    *("torch", "numpy", "transformers", "tokenizers", "safetensors", "huggingface_hub", "pygls"),
    *("lsprotocol", "pydantic", "rich", "typer", "click", "psutil", "platformdirs", "tree_sitter"),
    *("sitecustomize", "usercustomize", "matplotlib", "cattrs", "attrs", "regex", "yaml", "peft"),
    *("gguf", "httpx2", "tomlkit", "sentencex", "docstring_parser", "filelock", "tqdm"),
    *("keyring", "secretstorage", "jeepney"),
)
OPTIONS = {
    "serve": (),
    "connect": (),
    "complete": ("fnmatch_.py", "--line", 20, "--column", 1, "--model", "MODEL"),
    "document": ("fnmatch_.py", "--line", 60, "--model", "MODEL"),
    "summarize": ("fnmatch_.py", "--model", "MODEL"),
    "run": (),
    "doctor": ("--model", "MODEL"),
    "key set": ("https://a.org",),
    "key remove": ("https://a.org",),
    "models": (),
    "models list": (),
    "models pull": ("MODEL",),
    "models remove": ("MODEL",),
    "models info": ("MODEL",),
    "models suggest": (),
    "models use": ("MODEL",),
    "models export": ("OUT", "--model", "MODEL"),
    "answers": ("--corpus", ".", "--out", "OUT", "--model", "MODEL"),
    "corpus": ("--packages", "PACKAGES", "--out", "OUT"),
    "demo": (),
    # With a model that does not exist it ends as soon as its server has said so.
    "bench": ("--quick", "--model", "./nothing"),
    "eval": ("--repo", ".", "--quick", "--places", 1, "--pieces", 1, "--model", "MODEL"),
    "train": ("--size", "toy", "--packages", "PACKAGES", "--tokens", "15k", "--out", "OUT"),
    "finetune": ("--repo", ".", "--model", "MODEL", "--tokens", "9k", "--out", "OUT"),
    "calibrate": ("--repo", ".", "--quick", "--model", "MODEL", "--out", "OUT"),
}
ALONE = ("serve", "connect", "demo", "bench", "doctor", "complete")
"""Verbs in a process of their own, as people start them: those that talk to one, and two others."""
ONE_AFTER_THE_OTHER = """
import json, sys
from assist_server.search_path import forget_working_folder
forget_working_folder()
from assist_server.cli.main import main
codes = []
for words in json.loads(sys.argv[1]):
    sys.argv = ["assist-server", *words]
    try:
        main()
        codes.append(0)
    except SystemExit as ended:
        codes.append(ended.code or 0)
print()
print(json.dumps(codes))
"""
"""Other verbs share a process, as importing the libraries takes most of their time."""
CODES = {"answers": 2, "bench": 2, "calibrate": 2, "models pull": 2, "models remove": 2}
CODES |= {"key set": 2, "key remove": 2}
"""A model of random weights is never right enough to be calibrated; the folder is no corpus, nor a
model of the hub; there is no key."""


@pytest.fixture(scope="module")
def material(tmp_path_factory):
    """A model and packages from elsewhere."""
    folder = tmp_path_factory.mktemp("material")
    names = ("textwrap", "shlex", "bisect", "calendar", "cmd", "code", "fnmatch", "heapq", "csv")
    files = {f"free/{path}": text for path, text in library_code(*names).items()}
    held_out = {f"jinja2/{path}": text for path, text in library_code("abc", "shelve").items()}
    install(folder / "packages", "free", files)
    install(folder / "packages", "jinja2", held_out)
    family = next(one for one in FAMILIES if one.config == "Qwen2Config")
    return {"MODEL": save_family(family, folder), "PACKAGES": folder / "packages"}


@pytest.fixture
def traces(tmp_path):
    """The file in which hostile code leaves its name."""
    return tmp_path / "traces"


@pytest.fixture
def hostile(project, traces):
    """A repository with a module for each that we might import, and with commands for git."""
    leave_name = f"open({str(traces)!r}, 'a').write(__name__ + '\\n')\nraise SystemExit(99)\n"
    for name in {*sys.stdlib_module_names, *LIBRARIES}:
        (project / f"{name}.py").write_text(leave_name)
    (project / "assist_server").mkdir()
    for name in ("__init__", "__main__"):
        (project / "assist_server" / f"{name}.py").write_text(leave_name)
    for path, text in library_code("fnmatch", "textwrap", "csv", "cmd", "shlex").items():
        (project / path.replace(".py", "_.py")).write_text(text)
    (project / "matplotlibrc").write_text("text.usetex: True\n")
    configure_git(project, traces)
    return project


def configure_git(project, traces):
    """Have every command of git run ours, where the repository's settings may say so."""
    if shutil.which("git") is None:
        return
    script = project / "run.sh"
    script.write_text(f"#!/bin/sh\necho git >> '{traces}'\n")
    script.chmod(0o755)
    for command in (("init", "-q"), ("add", "."), ("config", "core.fsmonitor", str(script))):
        subprocess.run(["git", *command], cwd=project, check=True)
    for hook in ("post-index-change", "fsmonitor-watchman"):
        shutil.copy(script, project / ".git" / "hooks" / hook)


def conversation(verb, folder):
    """A whole one, with the folder as its workspace; a shared server leaves after it."""
    options = {"idle_exit_minutes": 0}
    workspace = {"processId": None, "rootUri": folder.as_uri(), "capabilities": {}}
    status = ("workspace/executeCommand", {"command": "assist.status", "arguments": [True]})
    messages = [
        ("initialize", workspace | {"initializationOptions": options}),
        ("initialized", {}),
        *([status] if verb == "serve" else ()),
        ("shutdown", None),
        ("exit", None),
    ]
    notifications = {"initialized", "exit"}
    return b"".join(
        frame(json.dumps(
            {"jsonrpc": "2.0", "method": method, "params": params}
            | ({} if method in notifications else {"id": number})
        ).encode())
        for number, (method, params) in enumerate(messages)
    )  # fmt: skip


def test_every_verb_is_tried():
    assert set(OPTIONS) == set(names_of(app))


def names_of(commands, above=""):
    """The commands of an application and of its groups, of which some only part the code."""
    for command in commands.registered_commands:
        yield above + (command.name or command.callback.__name__)
    for group in commands.registered_groups:
        if group.typer_instance.registered_callback:
            yield group.name
        yield from names_of(group.typer_instance, f"{group.name} " if group.name else above)


@pytest.mark.parametrize("verb", ALONE)
def test_nothing_of_the_folder_is_run(verb, hostile, traces, material, tmp_path):
    messages = conversation(verb, hostile) if verb in {"serve", "connect"} else b""
    done = run(("-m", "assist_server", *arguments(verb, material, tmp_path)), messages)
    assert not traces.exists(), traces.read_text()
    assert done.returncode == CODES.get(verb, 0), done.stderr.decode()


def test_nothing_of_the_folder_is_run_by_any_other_verb(hostile, traces, material, tmp_path):
    verbs = [verb for verb in OPTIONS if verb not in ALONE]
    calls = [arguments(verb, material, tmp_path) for verb in verbs]
    done = run(("-c", ONE_AFTER_THE_OTHER, json.dumps(calls)))
    assert not traces.exists(), traces.read_text() + done.stderr.decode()
    codes = json.loads(done.stdout.splitlines()[-1])
    assert dict(zip(verbs, codes, strict=True)) == {verb: CODES.get(verb, 0) for verb in verbs}


def arguments(verb, material, tmp_path):
    """The words of a command."""
    known = {name: str(path) for name, path in material.items()} | {"OUT": str(tmp_path / verb)}
    return [*verb.split(), *(known.get(option, str(option)) for option in OPTIONS[verb])]


def run(command, messages=b""):
    return subprocess.run(
        [sys.executable, "-P", *command],
        input=messages,
        env={**os.environ, "PYTHONPATH": PACKAGE_FOLDER, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        timeout=300,
        check=False,
    )
