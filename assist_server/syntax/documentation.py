"""The documentation in a file, without its marks: texts from which a model learns to write it."""

import re
from functools import cache

import tree_sitter

from assist_server.syntax.definition import Span
from assist_server.syntax.definitions import all_definitions
from assist_server.syntax.languages import load_grammar
from assist_server.syntax.parser import SyntaxTree
from assist_server.syntax.tree_walk import is_comment

_QUOTES = {'"""', "'''"}
_MARK = re.compile(r"/\*+[!*]?|//[/!]?|--+|#+!?")
"""Start of a comment, in all languages."""
_GAP = re.compile(r"\s*(?:\*(?!/)[ \t]*)?")
_END = re.compile(r"\s*\**/?\s*$")
_NO_PROSE = re.compile(
    r"licen[cs]e|copyright|spdx|eslint|prettier|coding[:=]|go:build|\+build|vim?:|-\*-|@ts-|<reference",
    re.IGNORECASE,
)
_MIN_LETTER_SHARE = 12
_QUERY = """
(module . (comment)* . (expression_statement . (string) @docstring .))
(class_definition body: (block . (comment)* . (expression_statement . (string) @docstring .)))
(function_definition body: (block . (comment)* . (expression_statement . (string) @docstring .)))
"""


def documented(tree: SyntaxTree) -> list[Span]:
    """Return the documentation of all definitions, without quotes or comment marks."""
    found = all_definitions(tree)
    whole = [definition.documentation for definition in found if definition.documentation]
    return [inner for span in whole if (inner := inner_documentation(tree.text, span))]


def module_documentation(tree: SyntaxTree) -> Span | None:
    """Return the documentation of the whole file: a docstring, or a comment at its top.

    Licences, shebangs and directives are skipped.
    """
    above: list[tree_sitter.Node] = []
    for node in tree.root.children:
        if not is_comment(node) and node.type != "hash_bang_line":
            return _docstring_or_comment(tree, above, node)
        above.append(node)
    return None


def _docstring_or_comment(
    tree: SyntaxTree, above: list[tree_sitter.Node], first: tree_sitter.Node
) -> Span | None:
    if tree.language.id == "python":
        string = first.named_children[0] if first.named_children else None
        is_docstring = first.type == "expression_statement" and string and string.type == "string"
        return (
            inner_documentation(tree.text, Span(tree.start(first), tree.end(first)))
            if is_docstring
            else None
        )
    for run in _runs(above):
        span = Span(tree.start(run[0]), tree.end(run[-1]))
        text = tree.text[span.start : span.end]
        is_prose = sum(map(str.isalpha, text)) >= _MIN_LETTER_SHARE and not _NO_PROSE.search(text)
        if is_prose and not text.startswith("#!"):
            return inner_documentation(tree.text, span)
    return None


def _runs(comments: list[tree_sitter.Node]) -> list[list[tree_sitter.Node]]:
    """Group comments on consecutive lines; each other comment is a group of its own."""
    runs: list[list[tree_sitter.Node]] = []
    for node in comments:
        last = runs[-1][-1] if runs else None
        is_near = last is not None and node.start_point.row - last.start_point.row == 1
        if is_near:
            runs[-1].append(node)
        else:
            runs.append([node])
    return runs


def inner_documentation(text: str, span: Span) -> Span | None:
    """Return the text of documentation without quotes, or without its first and last mark."""
    whole = text[span.start : span.end]
    quote = whole.lstrip("rRuUbBfF")[:3]
    if quote in _QUOTES:
        first = span.start + whole.index(quote) + len(quote)
        is_closed = whole.endswith(quote) and span.end - len(quote) > first
        return Span(first, span.end - len(quote)) if is_closed else None
    mark = _MARK.match(whole)
    if mark is None:
        return None
    is_block = whole.startswith("/*")
    gap = _GAP.match(whole, mark.end())
    first = gap.end() if gap and is_block else mark.end() + (whole[mark.end() :][:1] == " ")
    end = _END.search(whole, first) if is_block else None
    last = end.start() if end else len(whole.rstrip())
    return Span(span.start + first, span.start + last) if last > first else None


@cache
def _query(grammar: str) -> tree_sitter.Query:
    return tree_sitter.Query(load_grammar(grammar), _QUERY)


def find_docstrings(tree: SyntaxTree) -> list[str]:
    """Return the docstrings of the module, its classes and functions, quotes included."""
    captures = tree_sitter.QueryCursor(_query(tree.language.grammar or "")).captures(tree.root)
    return [tree.node_text(node) for node in captures.get("docstring", ())]
