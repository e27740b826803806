import pytest

from assist_server.syntax.documentation import documented, module_documentation
from assist_server.syntax.languages import language_for
from assist_server.syntax.parser import SyntaxTree

FILES = {
    "a.ts": (
        ("#!/usr/bin/env node\n// Copyright me\n\n/**\n * Helpers that parse.\n * More.\n */\n\n"
        "import x from 'y';\n\n/** Return the sum. */\nexport function add(a) { return a }\n"),
        "Helpers that parse.\n * More.",
        ["Return the sum."],
    ),
    "a.go": (
        ("// Package foo does many things\n// and more.\npackage foo\n\n// Add adds numbers.\n"
        "func Add(a int) int { return a }\n"),
        "Package foo does many things\n// and more.",
        ["Add adds numbers."],
    ),
    "a.rs": (
        ("//! Parsing of the command line\n//! and more.\n\nuse std::io;\n\n/// Returns it all.\n"
        "/// Twice over.\npub fn f() {}\n"),
        "Parsing of the command line\n//! and more.",
        ["Returns it all.\n/// Twice over."],
    ),
    "a.c": (
        ("/* Copyright (c) */\n\n/* This file holds the event loop */\n#include <x.h>\n\n"
        "/**\n * Adds.\n */\nint add(int a) { return a; }\n"),
        "This file holds the event loop",
        ["Adds."],
    ),
    "a.lua": (
        ("--- A library for lists of things\n-- more\nlocal M = {}\n\n--- Adds it.\n-- @param a b\n"
        "function M.add(a) end\n"),
        "A library for lists of things\n-- more",
        ["Adds it.\n-- @param a b"],
    ),
    "a.py": (
        ("#!/usr/bin/python\n# Copyright\n\n'''A module of words.'''\n\nimport x\n\ndef f():\n"
        '    r"""Do it.\n\n    More.\n    """\n'),
        "A module of words.",
        ["Do it.\n\n    More.\n    "],
    ),
    "A.java": (
        "/* Licensed to all */\npackage x;\n\n/**\n * A thing that does.\n */\nclass A {}\n",
        None,
        ["A thing that does."],
    ),
    "b.py": ("x = 1\n'''Not a docstring.'''\n", None, []),
    "empty.py": ("", None, []),
    "b.js": ("/* eslint-disable no-console */\nimport a from 'b';\n", None, []),
}  # fmt: skip


@pytest.mark.parametrize("path", FILES)
def test_documentation_is_found_without_its_marks(path):
    text, module, definitions = FILES[path]
    tree = SyntaxTree(text, language_for(path=path))
    found = module_documentation(tree)
    assert (found and text[found.start : found.end]) == module
    assert [text[span.start : span.end] for span in documented(tree)] == definitions
