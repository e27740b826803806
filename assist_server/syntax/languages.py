"""Supported languages: their names, file extensions, comment marks and grammars."""

import importlib
from dataclasses import dataclass
from functools import cache
from pathlib import PurePath
from typing import TYPE_CHECKING, cast

import tree_sitter

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True)
class Language:
    """Properties of a programming language."""

    id: str
    """Name used in the program; also the LSP languageId, unless `lsp_ids` is set."""
    extensions: tuple[str, ...]
    grammar: str | None = None
    """`module:function` of the tree-sitter grammar; None without a grammar."""
    line_comment: str = "#"
    lsp_ids: tuple[str, ...] = ()
    blocks_by_indentation: bool = False


LANGUAGES = (
    Language(
        "python", (".py", ".pyi", ".pyw"), "tree_sitter_python:language", blocks_by_indentation=True
    ),
    Language(
        "javascript",
        (".js", ".mjs", ".cjs", ".jsx"),
        "tree_sitter_javascript:language",
        "//",
        ("javascript", "javascriptreact"),
    ),
    Language(
        "typescript", (".ts", ".mts", ".cts"), "tree_sitter_typescript:language_typescript", "//"
    ),
    Language("tsx", (".tsx",), "tree_sitter_typescript:language_tsx", "//", ("typescriptreact",)),
    Language("go", (".go",), "tree_sitter_go:language", "//"),
    Language("rust", (".rs",), "tree_sitter_rust:language", "//"),
    Language("java", (".java",), "tree_sitter_java:language", "//"),
    Language("c", (".c", ".h"), "tree_sitter_c:language", "//"),
    Language(
        "cpp", (".cc", ".cpp", ".cxx", ".hpp", ".hh", ".hxx"), "tree_sitter_cpp:language", "//"
    ),
    Language("lua", (".lua",), "tree_sitter_lua:language", "--"),
)
PLAIN_TEXT = Language("plaintext", (".txt",))

_BY_ID = {name: language for language in LANGUAGES for name in (language.lsp_ids or (language.id,))}
_BY_EXTENSION = {ending: language for language in LANGUAGES for ending in language.extensions}


def language_for(language_id: str = "", path: str = "") -> Language:
    """Return the language of a document: by its LSP languageId, else by its file extension."""
    found = _BY_ID.get(language_id) or _BY_EXTENSION.get(PurePath(path).suffix.lower())
    return found or PLAIN_TEXT


@cache
def load_grammar(grammar: str) -> tree_sitter.Language:
    """Return the compiled grammar named `module:function`."""
    module_name, _, function_name = grammar.partition(":")
    function = getattr(importlib.import_module(module_name), function_name)
    return tree_sitter.Language(cast("Callable[[], object]", function)())
