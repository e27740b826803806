"""`eval`: a model beside another and beside baselines, on packages it has not seen."""

import gzip
import json

import pytest
from archives import npm_package
from distributions import install, library_code
from tiny_models import FAMILIES, save_family

NAMES = ("textwrap", "shlex", "calendar", "cmd", "fnmatch", "csv")
QWEN = next(one for one in FAMILIES if one.config == "Qwen2Config")
LITTLE = ("--quick", "--places", 2, "--pieces", 1)


@pytest.fixture
def packages(tmp_path):
    files = {f"flask/{path}": text for path, text in library_code(*NAMES).items()}
    return install(tmp_path / "packages", "flask", files)


def test_models_are_compared_on_every_suite(run, packages, tmp_path):
    one, other = (
        save_family(QWEN, tmp_path / name).rename(tmp_path / f"{name}-model")
        for name in ("one", "other")
    )
    items = tmp_path / "lines.jsonl.gz"
    fields = {
        "name": "double",
        "prompt": "def double(n):",
        "suffix": "\n",
        "canonical_solution": "    return 2 * n",
        "tests": "assert double(4) == 8",
    }
    items.write_bytes(gzip.compress(json.dumps(fields).encode()))
    options = ("--packages", packages, "--infilling", items, "--model", one, "--beside", other)
    result = run("eval", *LITTLE, *options, "--json")
    assert result.code == 0, result.err
    suites = json.loads(result.out)["suites"]
    for name in ("rest of line", "whole line", "block", "argument", "docstring"):
        assert list(suites[name]) == [one.name, other.name, "copy", "5-gram"]
        assert suites[name][one.name] == suites[name][other.name]
        assert suites[name]["copy"]["exact"]["count"] == 2
    assert list(suites["benchmark lines"]) == [one.name, other.name, "copy", "5-gram"]
    assert list(suites["typed again"]) == [one.name, other.name, "copy", "5-gram"]
    assert list(suites["docstrings"]) == [one.name, other.name, "facts alone"]
    assert suites["text"][one.name]["bits per byte"]["mean"] > 1


def test_without_code_that_was_never_seen_it_is_refused(run, tmp_path):
    install(tmp_path, "free", library_code("cmd"))
    result = run("eval", "--packages", tmp_path)
    assert result.code == 2
    assert "none of the packages is installed that the embedded models have not seen" in result.err


def test_the_second_test_set_is_rated_in_three_languages(run, tmp_path):
    model = save_family(QWEN, tmp_path / "model")
    folder = tmp_path / "packages"
    files = {f"verifiers/{path}": text for path, text in library_code(*NAMES).items()}
    install(folder, "verifiers", files)
    install(folder, "flask", {"flask/a.py": files["verifiers/csv.py"]})
    script = "".join(f"export function f{n}(a) {{\n  return a + {n};\n}}\n" for n in range(9))
    npm_package(folder, "ripple", {"src/a.js": script, "src/b.ts": f"{script}\nlet b = 1;\n"})
    npm_package(folder, "express", {"src/c.js": script})
    result = run("eval", *LITTLE, "--fresh", "--packages", folder, "--model", model, "--json")
    assert result.code == 0, result.err
    found = json.loads(result.out)
    assert found["files"] == len(NAMES)
    for suite in ("rest of line", "rest of line, javascript", "whole line, typescript"):
        assert found["suites"][suite]["copy"]["exact"]["count"] == 2


def test_without_the_second_test_set_it_is_refused(run, packages):
    result = run("eval", "--fresh", "--packages", packages)
    assert result.code == 2
    assert "no package of the second test set is installed" in result.err


def test_a_file_that_cannot_be_written_is_refused_before_anything_is_measured(run, tmp_path):
    result = run("calibrate", "--out", tmp_path / "nowhere" / "rule.json")
    assert (result.code, result.out) == (2, "")
    assert "name a file in a folder that exists" in result.err
