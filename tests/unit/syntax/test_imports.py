"""Imports of others' packages."""

import pytest

from assist_server.context.snapshot import Snapshot
from assist_server.syntax.imports import find_imports

SOURCES = [
    ("a.py", "import os, numpy as np\nfrom yaml.x import y\nfrom . import z\n", ["numpy", "yaml"]),
    (
        "a.js",
        "import fs from 'fs'\nimport a from '@b/c/d'\nconst f = require('g/h')\nimport './e.js'",
        ["@b/c", "g"],
    ),
    ("a.ts", "import type { A } from 'b';\n", ["b"]),
    ("a.go", 'package a\nimport (\n  "fmt"\n  b "github.com/c/d"\n)\n', ["github.com/c/d"]),
    ("a.rs", "use std::io;\nuse serde::{A, B};\nuse crate::c;\n", ["serde"]),
    ("A.java", "import java.util.List;\nimport org.b.c.D;\n", ["org.b.c"]),
    ("a.lua", "local a = require 'b'\n", []),
]


@pytest.mark.parametrize(("path", "text", "packages"), SOURCES, ids=[one[0] for one in SOURCES])
def test_packages_of_others_are_found(path, text, packages):
    tree = Snapshot(f"file:///{path}", path, text).syntax
    assert [one.package for one in find_imports(tree, 0, len(text))] == packages


def test_only_a_part_is_searched():
    text = "import numpy\nimport yaml\n"
    tree = Snapshot("file:///a.py", "a.py", text).syntax
    assert [one.start for one in find_imports(tree, 5, len(text))] == [text.index("import yaml")]
