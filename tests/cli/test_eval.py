"""`eval`: a model beside another and beside baselines, on packages it has not seen."""

import gzip
import json
import shutil

import pytest
from distributions import install, library_code

from assist_server.engine.opening import locate_model

NAMES = ("textwrap", "shlex", "calendar", "cmd", "fnmatch", "csv")
LITTLE = ("--quick", "--places", 2, "--pieces", 1)


@pytest.fixture
def packages(tmp_path):
    files = {f"flask/{path}": text for path, text in library_code(*NAMES).items()}
    return install(tmp_path / "packages", "flask", files)


def test_models_are_compared_on_every_suite(run, packages, tmp_path):
    other = tmp_path / "other"
    shutil.copytree(locate_model("embedded"), other)
    items = tmp_path / "lines.jsonl.gz"
    fields = {
        "name": "double",
        "prompt": "def double(n):",
        "suffix": "\n",
        "canonical_solution": "    return 2 * n",
        "tests": "assert double(4) == 8",
    }
    items.write_bytes(gzip.compress(json.dumps(fields).encode()))
    options = ("--packages", packages, "--infilling", items, "--beside", other)
    result = run("eval", *LITTLE, *options, "--json")
    assert result.code == 0, result.err
    suites = json.loads(result.out)["suites"]
    for name in ("rest of line", "whole line", "block", "argument", "docstring"):
        assert list(suites[name]) == ["embedded", "other", "copy", "5-gram"]
        assert suites[name]["embedded"] == suites[name]["other"]
        assert suites[name]["copy"]["exact"]["count"] == 2
    assert list(suites["benchmark lines"]) == ["embedded", "other", "copy", "5-gram"]
    assert list(suites["typed again"]) == ["embedded", "other", "copy"]
    assert list(suites["docstrings"]) == ["embedded", "other", "names alone"]
    assert 0.3 < suites["text"]["embedded"]["bits per byte"]["mean"] < 3


def test_without_code_that_was_never_seen_it_is_refused(run, tmp_path):
    install(tmp_path, "free", library_code("cmd"))
    result = run("eval", "--packages", tmp_path)
    assert result.code == 2
    assert "no package is installed here that the embedded models have not seen" in result.err
