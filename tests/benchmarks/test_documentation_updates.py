# ruff: noqa: E501 - a source is read best on one line
"""The measurement of updates finds what it is to find."""

import importlib
import random
from dataclasses import replace
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
SOURCES = {
    "a.py": 'def load(path, mode="r"):\n    """Load it, with care.\n\n    Args:\n        path: Mine.\n    """\n    return path\n',
    "a.js": "/**\n * Loads it.\n * @param {X} path - Mine.\n */\nfunction load(path, mode) {\n  return path;\n}\n",
    "a.ts": "export function load(path: string, mode: X): string {\n  return path;\n}\n",
    "a.go": "package p\n\n// load it.\nfunc load(path string, mode int) string {\n\treturn path\n}\n",
    "a.rs": "/// Loads it.\nfn load(path: u8, mode: u8) -> u8 {\n    path\n}\n",
    "A.java": "class A {\n    /** Loads it. */\n    int load(int path, int mode) {\n        return path;\n    }\n}\n",
    "a.c": "/* It is mine. */\nint load(int path, int mode) {\n    return path;\n}\n",
    "a.cpp": "/// Loads it.\n/// @param path Mine.\nint load(int path, int mode) { return path; }\n",
    "a.lua": "--- Loads it.\n---@param path any Mine.\nfunction load(path, mode)\n  return path\nend\n",
}  # fmt: skip


@pytest.fixture
def program(monkeypatch):
    monkeypatch.syspath_prepend(BENCHMARKS)
    return importlib.import_module("documentation_updates")


@pytest.fixture
def found(program, tmp_path):
    for name, text in SOURCES.items():
        (tmp_path / name).write_text(text)
    by_language = program.places(tmp_path, 1)
    return [place for places in by_language.values() for place in places]


@pytest.mark.parametrize("seed", range(6))
def test_updates_of_nine_languages_are_without_fault(program, found, seed):
    draw = random.Random(seed)  # noqa: S311 - repeatable, not secret
    assert len(found) == len(SOURCES)
    outcomes = [program.measure(place, draw) for place in found]
    assert [faults for _, faults in outcomes if faults] == []
    assert {outcome for outcome, _ in outcomes} <= {"updated", "left"}


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("Mine.", "Yours.", "words lost"),
        ("return path", "return 1, path", "tokens changed"),
        ("        path: Mine.\n", "        path: Mine.\n        path: Again.\n", "described twice"),
        (
            "        path: Mine.\n",
            "        path: Mine.\n    :param X path: Again.\n",
            "described twice",
        ),
    ],
)
def test_faults_are_found(program, found, old, new, fault):
    place = next(one for one in found if one.language == "python")
    assert program.faults(place, place) == []
    assert fault in program.faults(place, replace(place, text=place.text.replace(old, new)))


@pytest.mark.parametrize("line", ["@path: Mine.", "@param path Mine.", "@param[in] path Mine."])
def test_entries_of_a_comment_are_counted_whatever_their_manner(program, line):
    text = f"/**\n * load - it\n * {line}\n * {line}\n */\nint load(int path, int mode) {{}}\n"
    counts = program.entries(program.Place("a.c", "c", text, text.index("load(")))
    assert (counts["path"], counts["mode"]) == (2, 0)


def test_names_in_a_program_that_is_shown_are_no_entries(program):
    text = "/**\n * ```ts\n * // the\n * // path\n * ```\n * @param path Mine.\n */\nint load(int path) {}\n"
    assert program.entries(program.Place("a.c", "c", text, text.index("load(")))["path"] == 1
