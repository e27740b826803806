"""Documentation comments: what counts as one, and the one directly above a definition."""

import re

import tree_sitter

from assist_server.syntax.definition import Span
from assist_server.syntax.parser import SyntaxTree
from assist_server.syntax.walking import is_comment

_BLOCK = r"/\*\*(?![*/])"
_BEGINS = {
    "javascript": re.compile(_BLOCK),
    "typescript": re.compile(_BLOCK),
    "tsx": re.compile(_BLOCK),
    "java": re.compile(_BLOCK),
    "rust": re.compile(rf"{_BLOCK}|///(?!/)"),
    "c": re.compile(r"/\*[*!](?![*/<])|//[/!](?![/<])"),
    "cpp": re.compile(r"/\*[*!](?![*/<])|//[/!](?![/<])"),
    # Directives such as //go:build and //nolint are no prose.
    "go": re.compile(r"/\*|//(?![a-z]+:|nolint)"),
    "lua": re.compile(r"---(?!-)"),
}
# LDoc goes on with two dashes where it began with three.
_CONTINUES = {**_BEGINS, "lua": re.compile(r"--(?!\[)")}


def comment_above(tree: SyntaxTree, node: tree_sitter.Node) -> Span | None:
    """The documentation comment that ends on the line above `node`, or right before it."""
    begins, continues = _BEGINS[tree.language.id], _CONTINUES[tree.language.id]
    row, found, end = node.start_point.row, None, 0
    above = _before(node)
    while above is not None and is_comment(above):
        start, text = tree.start(above), tree.node_text(above).rstrip()
        ends_row = above.start_point.row + text.count("\n")
        is_near = row - 1 <= ends_row <= row and _begins_line(tree.text, start)
        if not (is_near and continues.match(text)):
            break
        end = end or start + len(text)
        if begins.match(text):
            found = start
        if text.startswith("/*"):
            break
        row, above = above.start_point.row, above.prev_sibling
    return None if found is None else Span(found, end)


def _before(node: tree_sitter.Node) -> tree_sitter.Node | None:
    """What stands before a node; a comment may be a sibling of the block that the node opens."""
    current = node
    while (
        current.prev_sibling is None
        and current.parent is not None
        and current.parent.start_byte == node.start_byte
    ):
        current = current.parent
    return current.prev_sibling


def _begins_line(text: str, offset: int) -> bool:
    return not text[text.rfind("\n", 0, offset) + 1 : offset].strip()
