"""Loops over collections, and loops that count between two bounds."""

import re
from dataclasses import dataclass

import tree_sitter

from assist_server.syntax.facts.source import Source, one_line
from assist_server.syntax.facts.variables import Variables

# Loops over a collection: the fields of the variable and the collection.
FIELDS_OF_LOOPS = {
    "for_statement": ("left", "right"),
    "for_in_statement": ("left", "right"),
    "enhanced_for_statement": ("name", "value"),
    "for_range_loop": ("declarator", "right"),
    "for_expression": ("pattern", "value"),
}
_CLAUSES = frozenset({"range_clause", "for_generic_clause"})
_COUNTS = re.compile(
    r"for ?\(? ?(?:[\w:]+ )*(?P<name>\w+) :?= (?P<first>[^;,]+); ?(?P=name) (?P<mark><=?)"
    r" (?P<last>[^;,]+); ?(?:(?P=name)\+\+|\+\+(?P=name)|(?P=name) \+= 1) ?\)? ?\{?"
)
_COUNTS_IN_LUA = re.compile(r"for (?P<name>\w+) ?= ?(?P<first>\d+), ?(?P<last>[^,]+) do")
_NO_BOUND = re.compile(r"&&|\|\||\?|\bend\b|\bhuge\b")
"""Code that is more than a number, or an iterator."""


@dataclass(frozen=True)
class Loop:
    """A loop with a variable."""

    element: str
    """The variable, or several."""
    collection: str
    """The collection, or the bounds: `0 <= i < n`."""
    is_range: bool
    """True for a loop that counts."""


def loop_of(source: Source, variables: Variables, node: tree_sitter.Node) -> Loop | None:
    """Return what a loop goes through; None if that, or its variable, is changed by the body."""
    nodes = _iterated_nodes(source, node)
    if nodes is None:
        loop = _counted(source, node)
    else:
        element, collection = map(source.line, nodes)
        loop = Loop(element.lstrip("&* "), collection, is_range=False)
    body = node.child_by_field_name("body")
    if loop is None or body is None:
        return None
    offsets = (
        offset
        for name in re.findall(r"\w+", loop.element)
        for offset in variables.values.get(name, ())
    )
    bounds = re.sub(rf" <= {re.escape(loop.element)} <=? ", ", ", loop.collection)
    is_changed = any(body.start_byte <= offset <= body.end_byte for offset in offsets)
    return None if is_changed or variables.is_changed(bounds, node) else loop


def _counted(source: Source, node: tree_sitter.Node) -> Loop | None:
    """Return a loop that counts by one."""
    body = node.child_by_field_name("body")
    if node.type != "for_statement" or body is None:
        return None
    head = one_line(source.tree.text[source.tree.start(node) : source.tree.start(body)])
    form = _COUNTS_IN_LUA if source.language == "lua" else _COUNTS
    found = form.fullmatch(head)
    if found is None or _NO_BOUND.search(found["last"]):
        return None
    mark = found.groupdict().get("mark") or "<="
    bounds = f"{found['first']} <= {found['name']} {mark} {found['last']}"
    return Loop(found["name"], bounds, is_range=True)


def _iterated_nodes(
    source: Source, loop: tree_sitter.Node
) -> tuple[tree_sitter.Node, tree_sitter.Node] | None:
    """Return the variable for the elements of a loop over a collection, and the collection."""
    fields = FIELDS_OF_LOOPS.get(loop.type)
    found = [loop.child_by_field_name(one) for one in fields or ()]
    if len(found) == 2 and found[0] is not None and found[1] is not None:
        return found[0], found[1]
    clause = next((one for one in loop.named_children if one.type in _CLAUSES), None)
    if clause is None or len(clause.named_children) != 2:
        return None
    names, collection = clause.named_children
    if clause.type == "for_generic_clause":  # `ipairs(a)`
        call = collection.named_children[0] if collection.named_child_count == 1 else None
        name = call.child_by_field_name("name") if call is not None else None
        arguments = call.child_by_field_name("arguments") if call is not None else None
        is_plain = name is not None and source.text(name) in {"ipairs", "pairs"}
        if not is_plain or arguments is None or arguments.named_child_count != 1:
            return None
        collection = arguments.named_children[0]
    return (names.named_children[1], collection) if names.named_child_count == 2 else None


def goes_through_keys(loop: tree_sitter.Node) -> bool:
    """Return whether a loop is JavaScript's `for (key in object)`."""
    operator = loop.child_by_field_name("operator")
    return operator is not None and operator.type == "in"
