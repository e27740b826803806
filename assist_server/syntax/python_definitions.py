"""Definitions in Python."""

import re
from dataclasses import replace
from itertools import zip_longest

import tree_sitter

from assist_server.syntax.definition import Definition, Kind, Parameter, ParameterKind, Span
from assist_server.syntax.exceptions import PYTHON, uncaught_exceptions
from assist_server.syntax.parser import SyntaxTree
from assist_server.syntax.tree_walk import ancestors, first_of, is_comment, own_nodes

_BORDERS = frozenset({"function_definition", "class_definition", "lambda"})
_NOTHING = re.compile(r"None|(?:\w+\.)*(?:NoReturn|Never)")
_PROPERTY = re.compile(r"@\s*((\w+\.)*(cached_)?property|\w+\.getter)\b")
_JOINED_LINES = re.compile(r"[ \t\f]*(\\\r?\n[ \t\f]*)*")
_SPLATS = {
    "list_splat_pattern": ParameterKind.VAR_POSITIONAL,
    "dictionary_splat_pattern": ParameterKind.VAR_KEYWORD,
}


def read(tree: SyntaxTree, node: tree_sitter.Node) -> Definition | None:
    """Return the definition at a node; None if it is not one."""
    if node.type == "decorated_definition":
        inner = node.child_by_field_name("definition")
        return read(tree, inner) if inner is not None else None
    name, body = node.child_by_field_name("name"), node.child_by_field_name("body")
    colon = next((child for child in reversed(node.children) if child.type == ":"), None)
    if node.type not in {"function_definition", "class_definition"} or name is None:
        return None
    if colon is None or colon.is_missing:
        return None
    shell = _read_shell(tree, node, tree.end(colon), _statements(body))
    shell = replace(shell, name=tree.node_text(name))
    if node.type == "class_definition":
        return replace(shell, attributes=_attributes(tree, body))
    return _read_function(tree, node, shell, body)


def _read_shell(
    tree: SyntaxTree, node: tree_sitter.Node, header_end: int, statements: list[tree_sitter.Node]
) -> Definition:
    """Return the fields that functions and classes share."""
    is_decorated = node.parent is not None and node.parent.type == "decorated_definition"
    start = tree.start(node.parent if is_decorated and node.parent else node)
    body = Span(tree.start(statements[0]), tree.end(statements[-1])) if statements else None
    gap = tree.text[header_end : body.start] if body else "\n"
    return Definition(
        kind=Kind.CLASS,
        name="",
        span=Span(start, tree.end(node)),
        header=Span(start, header_end),
        keyword=tree.start(node),
        body=body,
        parent=_parent(tree, node),
        has_one_line_body=_JOINED_LINES.fullmatch(gap) is not None,
        documentation=_docstring(tree, statements[0]) if statements else None,
    )


def _read_function(
    tree: SyntaxTree, node: tree_sitter.Node, shell: Definition, body: tree_sitter.Node | None
) -> Definition:
    decorators = tree.text[shell.header.start : shell.keyword]
    parameters = _parameters(tree, node.child_by_field_name("parameters"))
    has_receiver = bool(shell.parent and parameters) and "staticmethod" not in decorators
    has_receiver = has_receiver and parameters[0].kind in {
        ParameterKind.REGULAR,
        ParameterKind.POSITIONAL_ONLY,
    }
    annotation = node.child_by_field_name("return_type")
    returns = tree.node_text(annotation) if annotation else None
    own = list(own_nodes(body, _BORDERS)) if body else []
    yields = [child for child in own if child.type == "yield"]
    is_generator = bool(yields)
    is_constructor = shell.parent and shell.name in {"__init__", "__new__"}
    kind = Kind.METHOD if shell.parent else Kind.FUNCTION
    return replace(
        shell,
        kind=Kind.CONSTRUCTOR if is_constructor else kind,
        parameters=tuple(parameters[has_receiver:]),
        receiver=parameters[0].name if has_receiver else None,
        returns=returns,
        returns_value=not is_generator
        and shell.name != "__init__"
        and _returns(tree, own, returns),
        is_generator=is_generator,
        yields_nothing=is_generator and not any(one.named_children for one in yields),
        is_async=first_of(node, "async") is not None,
        is_property=_PROPERTY.search(decorators) is not None,
        raises=uncaught_exceptions(tree, body, PYTHON),
    )


def _statements(body: tree_sitter.Node | None) -> list[tree_sitter.Node]:
    return [child for child in body.named_children if not is_comment(child)] if body else []


def _parent(tree: SyntaxTree, node: tree_sitter.Node) -> str | None:
    for outer in ancestors(node):
        if outer != node and outer.type in _BORDERS:
            name = outer.child_by_field_name("name")
            return tree.node_text(name) if name and outer.type == "class_definition" else None
    return None


def _docstring(tree: SyntaxTree, statement: tree_sitter.Node) -> Span | None:
    if statement.type != "expression_statement" or statement.named_child_count != 1:
        return None
    value = inner = statement.named_children[0]
    while inner.type in {"parenthesized_expression", "concatenated_string"}:
        inner = next(child for child in inner.named_children if not is_comment(child))
    prefix = tree.node_text(inner).partition("'")[0].partition('"')[0]
    is_docstring = inner.type == "string" and prefix.lower() in {"", "r", "u"}
    return Span(tree.start(value), tree.end(value)) if is_docstring else None


def _parameters(tree: SyntaxTree, node: tree_sitter.Node | None) -> list[Parameter]:
    found: list[Parameter] = []
    kind = ParameterKind.REGULAR
    for child in node.named_children if node else []:
        if child.type == "positional_separator":
            found = [replace(one, kind=ParameterKind.POSITIONAL_ONLY) for one in found]
        elif child.type == "keyword_separator":
            kind = ParameterKind.KEYWORD_ONLY
        elif (parameter := _parameter(tree, child, kind)) is not None:
            found.append(parameter)
            if parameter.kind is ParameterKind.VAR_POSITIONAL:
                kind = ParameterKind.KEYWORD_ONLY
    return found


def _parameter(tree: SyntaxTree, node: tree_sitter.Node, kind: ParameterKind) -> Parameter | None:
    name = node.child_by_field_name("name") or node
    if node.type == "typed_parameter":
        name = node.named_children[0]
    if name.type in _SPLATS:
        kind, name = _SPLATS[name.type], name.named_children[0]
    if name.type != "identifier":
        return None
    annotation, default = node.child_by_field_name("type"), node.child_by_field_name("value")
    return Parameter(
        name=tree.node_text(name),
        annotation=tree.node_text(annotation) if annotation else None,
        default=tree.node_text(default) if default else None,
        kind=kind,
        is_optional=default is not None,
    )


def _returns(tree: SyntaxTree, own: list[tree_sitter.Node], returns: str | None) -> bool:
    if returns is not None:
        return _NOTHING.fullmatch(returns.strip("\"'")) is None
    values = [child.named_children for child in own if child.type == "return_statement"]
    return any(value and tree.node_text(value[0]) != "None" for value in values)


def _attributes(tree: SyntaxTree, body: tree_sitter.Node | None) -> tuple[Parameter, ...]:
    found: dict[str, Parameter] = {}
    statements = _statements(body)
    for statement, below in zip_longest(statements, statements[1:]):
        assignment = first_of(statement, "assignment")
        left = assignment.child_by_field_name("left") if assignment else None
        kind = assignment.child_by_field_name("type") if assignment else None
        if left is None or kind is None or left.type != "identifier":
            continue
        if below is not None and _docstring(tree, below):
            continue  # described there
        name, annotation = tree.node_text(left), tree.node_text(kind)
        if not name.startswith("_") and "ClassVar" not in annotation:
            found.setdefault(name, Parameter(name, annotation))
    return tuple(found.values())
