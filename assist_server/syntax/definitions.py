"""Functions, classes and the like at a place or within a part of the source."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from types import MappingProxyType

import tree_sitter

from assist_server.syntax import (
    c_definitions,
    go_definitions,
    java_definitions,
    lua_definitions,
    python_definitions,
    rust_definitions,
    script_definitions,
)
from assist_server.syntax.definition import Definition, Kind, Parameter, ParameterKind, Span
from assist_server.syntax.doc_comments import comment_within, place_for_comment
from assist_server.syntax.parser import SyntaxTree
from assist_server.syntax.tree_walk import ancestors, is_comment
from assist_server.text.indentation import indent_width

__all__ = ["Definition", "Kind", "Parameter", "ParameterKind", "Span", "find_definition"]

_Reader = Callable[[SyntaxTree, tree_sitter.Node], Definition | None]
_READERS: Mapping[str, _Reader] = MappingProxyType({
    "python": python_definitions.read,
    "javascript": script_definitions.read,
    "typescript": script_definitions.read,
    "tsx": script_definitions.read,
    "go": go_definitions.read,
    "rust": rust_definitions.read,
    "java": java_definitions.read,
    "c": c_definitions.read,
    "cpp": c_definitions.read,
    "lua": lua_definitions.read,
})  # fmt: skip
LANGUAGE_IDS = tuple(_READERS)
"""Languages whose definitions can be found."""


def find_definition(tree: SyntaxTree, offset: int) -> Definition | None:
    """Return the innermost definition at or around a character offset.

    Decorators, annotations and the documentation comment above belong to it; so does, in Python, a
    blank line below that is indented like its body.
    """
    read = _READERS.get(tree.language.id)
    found = _find(tree, offset, read) if read is not None else None
    if found is None or _is_in_macro(tree, found):
        return None
    # Some languages allow `function (_, _)`; the name is still documented once.
    unique: dict[str, Parameter] = {}
    for parameter in found.parameters:
        unique.setdefault(parameter.name, parameter)
    found = replace(found, parameters=tuple(unique.values()))
    return found if tree.language.id == "python" else _with_comments(tree, found)


def _is_in_macro(tree: SyntaxTree, found: Definition) -> bool:
    """Return whether a definition is the text of a macro, which a comment would cut off."""
    is_possible = tree.language.id in {"c", "cpp"}
    return is_possible and c_definitions.is_in_directive(tree.text, found.keyword)


def _with_comments(tree: SyntaxTree, found: Definition) -> Definition:
    """Return the definition with the comments around its header."""
    inside = comment_within(tree, found.header.start, found.keyword)
    place = place_for_comment(tree, found.header.start)
    return replace(found, documentation=found.documentation or inside, comment_place=place)


def _find(tree: SyntaxTree, offset: int, read: _Reader) -> Definition | None:
    start, end = _word_at(tree.text, offset)
    if start == end and tree.language.blocks_by_indentation:
        return _above_blank_line(tree, offset, read)
    node = tree.node_at(start, end)
    comment = next((outer for outer in ancestors(node) if is_comment(outer)), None)
    if comment and (found := _below_comment(tree, comment, offset, read)) is not None:
        return found
    return next((found for outer in ancestors(node) if (found := read(tree, outer))), None)


def _line_bounds(text: str, offset: int) -> tuple[int, int]:
    start = text.rfind("\n", 0, offset) + 1
    end = text.find("\n", offset)
    return start, len(text) if end < 0 else end


def _word_at(text: str, offset: int) -> tuple[int, int]:
    """Return the character nearest to a cursor that is not blank; an empty span on a blank line."""
    start, end = _line_bounds(text, offset)
    line = text[start:end]
    if not line.strip():
        return offset, offset
    first = start + len(line) - len(line.lstrip())
    last = start + len(line.rstrip()) - 1
    chosen = min(max(offset, first), last)
    return chosen, chosen + 1


def _above_blank_line(tree: SyntaxTree, offset: int, read: _Reader) -> Definition | None:
    """Return the definition to which a line typed at the cursor would belong."""
    line_start, _ = _line_bounds(tree.text, offset)
    above = tree.text[:line_start].rstrip()
    column = indent_width(tree.text[line_start:offset])
    inside = tree.node_at(offset)
    node = tree.node_at(len(above) - 1, len(above)) if above else inside
    for outer in (*ancestors(inside), *ancestors(node)):
        found = read(tree, outer)
        if found is None:
            continue
        keyword_line, _ = _line_bounds(tree.text, found.keyword)
        if found.span.end > offset or indent_width(tree.text[keyword_line:]) < column:
            return found
    return None


def _below_comment(
    tree: SyntaxTree, comment: tree_sitter.Node, offset: int, read: _Reader
) -> Definition | None:
    """Return the definition that a comment documents, or to which it directs a tool."""
    for following in _after(comment):
        found = read(tree, following)
        if found is not None:
            place, header = found.documentation, found.header.start
            is_inside = place is not None and place.start <= offset <= place.end
            return (
                found if is_inside or place_for_comment(tree, header) <= offset < header else None
            )
    return None


def _after(comment: tree_sitter.Node) -> Iterator[tree_sitter.Node]:
    """Yield the next node after a comment, and those that begin at the same place."""
    node = comment.next_named_sibling
    while node is not None and is_comment(node):
        node = node.next_named_sibling
    while node is not None:
        yield node
        first = node.named_children[0] if node.named_children else None
        node = first if first is not None and first.start_byte == node.start_byte else None


def find_definitions(tree: SyntaxTree, start: int, end: int) -> list[Definition]:
    """Return definitions that begin between two offsets, outer ones before inner ones."""
    read = _READERS.get(tree.language.id)
    if read is None:
        return []
    found: dict[int, Definition] = {}
    for node in _nodes_within(tree, start, end):
        definition = read(tree, node)
        # A decorated definition is found twice: by its wrapper and by itself.
        if definition is not None and start <= definition.keyword < end:
            found.setdefault(definition.keyword, definition)
    return list(found.values())


@lru_cache(maxsize=1)  # each definition of a file asks for it
def all_definitions(tree: SyntaxTree) -> tuple[Definition, ...]:
    """Return the definitions of a whole file, outer ones before inner ones."""
    return tuple(find_definitions(tree, 0, len(tree.text)))


def _nodes_within(tree: SyntaxTree, start: int, end: int) -> Iterator[tree_sitter.Node]:
    """Yield the nodes that overlap the part, in document order."""
    pending = [tree.root]
    while pending:
        node = pending.pop()
        if tree.start(node) < end and tree.end(node) > start:
            yield node
            pending += reversed(node.named_children)
