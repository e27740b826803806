"""The values that a function returns, including those of blocks that are expressions."""

import re
from collections.abc import Iterator

import tree_sitter

from assist_server.syntax.facts.source import BORDERS, RETURNS, Source
from assist_server.syntax.tree_walk import is_comment, own_nodes

_NEVER = re.compile(r"(?:\w+::)*(?:panic|unreachable|todo|unimplemented|bail)!")
"""Macros of Rust that stand in the place of a value and have none."""
_CHOICES = {"conditional_expression", "ternary_expression"}


def returned_values(source: Source) -> Iterator[tree_sitter.Node]:
    """Yield the returned values in the order of the source; Python's bare return yields itself."""
    body = source.body
    if source.language in {"javascript", "typescript", "tsx"} and body.type != "statement_block":
        yield from _alternatives(body)
        return
    for node in own_nodes(body, BORDERS):
        if node.type in RETURNS:
            if not node.named_children and source.language != "python":
                continue  # Go returns named results, other languages nothing
            value = node.named_children[0] if node.named_children else node
            if value.type == "expression_list" and value.named_child_count == 1:
                value = value.named_children[0]
            yield from _alternatives(value)
    if source.language == "rust" and source.definition.returns_value:
        yield from _tails(body)


def _alternatives(value: tree_sitter.Node) -> Iterator[tree_sitter.Node]:
    """Yield the two values of a conditional expression, or the value itself."""
    inner = value
    while inner.type == "parenthesized_expression" and inner.named_child_count == 1:
        inner = inner.named_children[0]
    if inner.type not in _CHOICES:
        yield value
        return
    chosen = inner.child_by_field_name("consequence")
    other = inner.child_by_field_name("alternative")
    if chosen is not None and other is not None:
        yield from (chosen, other)
    elif inner.named_child_count == 3:  # Python: a if b else c
        yield from (inner.named_children[0], inner.named_children[2])


def _tails(node: tree_sitter.Node) -> Iterator[tree_sitter.Node]:
    """Yield the last expressions of a block in Rust, through branches and matches."""
    waiting = [node]
    while waiting:
        current = waiting.pop()
        if current.type in {"block", "else_clause", "unsafe_block"}:
            children = [child for child in current.named_children if not is_comment(child)]
            last = children[-1] if children else None
            if last is not None and last.type == "expression_statement":
                inner = last.named_children[0]
                last = inner if inner.type in {"if_expression", "match_expression"} else None
            waiting += [last] if last is not None else []
        elif current.type == "if_expression":
            parts = [current.child_by_field_name(one) for one in ("alternative", "consequence")]
            waiting += [part for part in parts if part is not None]
        elif current.type == "match_expression":
            body = current.child_by_field_name("body")
            arms = [one for one in body.named_children if one.type == "match_arm"] if body else []
            values = [arm.child_by_field_name("value") for arm in arms]
            waiting += [value for value in reversed(values) if value is not None]
        elif current.type not in RETURNS and not current.type.endswith(("_item", "_declaration")):
            yield current


def never_has_value(source: Source, node: tree_sitter.Node) -> bool:
    """Return whether what stands in the place of a value leaves the function."""
    return node.type == "macro_invocation" and _NEVER.match(source.text(node)) is not None
