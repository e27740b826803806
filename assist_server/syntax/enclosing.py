"""What a place in the source lies within."""

from assist_server.syntax.parser import SyntaxTree
from assist_server.syntax.tree_walk import ancestors, is_comment


def enclosing_starts(tree: SyntaxTree, offset: int) -> list[int]:
    """Return where the nodes around an offset begin, inner ones first, each line once.

    The whole text is not among them.
    """
    starts: dict[int, int] = {}
    for node in ancestors(tree.node_at(offset, min(offset + 1, len(tree.text)))):
        if node.parent is not None:
            starts.setdefault(node.start_point.row, tree.start(node))
    return list(starts.values())


def is_inside_comment(tree: SyntaxTree, offset: int) -> bool:
    """Tell whether an offset lies in a comment, and not where it begins."""
    node = tree.node_at(offset, min(offset + 1, len(tree.text)))
    return is_comment(node) and tree.start(node) < offset
