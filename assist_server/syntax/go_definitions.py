"""Definitions in Go."""

import tree_sitter

from assist_server.syntax.definition import Definition, Kind, Parameter, ParameterKind, Span
from assist_server.syntax.doc_comments import comment_above
from assist_server.syntax.parser import SyntaxTree

_FUNCTIONS = {
    "function_declaration": Kind.FUNCTION,
    "method_declaration": Kind.METHOD,
    "method_elem": Kind.METHOD,
}
_TYPES = {"struct_type": Kind.STRUCT, "interface_type": Kind.INTERFACE}
_TYPE_SPECS = frozenset({"type_spec", "type_alias"})


def read(tree: SyntaxTree, node: tree_sitter.Node) -> Definition | None:
    """Return the definition at a node; None if it is not one."""
    if node.type == "type_declaration":
        specs = [child for child in node.named_children if child.type in _TYPE_SPECS]
        return read(tree, specs[0]) if len(specs) == 1 else None
    name = node.child_by_field_name("name")
    if name is None or (node.type not in _FUNCTIONS and node.type not in _TYPE_SPECS):
        return None
    body, result = node.child_by_field_name("body"), node.child_by_field_name("result")
    outer = _outer(node)
    start, end = tree.start(outer), tree.end(outer)
    return Definition(
        kind=_kind(node),
        name=tree.node_text(name),
        span=Span(start, end),
        header=Span(start, tree.start(body) if body else end),
        keyword=tree.start(node),
        body=Span(tree.start(body), tree.end(body)) if body else None,
        parameters=_parameters(tree, node.child_by_field_name("parameters")),
        receiver=_first_name(tree, node.child_by_field_name("receiver")),
        returns=tree.node_text(result) if result else None,
        returns_value=result is not None,
        parent=_receiver_type(tree, node.child_by_field_name("receiver")),
        documentation=comment_above(tree, outer),
    )


def _outer(node: tree_sitter.Node) -> tree_sitter.Node:
    """Return the whole `type` declaration if it declares one type without parentheses."""
    parent = node.parent
    if parent is None or parent.type != "type_declaration":
        return node
    return node if any(child.type == "(" for child in parent.children) else parent


def _kind(node: tree_sitter.Node) -> Kind:
    if node.type in _FUNCTIONS:
        return _FUNCTIONS[node.type]
    underlying = node.child_by_field_name("type")
    return _TYPES.get(underlying.type, Kind.TYPE) if underlying else Kind.TYPE


def _parameters(tree: SyntaxTree, node: tree_sitter.Node | None) -> tuple[Parameter, ...]:
    found: list[Parameter] = []
    for child in node.named_children if node else []:
        is_rest = child.type == "variadic_parameter_declaration"
        annotation = child.child_by_field_name("type")
        found += [
            Parameter(
                name=tree.node_text(name),
                annotation=tree.node_text(annotation) if annotation else None,
                kind=ParameterKind.VAR_POSITIONAL if is_rest else ParameterKind.REGULAR,
            )
            for name in child.children_by_field_name("name")
            if name.type == "identifier" and tree.node_text(name) != "_"
        ]
    return tuple(found)


def _first_name(tree: SyntaxTree, node: tree_sitter.Node | None) -> str | None:
    parameters = _parameters(tree, node)
    return parameters[0].name if parameters else None


def _receiver_type(tree: SyntaxTree, node: tree_sitter.Node | None) -> str | None:
    declaration = node.named_children[0] if node and node.named_children else None
    annotation = declaration.child_by_field_name("type") if declaration else None
    return tree.node_text(annotation).lstrip("*").partition("[")[0] if annotation else None
