"""The surroundings of a place: code, comment or string, and the nodes around it."""

import re
from dataclasses import dataclass
from enum import StrEnum

import tree_sitter

from assist_server.syntax.parser import SyntaxTree
from assist_server.syntax.tree_walk import ancestors, is_comment

# Closed blocks, and Rust's `///`, whose grammar includes the line break.
_CLOSED_COMMENT = re.compile(r"\*/\Z|\n\Z|\A--\[[\s\S]*\]\Z")
_STRING_PARTS = ("string", "char_literal", "character_literal", "rune_literal", "heredoc")
# Interpolations contain code, and so does the space between adjacent strings.
_CODE_AMONG_STRINGS = frozenset(
    {
        "interpolation",  # Python: f"{name}"
        "template_substitution",  # JavaScript: `${name}`
        "string_interpolation",  # Java: "\\{name}"
        "concatenated_string",  # C and Python: "a" "b"
    }
)
# Node types of definitions end like this; calls have a `name` too, but are not definitions.
_DEFINITION_ENDINGS = ("_definition", "_declaration", "_item", "_specifier", "_expression")
_DEFINITION_WORDS = ("function", "method", "constructor", "class", "struct", "trait")


class Region(StrEnum):
    """Kind of text at a place."""

    CODE = "code"
    COMMENT = "comment"
    STRING = "string"


@dataclass(frozen=True)
class Scope:
    """The surroundings of one place."""

    region: Region = Region.CODE
    definition: str | None = None
    """Name of the innermost function or class around the place."""


def find_scope(tree: SyntaxTree | None, offset: int) -> Scope:
    """Return the scope at an offset; plain code without a tree."""
    if tree is None:
        return Scope()
    # The character before the cursor decides: typing at the end of a comment continues it.
    node: tree_sitter.Node | None = tree.node_at(max(0, offset - 1), offset)
    region, is_decided = Region.CODE, False
    while node is not None:
        if not is_decided:
            found = _region_of(tree, node, offset)
            region, is_decided = found or region, found is not None
        is_inside = tree.start(node) < offset <= tree.end(node)
        if is_inside and _is_definition(node) and (name := _name_of(node)):
            return Scope(region, tree.node_text(name))
        node = node.parent
    return Scope(region)


def _region_of(tree: SyntaxTree, node: tree_sitter.Node, offset: int) -> Region | None:
    if node.type in _CODE_AMONG_STRINGS:
        return Region.CODE
    if not tree.start(node) < offset:
        return None
    if "comment" in node.type:
        # Text typed at the end of a line comment still belongs to it.
        is_over = _CLOSED_COMMENT.search(tree.node_text(node)) is not None
        is_inside = offset < tree.end(node) or not is_over
        return Region.COMMENT if is_inside else None
    if node.is_named and any(part in node.type for part in _STRING_PARTS):
        return Region.STRING if offset < tree.end(node) else None
    return None


def _is_definition(node: tree_sitter.Node) -> bool:
    return node.type.endswith(_DEFINITION_ENDINGS) and any(
        word in node.type for word in _DEFINITION_WORDS
    )


def _name_of(node: tree_sitter.Node) -> tree_sitter.Node | None:
    """Return a definition's name; in C and C++ it is at the end of the chain of declarators."""
    if name := node.child_by_field_name("name"):
        return name
    named = node.child_by_field_name("declarator")
    while named and (inner := named.child_by_field_name("declarator")):
        named = inner
    return named


def enclosing_starts(tree: SyntaxTree, offset: int) -> list[int]:
    """Return the offsets of the nodes around a place, inner ones first, one for each line.

    The root is left out.
    """
    starts: dict[int, int] = {}
    for node in ancestors(tree.node_at(offset, min(offset + 1, len(tree.text)))):
        if node.parent is not None:
            starts.setdefault(node.start_point.row, tree.start(node))
    return list(starts.values())


def is_inside_comment(tree: SyntaxTree, offset: int) -> bool:
    """Return whether an offset is inside a comment, not at its start."""
    node = tree.node_at(offset, min(offset + 1, len(tree.text)))
    return is_comment(node) and tree.start(node) < offset
