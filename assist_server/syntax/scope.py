"""What surrounds a place in the source: code, comment or string, and the definition around it."""

from dataclasses import dataclass
from enum import StrEnum

import tree_sitter

from assist_server.syntax.parser import SyntaxTree


class Region(StrEnum):
    """What kind of text a place lies in."""

    CODE = "code"
    COMMENT = "comment"
    STRING = "string"


@dataclass(frozen=True)
class Scope:
    """The surroundings of one place."""

    region: Region = Region.CODE
    definition: str | None = None
    """Name of the innermost function or class around the place."""


_STRING_PARTS = ("string", "char_literal", "template", "heredoc")
# Holes in strings hold code again: f"{name}", `${name}`.
_STRING_HOLES = frozenset({"interpolation", "template_substitution"})


def find_scope(tree: SyntaxTree | None, offset: int) -> Scope:
    """The scope at a character offset; plain code where there is no tree."""
    if tree is None:
        return Scope()
    # The character before the cursor decides: at the end of a comment one still types the comment.
    node: tree_sitter.Node | None = tree.node_at(max(0, offset - 1), offset)
    region, is_decided = Region.CODE, False
    while node is not None:
        if not is_decided:
            found = _region_of(tree, node, offset)
            region, is_decided = found or region, found is not None
        is_inside = tree.start(node) < offset <= tree.end(node)
        if is_inside and (name := node.child_by_field_name("name")) and _is_definition(node):
            return Scope(region, tree.node_text(name))
        node = node.parent
    return Scope(region)


def _region_of(tree: SyntaxTree, node: tree_sitter.Node, offset: int) -> Region | None:
    if node.type in _STRING_HOLES:
        return Region.CODE
    if not tree.start(node) < offset:
        return None
    if "comment" in node.type:
        is_closed_block = tree.node_text(node).endswith("*/")
        is_inside = offset < tree.end(node) or not is_closed_block
        return Region.COMMENT if is_inside else None
    if node.is_named and any(part in node.type for part in _STRING_PARTS):
        return Region.STRING if offset < tree.end(node) else None
    return None


def _is_definition(node: tree_sitter.Node) -> bool:
    return any(word in node.type for word in ("function", "method", "class", "struct", "impl"))
