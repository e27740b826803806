"""Traversal of a syntax tree."""

from collections.abc import Iterator

import tree_sitter

from assist_server.syntax.definition import Span
from assist_server.syntax.parser import SyntaxTree


def ancestors(node: tree_sitter.Node) -> Iterator[tree_sitter.Node]:
    """Yield the node and all its ancestors, from the inside out."""
    current: tree_sitter.Node | None = node
    while current is not None:
        yield current
        current = current.parent


def own_nodes(node: tree_sitter.Node, borders: frozenset[str]) -> Iterator[tree_sitter.Node]:
    """Yield the nodes below `node` in reading order, not descending into types in `borders`."""
    waiting = list(reversed(node.named_children))
    while waiting:
        current = waiting.pop()
        if current.type not in borders:
            yield current
            waiting += reversed(current.named_children)


def first_of(node: tree_sitter.Node, *types: str) -> tree_sitter.Node | None:
    """Return the first direct child of one of the types."""
    return next((child for child in node.children if child.type in types), None)


def outermost(node: tree_sitter.Node, wrappers: frozenset[str]) -> tree_sitter.Node:
    """Return the node itself, or the last of the wrappers around it."""
    while node.parent is not None and node.parent.type in wrappers:
        node = node.parent
    return node


def is_comment(node: tree_sitter.Node) -> bool:
    """Return whether the node is a comment, in any grammar."""
    return node.type in {"comment", "line_comment", "block_comment"}


def code_tokens(tree: SyntaxTree, span: Span, without: Span | None = None) -> list[str]:
    """Return the texts of the leaves within `span`, without comments and without `without`."""
    leaves = _leaves(tree, tree.node_at(span.start, span.end), span)
    hidden = without or Span(-1, -1)
    return [
        text
        for start, text in leaves
        if text.strip() and not hidden.start <= start < hidden.end and start < span.end
    ]


def program_nodes(tree: SyntaxTree) -> list[tuple[int, str]]:
    """Return the depths and types of all nodes but comments and the contents of strings.

    Leaves are given by their text. Texts with the same nodes differ in prose and layout only.
    """
    nodes, waiting = [], [(tree.root, 0)]
    while waiting:
        node, depth = waiting.pop()
        if is_comment(node) or _is_content(node):
            continue
        nodes.append((depth, node.type if node.child_count else tree.node_text(node)))
        waiting += [(child, depth + 1) for child in reversed(node.children)]
    return nodes


def lines_within_strings(tree: SyntaxTree) -> frozenset[int]:
    """Return the lines, from 0, that begin within a string; not those of a docstring."""
    lines: set[int] = set()
    waiting = [tree.root]
    while waiting:
        node = waiting.pop()
        is_statement = node.type == "expression_statement" and node.named_child_count == 1
        if is_statement and node.named_children[0].type == "string":
            continue
        if "string" in node.type:
            lines.update(range(node.start_point[0] + 1, node.end_point[0] + 1))
        else:
            waiting += node.children
    return frozenset(lines)


def _is_content(node: tree_sitter.Node) -> bool:
    """Return whether the node is text within a string, or between tags."""
    is_in_string = "string" in node.type and node.type.endswith(("content", "fragment"))
    return is_in_string or node.type in {"escape_sequence", "jsx_text"}


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
