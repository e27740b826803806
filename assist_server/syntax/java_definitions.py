"""Definitions in Java."""

import tree_sitter

from assist_server.syntax.definition import Definition, Kind, Parameter, ParameterKind, Span
from assist_server.syntax.doc_comments import comment_above
from assist_server.syntax.exceptions import JAVA, uncaught_exceptions
from assist_server.syntax.parser import SyntaxTree
from assist_server.syntax.tree_walk import first_of, is_comment

_KINDS = {
    "method_declaration": Kind.METHOD,
    "constructor_declaration": Kind.CONSTRUCTOR,
    "compact_constructor_declaration": Kind.CONSTRUCTOR,
    "class_declaration": Kind.CLASS,
    "record_declaration": Kind.CLASS,
    "interface_declaration": Kind.INTERFACE,
    "annotation_type_declaration": Kind.INTERFACE,
    "enum_declaration": Kind.ENUM,
}
_CLOSED = frozenset({"static", "private", "final"})


def read(tree: SyntaxTree, node: tree_sitter.Node) -> Definition | None:
    """Return the definition at a node; None if it is not one."""
    kind, name = _KINDS.get(node.type), node.child_by_field_name("name")
    if kind is None or name is None:
        return None
    body, modifiers = node.child_by_field_name("body"), first_of(node, "modifiers")
    returned = node.child_by_field_name("type")
    returns = tree.node_text(returned) if returned else None
    parts = (child for child in node.children if child != modifiers and not is_comment(child))
    keyword = next(parts, node)
    return Definition(
        kind=kind,
        name=tree.node_text(name),
        span=Span(tree.start(node), tree.end(node)),
        header=Span(tree.start(node), tree.start(body) if body else tree.end(node)),
        keyword=tree.start(keyword),
        body=Span(tree.start(body), tree.end(body)) if body else None,
        parameters=_parameters(tree, node.child_by_field_name("parameters")),
        returns=returns,
        returns_value=returns not in {None, "void"},
        raises=_throws(tree, node, body) if kind in {Kind.METHOD, Kind.CONSTRUCTOR} else (),
        is_open=kind is Kind.METHOD
        and _CLOSED.isdisjoint(tree.node_text(modifiers).split() if modifiers else ()),
        parent=_parent(tree, node),
        documentation=comment_above(tree, node),
    )


def _parent(tree: SyntaxTree, node: tree_sitter.Node) -> str | None:
    outer = node.parent.parent if node.parent else None
    if outer is not None and outer.type == "enum_body":  # its members are one level deeper
        outer = outer.parent
    name = outer.child_by_field_name("name") if outer else None
    return tree.node_text(name) if name else None


def _parameters(tree: SyntaxTree, node: tree_sitter.Node | None) -> tuple[Parameter, ...]:
    found: list[Parameter] = []
    for child in node.named_children if node else []:
        is_rest = child.type == "spread_parameter"
        declarator = (first_of(child, "variable_declarator") or child) if is_rest else child
        name, kind = declarator.child_by_field_name("name"), child.child_by_field_name("type")
        if child.type in {"formal_parameter", "spread_parameter"} and name is not None:
            found.append(
                Parameter(
                    name=tree.node_text(name),
                    annotation=tree.node_text(kind) if kind else None,
                    kind=ParameterKind.VAR_POSITIONAL if is_rest else ParameterKind.REGULAR,
                )
            )
    return tuple(found)


def _throws(
    tree: SyntaxTree, node: tree_sitter.Node, body: tree_sitter.Node | None
) -> tuple[str, ...]:
    clause = first_of(node, "throws")
    names = [tree.node_text(child) for child in clause.named_children] if clause else []
    return tuple(dict.fromkeys([*names, *uncaught_exceptions(tree, body, JAVA)]))
