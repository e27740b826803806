"""Sizes and names that keep the code readable."""

import ast
import re
from pathlib import Path

import assist_server

PACKAGE = Path(assist_server.__file__).parent
FILES = sorted(PACKAGE.rglob("*.py"))
MOST_FILE_LINES = 400
MOST_FUNCTION_LINES = 60
EMPTY_NAMES = {"utils", "util", "common", "helpers", "core", "base", "manager", "misc"}

EXCEPTIONS: dict[str, str] = {}
"""`path` or `path:function` and the reason why it may be longer; every entry is a debt."""


def named(file):
    return file.relative_to(PACKAGE).as_posix()


def functions(file):
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, node.end_lineno - node.lineno + 1


def test_files_are_short_enough_to_read():
    lines = {named(file): len(file.read_text(encoding="utf-8").splitlines()) for file in FILES}
    assert {file for file in lines if lines[file] > MOST_FILE_LINES} == long_ones(is_file=True)


def test_functions_are_short_enough_to_read():
    long = {
        f"{named(file)}:{name}"
        for file in FILES
        for name, lines in functions(file)
        if lines > MOST_FUNCTION_LINES
    }
    assert long == long_ones(is_file=False)


def long_ones(*, is_file):
    return {place for place in EXCEPTIONS if (":" not in place) is is_file}


def test_a_module_says_what_it_is():
    silent = [
        named(file)
        for file in FILES
        if not (ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or "").strip()
    ]
    assert silent == []


def test_names_say_something():
    parts = {part for file in FILES for part in file.relative_to(PACKAGE).with_suffix("").parts}
    assert parts & EMPTY_NAMES == set()


def test_the_changelog_begins_with_this_version():
    changelog = (PACKAGE.parent / "CHANGELOG.md").read_text(encoding="utf-8")
    versions = re.findall(r"^## \[(\d[^\]]*)\]", changelog, flags=re.MULTILINE)
    assert versions[0] == assist_server.__version__
