"""Sizes and names that keep the code readable."""

import ast
import re
from pathlib import Path

import pytest

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


@pytest.mark.parametrize("file", FILES, ids=named)
def test_a_file_is_short_enough_to_read(file):
    lines = len(file.read_text(encoding="utf-8").splitlines())
    assert lines <= MOST_FILE_LINES or named(file) in EXCEPTIONS


@pytest.mark.parametrize("file", FILES, ids=named)
def test_a_function_is_short_enough_to_read(file):
    found = {f"{named(file)}:{name}": lines for name, lines in functions(file)}
    long = {place for place, lines in found.items() if lines > MOST_FUNCTION_LINES}
    assert long - EXCEPTIONS.keys() == set()


@pytest.mark.parametrize("file", FILES, ids=named)
def test_a_module_says_what_it_is(file):
    assert (ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or "").strip()


def test_names_say_something():
    parts = {part for file in FILES for part in file.relative_to(PACKAGE).with_suffix("").parts}
    assert parts & EMPTY_NAMES == set()


def test_no_exception_is_left_that_nothing_needs():
    long_files = {named(f) for f in FILES if len(f.read_text().splitlines()) > MOST_FILE_LINES}
    long_functions = {
        f"{named(file)}:{name}"
        for file in FILES
        for name, lines in functions(file)
        if lines > MOST_FUNCTION_LINES
    }
    assert EXCEPTIONS.keys() == long_files | long_functions


def test_the_changelog_begins_with_this_version():
    changelog = (PACKAGE.parent / "CHANGELOG.md").read_text(encoding="utf-8")
    versions = re.findall(r"^## \[(\d[^\]]*)\]", changelog, flags=re.MULTILINE)
    assert versions[0] == assist_server.__version__
