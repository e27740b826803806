"""The code in a piece of source text, without its comments: what an edit of comments must keep."""

from collections.abc import Iterator

import tree_sitter

from assist_server.syntax.definition import Span
from assist_server.syntax.parser import SyntaxTree
from assist_server.syntax.tree_walk import is_comment


def code_tokens(tree: SyntaxTree, span: Span, without: Span | None = None) -> list[str]:
    """The texts of the leaves within `span`, comments and what lies in `without` left out."""
    leaves = _leaves(tree, tree.node_at(span.start, span.end), span)
    hidden = without or Span(-1, -1)
    return [
        text
        for start, text in leaves
        if text.strip() and not hidden.start <= start < hidden.end and start < span.end
    ]


def _leaves(tree: SyntaxTree, top: tree_sitter.Node, span: Span) -> Iterator[tuple[int, str]]:
    waiting = [top]
    while waiting:
        node = waiting.pop()
        if is_comment(node) or tree.end(node) <= span.start or tree.start(node) >= span.end:
            continue
        if node.child_count and "string" not in node.type:
            waiting += reversed(node.children)
        else:
            yield tree.start(node), tree.node_text(node)


def count_errors(tree: SyntaxTree) -> int:
    """Count the places of the text that the grammar could not read.

    They are counted in the written form of the tree, as some missing nodes are in no list of
    children: the line end that lacks between two statements of Python.
    """
    if not tree.root.has_error:
        return 0
    written = str(tree.root)
    return written.count("(ERROR") + written.count("(MISSING")


def adds_errors(after: SyntaxTree, before: SyntaxTree) -> bool:
    """Return whether a tree has more errors than another one.

    Those that are nodes of their own may get more while others get fewer, so both numbers count.
    """
    if not after.root.has_error:
        return False
    return count_errors(after) > count_errors(before) or count_broken(after) > count_broken(before)


def count_broken(tree: SyntaxTree) -> int:
    """Count the nodes that are errors or missing, and those whose missing part is no node."""
    count, waiting = 0, [tree.root] if tree.root.has_error else []
    while waiting:
        node = waiting.pop()
        broken = [child for child in node.children if child.has_error]
        count += node.is_error or node.is_missing or not broken
        waiting += broken
    return count
