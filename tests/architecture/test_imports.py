"""What an import does: nothing that is seen, and nothing of the tensor side where it stays away."""

import ast
import importlib.util
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

import assist_server

ROOT = Path(assist_server.__file__).parents[1]
MODULES = {
    module.name
    for module in pkgutil.walk_packages(assist_server.__path__, "assist_server.")
    if module.name != "assist_server.__main__"  # which is there to be run
}
TENSOR_PACKAGES = ("engine.decoding", "engine.models", "training")
TENSOR_MODULES = (
    "engine.failures",
    "engine.loading.checkpoint",
    "engine.loading.deferred",
    "engine.loading.gguf.model",
    "engine.loading.gguf.tokenizer",
    "engine.loading.gguf.weights",
    "engine.loading.packed_weights",
    "engine.transformers_backend",
    "evaluation.calibration",
    "evaluation.perplexity",
)
TENSOR_SIDE = {
    name
    for name in MODULES
    if name.removeprefix("assist_server.").startswith((*TENSOR_PACKAGES, *TENSOR_MODULES))
}
"""The only modules behind which torch and transformers may be."""

IMPORT_EACH = """
import importlib, sys, threading

for name in sys.argv[1:]:
    importlib.import_module(name)
    heavy = sorted({"torch", "transformers", "tokenizers", "numpy"} & sys.modules.keys())
    if heavy or threading.active_count() > 1:
        sys.exit(f"{name}: imports {heavy}, runs {threading.enumerate()}")
print("imported", len(sys.argv) - 1)
"""


def import_each(names):
    """Import modules one after the other in a fresh process; what it printed."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", IMPORT_EACH, *names],
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout + done.stderr


@pytest.mark.parametrize("name", ["assist_server.lsp.create_server", "assist_server.cli.main"])
def test_the_server_and_the_command_line_start_without_torch(name):
    assert import_each([name]) == "imported 1\n"


def test_the_server_starts_without_an_http_client():
    code = "import sys, assist_server.lsp.create_server; sys.exit('httpx2' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_nothing_is_printed_started_or_loaded():
    names = sorted(MODULES - TENSOR_SIDE)
    assert import_each(names) == f"imported {len(names)}\n"


def reads_of_the_environment(tree):
    """Lines that look at the machine while the module is imported: outside of functions."""
    machine = {
        "environ",
        "getenv",
        "home",
        "cwd",
        "getcwd",
        "expanduser",
        "find_spec",
        "is_available",
    }
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            continue
        if isinstance(node, ast.Attribute) and node.attr in machine:
            yield node.lineno
        waiting += ast.iter_child_nodes(node)


def test_no_module_looks_at_the_machine_when_imported():
    files = {file: ast.parse(file.read_text()) for file in (ROOT / "assist_server").rglob("*.py")}
    found = {str(file): list(reads_of_the_environment(tree)) for file, tree in files.items()}
    assert {file: lines for file, lines in found.items() if lines} == {}


def test_the_probe_sees_reads_of_the_environment():
    code = (
        "import os\nA = os.environ['A']\ndef f():\n    os.environ\nclass B:\n    c = os.getcwd()\n"
    )
    assert sorted(reads_of_the_environment(ast.parse(code))) == [2, 6]


@pytest.mark.skipif(importlib.util.find_spec("importlinter") is None, reason="needs import-linter")
def test_the_import_contract_is_kept():
    done = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
