"""The glossary of CONTRIBUTING.md, kept: words that are out, and how docstrings begin."""

import ast
import io
import re
import tokenize
from pathlib import Path

import assist_server

ROOT = Path(assist_server.__file__).parents[1]
SOURCES = sorted(
    file
    for folder in ("assist_server", "benchmarks", "docs", "examples")
    for file in (ROOT / folder).rglob("*.py")
)
PAGES = sorted(
    file
    for pattern in ("*.md", "docs/*.md", "benchmarks/*.md", "editors/*.md", "editors/*/*.md")
    for file in ROOT.glob(pattern)
    if file.name not in {"CHANGELOG.md", "CONTRIBUTING.md"}  # history, and the list itself
)
CLIENTS = sorted([*ROOT.glob("editors/vscode/src/**/*.ts"), *ROOT.glob("editors/nvim/**/*.lua")])

OUT = {
    r"behind": "after",
    r"(is|are|was|were|being) told": "called with, receives",
    r"(is|are|be|was|not) at hand": "available; not tested",
    r"reading ahead|reads? ahead": "prefetch",
    r"display rule": "calibration",
    r"doubtful|doubted": "low confidence",
    r"guesse[sd]|guessing|(a|the|to|no|not) guess": "draft, estimate",
    r"whoever|whosoever": "what, the caller",
    r"the desk": "the static KV buffer",
    r"thereof|therein|wherein": "of it, in it",
    r"for want of": "without",
}
"""Patterns, and what to write instead."""

OPENINGS = {"what", "whether", "how", "where", "who", "whom", "is", "are", "all", "when", "why"}


def prose_of(file):
    """Docstrings, comments and messages: each comment and each string that holds a blank."""
    source = file.read_text(encoding="utf-8")
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        is_text = token.type in (tokenize.STRING, getattr(tokenize, "FSTRING_MIDDLE", -1))
        if token.type == tokenize.COMMENT or (is_text and " " in token.string):
            yield token.start[0], token.string


def found_in(places):
    for where, text in places:
        for pattern, better in OUT.items():
            for match in re.finditer(rf"\b({pattern})\b", text, re.IGNORECASE):
                yield f"{where}: {match[0]!r}; write: {better}"


def test_words_that_are_out_stay_out_of_the_code():
    places = [
        (f"{file.relative_to(ROOT)}:{line}", text)
        for file in SOURCES
        for line, text in prose_of(file)
    ]
    assert list(found_in(places)) == []


def test_words_that_are_out_stay_out_of_the_pages_and_clients():
    places = [
        (f"{file.relative_to(ROOT)}:{number}", line)
        for file in [*PAGES, *CLIENTS]
        if "node_modules" not in file.parts
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1)
    ]
    assert list(found_in(places)) == []


def test_docstrings_of_functions_begin_with_a_verb():
    # ruff's D401 knows which words are verbs; it exempts properties, which this does not.
    riddles = [
        f"{file.relative_to(ROOT)}:{node.lineno} {node.name}"
        for file in SOURCES
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (docstring := ast.get_docstring(node))
        and docstring.split()[0].lower() in OPENINGS
    ]
    assert riddles == []
