"""All docstrings of a Python text, found by one query."""

from functools import cache

import tree_sitter

from assist_server.syntax.languages import load_grammar
from assist_server.syntax.parser import SyntaxTree

_QUERY = """
(module . (comment)* . (expression_statement . (string) @docstring .))
(class_definition body: (block . (comment)* . (expression_statement . (string) @docstring .)))
(function_definition body: (block . (comment)* . (expression_statement . (string) @docstring .)))
"""


@cache
def _query(grammar: str) -> tree_sitter.Query:
    return tree_sitter.Query(load_grammar(grammar), _QUERY)


def find_docstrings(tree: SyntaxTree) -> list[str]:
    """The docstrings of the module, its classes and functions, quotes included."""
    captures = tree_sitter.QueryCursor(_query(tree.language.grammar or "")).captures(tree.root)
    return [tree.node_text(node) for node in captures.get("docstring", ())]
