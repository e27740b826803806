"""When an expression within a statement is evaluated."""

from itertools import pairwise, takewhile

import tree_sitter

from assist_server.syntax.facts.fact import Guard
from assist_server.syntax.facts.guards import ARMS, Guards
from assist_server.syntax.facts.source import BLOCKS, BORDERS, IFS, Source, inside_body
from assist_server.syntax.tree_walk import own_nodes

_CHOICES = frozenset({"conditional_expression", "ternary_expression"})
_LOGIC = frozenset({"&&", "||", "??", "and", "or"})
_REPEATED = BORDERS | {
    "list_comprehension", "set_comprehension", "dictionary_comprehension", "generator_expression",
}  # fmt: skip
_WHILE = frozenset({"while_statement", "while_expression"})


def guard_of_use(source: Source, guards: Guards, use: tree_sitter.Node) -> Guard:
    """Return when an expression is evaluated; not known within a function inside."""
    if any(one.type in _REPEATED for one in inside_body(source, use)):
        return Guard(is_known=False)
    if source.language == "rust" and any(
        one.type == "try_expression" and one.end_byte <= use.start_byte
        for one in own_nodes(source.body, BORDERS)
    ):
        return Guard(is_known=False)  # Rust's `?` may have returned
    for child, parent in pairwise((*inside_body(source, use), source.body)):
        if parent.type in IFS | _WHILE and child == parent.child_by_field_name("condition"):
            return guards.of_node(parent)
        if _is_statement(child, parent):
            return guards.of_node(child)
        if _is_skipped(parent, child):
            return Guard(is_known=False)
    return Guard()


def is_inside_function(source: Source, node: tree_sitter.Node) -> bool:
    """Return whether a node belongs to a function or class inside."""
    return any(one.type in BORDERS for one in inside_body(source, node))


def is_operand_skipped(source: Source, node: tree_sitter.Node) -> bool:
    """Return whether an expression is an operand that is evaluated only for some values."""
    steps = pairwise((*inside_body(source, node), source.body))
    operands = takewhile(lambda step: not _is_statement(*step), steps)
    return any(_is_skipped(parent, child) for child, parent in operands)


def _is_statement(node: tree_sitter.Node, parent: tree_sitter.Node) -> bool:
    return parent.type in BLOCKS | ARMS or node.type.endswith("_statement")


def _is_skipped(parent: tree_sitter.Node, child: tree_sitter.Node) -> bool:
    """Return whether an operand is evaluated only for some values of another one."""
    if parent.type in _CHOICES:
        condition = parent.child_by_field_name("condition")
        is_python = condition is None and parent.named_child_count == 3
        return child != (parent.named_children[1] if is_python else condition)
    if child in [parent.child_by_field_name(one) for one in ("update", "increment")]:
        return True  # of a loop that may never run
    function = parent.child_by_field_name("function")
    if function is not None and child != function and b"?." in (function.text or b""):
        return True
    marks = {one.type for one in parent.children if not one.is_named}
    is_logic = parent.type == "let_chain" or bool(marks & _LOGIC)
    return is_logic and child != parent.named_children[0]
