"""Packages of others that source code imports: no standard library, no own modules."""

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass

import tree_sitter

from assist_server.syntax.parser import SyntaxTree

_PYTHON = re.compile(r"import[ \t]+(?P<names>.+)|from[ \t]+(?P<name>[\w.]+)[ \t]+import", re.DOTALL)
_SCRIPT = re.compile(r"""(?:from|import|require\()\s*['"](?P<name>[^'"]+)['"]""")
_RUST = re.compile(r"use\s+(?:::)?(?P<name>\w+)")
_JAVA = re.compile(r"import\s+(?:static\s+)?(?P<name>[\w.]+)")
_GO = re.compile(r'"(?P<name>[^"]+)"')
_RUST_OWN = frozenset(["std", "core", "alloc", "crate", "self", "super"])
_JAVA_OWN = ("java.", "javax.", "jdk.", "sun.")
_NODE_OWN = frozenset([
    "assert", "buffer", "child_process", "cluster", "crypto", "dns", "events", "fs", "http",
    "http2", "https", "module", "net", "os", "path", "perf_hooks", "process", "querystring",
    "readline", "stream", "string_decoder", "timers", "tls", "tty", "url", "util", "v8", "vm",
    "worker_threads", "zlib",
])  # fmt: skip
_NODES = {
    "python": ("import_statement", "import_from_statement"),
    "javascript": ("import_statement", "lexical_declaration", "variable_declaration"),
    "typescript": ("import_statement", "lexical_declaration"),
    "tsx": ("import_statement", "lexical_declaration"),
    "go": ("import_declaration",),
    "rust": ("use_declaration",),
    "java": ("import_declaration",),
}


@dataclass(frozen=True)
class Import:
    """An imported package, by the name under which it is installed where that is known."""

    package: str
    start: int
    """Offset of the statement."""


def find_imports(tree: SyntaxTree, start: int, end: int) -> list[Import]:
    """Return the packages of others that are imported at the top level between two offsets."""
    types = _NODES.get(tree.language.id, ())
    return [
        Import(package, tree.start(node))
        for node in tree.root.named_children
        if node.type in types and start <= tree.start(node) < end
        for package in _packages(tree, node)
    ]


def go_packages(tree: SyntaxTree) -> frozenset[str]:
    """Return the names of all packages that a Go file imports."""
    return frozenset(
        found["name"].rpartition("/")[2]
        for node in tree.root.named_children
        if node.type in _NODES["go"]
        for found in _GO.finditer(tree.node_text(node))
    )


def _packages(tree: SyntaxTree, node: tree_sitter.Node) -> Iterator[str]:
    text = tree.node_text(node)[:2000]
    match tree.language.id:
        case "python":
            yield from _python(text)
        case "go":
            names = (found["name"] for found in _GO.finditer(text))
            yield from (name for name in names if "." in name.partition("/")[0])
        case "rust":
            found = _RUST.search(text)
            if found and found["name"] not in _RUST_OWN:
                yield found["name"]
        case "java":
            found = _JAVA.match(text)
            if found and not found["name"].startswith(_JAVA_OWN):
                yield ".".join(found["name"].split(".")[:3])
        case _:
            yield from _script(text)


def _python(text: str) -> Iterator[str]:
    found = _PYTHON.match(text)
    if not found:
        return
    names = (found["names"] or found["name"]).split(",")
    for name in names:
        package = name.split()[0].partition(".")[0] if name.split() else ""
        if package and package not in sys.stdlib_module_names:
            yield package


def _script(text: str) -> Iterator[str]:
    for found in _SCRIPT.finditer(text):
        name = found["name"]
        if not name.startswith((".", "/", "node:", "@/", "~", "#")):
            parts = name.split("/")
            if parts[0] not in _NODE_OWN:
                yield "/".join(parts[: 2 if name.startswith("@") else 1])
