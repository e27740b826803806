"""The code in a piece of source text, without its comments: what an edit of comments must keep."""

from collections.abc import Iterator

import tree_sitter

from assist_server.syntax.definition import Span
from assist_server.syntax.parser import SyntaxTree
from assist_server.syntax.walking import is_comment


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
    """How many places of the text the grammar could not read."""
    return sum(node.is_error or node.is_missing for node in _broken(tree.root))


def _broken(root: tree_sitter.Node) -> Iterator[tree_sitter.Node]:
    waiting = [root] if root.has_error else []
    while waiting:
        node = waiting.pop()
        yield node
        waiting += [child for child in node.children if child.has_error]
