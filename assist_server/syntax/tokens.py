"""The code in a text without its comments, which an edit of comments must keep, and its errors."""

from collections.abc import Iterator

import tree_sitter

from assist_server.syntax.definition import Span
from assist_server.syntax.parser import SyntaxTree
from assist_server.syntax.tree_walk import is_comment


def code_tokens(tree: SyntaxTree, span: Span, without: Span | None = None) -> list[str]:
    """Return the texts of the leaves within `span`, without comments and without `without`."""
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
    """Count the places in the text that the grammar could not parse.

    They are counted in the printed tree, as some missing nodes are in no list of children, such as
    the missing line end between two statements in Python.
    """
    if not tree.root.has_error:
        return 0
    written = str(tree.root)
    return written.count("(ERROR") + written.count("(MISSING")


def adds_errors(after: SyntaxTree, before: SyntaxTree) -> bool:
    """Return whether a tree has more errors than another one.

    Error nodes may become more while nodes without a required part become fewer, so both are
    compared.
    """
    if not after.root.has_error:
        return False
    return count_errors(after) > count_errors(before) or count_broken(after) > count_broken(before)


def count_broken(tree: SyntaxTree) -> int:
    """Count the nodes that are errors or missing, and those with a missing part that is no node."""
    count, waiting = 0, [tree.root] if tree.root.has_error else []
    while waiting:
        node = waiting.pop()
        broken = [child for child in node.children if child.has_error]
        count += node.is_error or node.is_missing or not broken
        waiting += broken
    return count
