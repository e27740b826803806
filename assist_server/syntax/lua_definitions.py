"""Definitions in Lua."""

import tree_sitter

from assist_server.syntax.definition import Definition, Kind, Parameter, ParameterKind, Span
from assist_server.syntax.doc_comments import comment_above
from assist_server.syntax.parser import SyntaxTree
from assist_server.syntax.tree_walk import first_of, own_nodes

_BORDERS = frozenset({"function_declaration", "function_definition"})
_STATEMENTS = frozenset({"assignment_statement", "variable_declaration"})


def read(tree: SyntaxTree, node: tree_sitter.Node) -> Definition | None:
    """Return the definition at a node; None if it is not one."""
    if node.type == "variable_declaration":
        inner = first_of(node, "assignment_statement")
        return read(tree, inner) if inner is not None else None
    function, name = _function_and_name(node)
    if function is None or name is None:
        return None
    parent = node.parent
    outer = parent if parent is not None and parent.type == "variable_declaration" else node
    body = function.child_by_field_name("body")
    start, end = tree.start(outer), tree.end(outer)
    first, _, last = tree.node_text(name).replace(":", ".").rpartition(".")
    parameters = _parameters(tree, function.child_by_field_name("parameters"))
    is_method = name.type == "method_index_expression" or parameters[:1] == [Parameter("self")]
    has_self = parameters[:1] == [Parameter("self")]
    return Definition(
        kind=Kind.METHOD if is_method else Kind.FUNCTION,
        name=last.strip("'\""),
        span=Span(start, end),
        header=Span(start, tree.start(body) if body else end),
        keyword=tree.start(node),
        body=Span(tree.start(body), tree.end(body)) if body else None,
        parameters=tuple(parameters[has_self:]),
        receiver="self" if is_method else None,
        returns_value=_returns_value(body),
        parent=first or None,
        documentation=comment_above(tree, outer),
    )


def _function_and_name(
    node: tree_sitter.Node,
) -> tuple[tree_sitter.Node | None, tree_sitter.Node | None]:
    if node.type == "function_declaration":
        return node, node.child_by_field_name("name")
    if node.type == "field":
        value, name = node.child_by_field_name("value"), node.child_by_field_name("name")
    elif node.type == "assignment_statement":
        names, values = first_of(node, "variable_list"), first_of(node, "expression_list")
        if not names or not values or names.named_child_count != 1:
            return None, None
        value, name = values.child_by_field_name("value"), names.child_by_field_name("name")
    else:
        return None, None
    is_function = value is not None and value.type == "function_definition"
    return (value if is_function else None), name


def _parameters(tree: SyntaxTree, node: tree_sitter.Node | None) -> list[Parameter]:
    found: list[Parameter] = []
    for child in node.named_children if node else []:
        if child.type == "vararg_expression":
            found.append(Parameter("...", kind=ParameterKind.VAR_POSITIONAL))
        elif child.type == "identifier":
            found.append(Parameter(tree.node_text(child)))
    return found


def _returns_value(body: tree_sitter.Node | None) -> bool:
    own = own_nodes(body, _BORDERS) if body else ()
    return any(child.type == "return_statement" and child.named_child_count for child in own)
