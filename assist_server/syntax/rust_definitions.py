"""Definitions in Rust."""

import re

import tree_sitter

from assist_server.syntax.definition import Definition, Kind, Parameter, Span
from assist_server.syntax.doc_comments import comment_above
from assist_server.syntax.parser import SyntaxTree
from assist_server.syntax.tree_walk import first_of, is_comment, own_nodes

_RESULT = re.compile(r"(?:\w+::)*(?P<alias>\w*)Result\b")
_MAY_FAIL = re.compile(r"\?|\bErr\b|\breturn\b|\w!")
_USES_RESULT = re.compile(r"\b(?:Err|Ok)\(|[\w)]\?")
_KINDS = {
    "function_item": Kind.FUNCTION,
    "function_signature_item": Kind.FUNCTION,
    "struct_item": Kind.STRUCT,
    "union_item": Kind.STRUCT,
    "enum_item": Kind.ENUM,
    "trait_item": Kind.TRAIT,
    "type_item": Kind.TYPE,
}
_BORDERS = frozenset({*_KINDS, "impl_item", "closure_expression"})


def read(tree: SyntaxTree, node: tree_sitter.Node) -> Definition | None:
    """Return the definition at a node; None if it is not one."""
    if node.type == "attribute_item":
        following = node.next_named_sibling
        return read(tree, following) if following is not None else None
    kind, name = _KINDS.get(node.type), node.child_by_field_name("name")
    if kind is None or name is None:
        return None
    body, returned = node.child_by_field_name("body"), node.child_by_field_name("return_type")
    parent, parameters = _parent(tree, node), node.child_by_field_name("parameters")
    start, end = tree.start(_outer(tree, node)), tree.end(node)
    return Definition(
        kind=Kind.METHOD if kind is Kind.FUNCTION and parent else kind,
        name=tree.node_text(name),
        span=Span(start, end),
        header=Span(start, tree.start(body) if body else end),
        keyword=tree.start(node),
        body=Span(tree.start(body), tree.end(body)) if body else None,
        parameters=_parameters(tree, parameters),
        receiver="self" if parameters and first_of(parameters, "self_parameter") else None,
        returns=tree.node_text(returned) if returned else None,
        returns_value=returned is not None and tree.node_text(returned) not in {"()", "!"},
        returns_error=returned is not None and _may_be_error(tree, returned, body),
        is_async="async" in tree.text[tree.start(node) : tree.start(name)].split(),
        raises=_panics(tree, body) if kind is Kind.FUNCTION else (),
        parent=parent,
        documentation=_documentation(tree, node),
    )


def _may_be_error(
    tree: SyntaxTree, returned: tree_sitter.Node, body: tree_sitter.Node | None
) -> bool:
    """Return whether a type is `Result`, or is named like it and used so."""
    found = _RESULT.match(tree.node_text(returned))
    written = tree.node_text(body) if body is not None else ""
    is_used = not (found and found["alias"]) or _USES_RESULT.search(written) is not None
    last = body.named_children[-1] if body is not None and body.named_children else None
    is_fine = last is not None and tree.node_text(last).startswith("Ok(")
    return found is not None and is_used and not (is_fine and not _MAY_FAIL.search(written))


def _outer(tree: SyntaxTree, node: tree_sitter.Node) -> tree_sitter.Node:
    """Return the first of the attributes before an item, skipping comments between them."""
    outer, above = node, node.prev_sibling
    while above is not None and (above.type == "attribute_item" or is_comment(above)):
        if above.type == "attribute_item":
            outer = above
        elif not tree.node_text(above).startswith("//"):
            break
        above = above.prev_sibling
    return outer


def _documentation(tree: SyntaxTree, node: tree_sitter.Node) -> Span | None:
    """Return the comment above the attributes, or between them."""
    current: tree_sitter.Node | None = node
    while current is not None:
        found = comment_above(tree, current)
        if found is not None:
            return found
        current = current.prev_sibling
        while current is not None and is_comment(current):  # at the end of an attribute's line
            current = current.prev_sibling
        current = current if current is not None and current.type == "attribute_item" else None
    return None


def _parent(tree: SyntaxTree, node: tree_sitter.Node) -> str | None:
    outer = node.parent.parent if node.parent else None
    if outer is None or outer.type not in {"impl_item", "trait_item"}:
        return None
    name = outer.child_by_field_name("type") or outer.child_by_field_name("name")
    return tree.node_text(name).partition("<")[0] if name else None


def _parameters(tree: SyntaxTree, node: tree_sitter.Node | None) -> tuple[Parameter, ...]:
    """Return the named parameters; a pattern has no name to document."""
    found: list[Parameter] = []
    for child in node.named_children if node else []:
        pattern, annotation = (child.child_by_field_name(field) for field in ("pattern", "type"))
        if child.type == "parameter" and pattern is not None and pattern.type == "identifier":
            kind = tree.node_text(annotation) if annotation else None
            found.append(Parameter(tree.node_text(pattern), kind))
    return tuple(found)


def _panics(tree: SyntaxTree, body: tree_sitter.Node | None) -> tuple[str, ...]:
    """Return `panic!` if the body calls it: Rust's closest equivalent of an exception."""
    for child in own_nodes(body, _BORDERS) if body else ():
        macro = child.child_by_field_name("macro") if child.type == "macro_invocation" else None
        if macro is not None and tree.node_text(macro) == "panic":
            return ("panic!",)
    return ()
