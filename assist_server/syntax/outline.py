"""All definitions within a part of the source, in their order."""

from collections.abc import Iterator

import tree_sitter

from assist_server.syntax.definition import Definition
from assist_server.syntax.definitions import reader_for
from assist_server.syntax.parser import SyntaxTree


def find_definitions(tree: SyntaxTree, start: int, end: int) -> list[Definition]:
    """Definitions that begin from character `start` up to `end`, outer ones before inner ones."""
    read = reader_for(tree.language.id)
    if read is None:
        return []
    found: dict[int, Definition] = {}
    for node in _nodes_within(tree, start, end):
        definition = read(tree, node)
        # A decorated definition is found once by its wrapper and once by itself.
        if definition is not None and start <= definition.keyword < end:
            found.setdefault(definition.keyword, definition)
    return list(found.values())


def _nodes_within(tree: SyntaxTree, start: int, end: int) -> Iterator[tree_sitter.Node]:
    """Nodes that overlap the part, in document order."""
    pending = [tree.root]
    while pending:
        node = pending.pop()
        if tree.start(node) < end and tree.end(node) > start:
            yield node
            pending += reversed(node.named_children)
