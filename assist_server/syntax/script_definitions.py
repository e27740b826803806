"""Definitions in JavaScript, TypeScript and TSX."""

import re
from itertools import count

import tree_sitter

from assist_server.syntax.definition import Definition, Kind, Parameter, ParameterKind, Span
from assist_server.syntax.doc_comments import comment_above
from assist_server.syntax.exceptions import SCRIPT, uncaught_exceptions
from assist_server.syntax.parser import SyntaxTree
from assist_server.syntax.tree_walk import first_of, outermost, own_nodes

_FUNCTIONS = frozenset({
    "function_declaration", "generator_function_declaration", "function_signature",
    "function_expression", "generator_function", "arrow_function",
})  # fmt: skip
_METHODS = frozenset({"method_definition", "method_signature", "abstract_method_signature"})
_CLASSES = frozenset({"class_declaration", "abstract_class_declaration", "class"})
_TYPES = {
    **dict.fromkeys(_CLASSES, Kind.CLASS),
    "interface_declaration": Kind.INTERFACE,
    "enum_declaration": Kind.ENUM,
    "type_alias_declaration": Kind.TYPE,
}
_BORDERS = _FUNCTIONS | _METHODS | _CLASSES
# Nodes that name an anonymous function or class, and the field that holds it.
_CARRIERS = {
    "variable_declarator": "value",
    "pair": "value",
    "field_definition": "value",
    "public_field_definition": "value",
    "assignment_expression": "right",
}
_NAMELESS = frozenset({"function_expression", "generator_function", "arrow_function", "class"})
_STATEMENTS = {
    "lexical_declaration": "variable_declarator",
    "variable_declaration": "variable_declarator",
    "expression_statement": "assignment_expression",
}
_WRAPPERS = frozenset({*_STATEMENTS, "export_statement", "ambient_declaration"})
_NOTHING = frozenset({"void", "never", "undefined", "Promise<void>", "Promise<never>"})
_TRANSPARENT = frozenset({
    "parenthesized_expression", "as_expression", "satisfies_expression", "non_null_expression",
    "type_assertion",
})  # fmt: skip
# Calls whose result is a function with the parameters of the wrapped one. Other calls, such as
# `map` or `setTimeout`, return something else.
_RETURNS_SAME_SIGNATURE = re.compile(
    r"(React|_|lodash|Object|mobx|\w*[uU]tils?)?\.?("
    r"memo\w*|forwardRef|use\w*Callback\w*|use\w*(Event|Handler|Debounce\w*|Throttle\w*)"
    r"|debounce\w*|throttle\w*|once|curry\w*|observer|action|batch|cache|track\w*|untracked"
    r"|freeze|assign|seal|promisify|callbackify|worklet|partial|bind|wrap\w*|with[A-Z]\w*"
    r"|async[A-Z]\w*|catch[A-Z]\w*|define[A-Z]\w*|create\w*(Handler|Action|Callback|Component)"
    r"|\w*(Handler|Callback|Middleware|Component)|inject|connect|styled|deprecate|rateLimit\w*)"
)
_INNER = frozenset({"arrow_function", "function_expression", "generator_function", "class"})


def read(tree: SyntaxTree, node: tree_sitter.Node) -> Definition | None:
    """Return the definition at a node; None if it is not one."""
    if node.type in {"decorator", "export_statement", "ambient_declaration"}:
        inner = _decorated(node) if node.type == "decorator" else _exported(node)
        return read(tree, inner) if inner is not None else None
    if node.type == "call_expression" and _is_default_export(node):
        value = unwrap(tree, node)
        return _build(tree, value, node) if value is not None else None
    if node.type in _STATEMENTS:
        carried = [child for child in node.named_children if child.type == _STATEMENTS[node.type]]
        return read(tree, carried[0]) if len(carried) == 1 else None
    if node.type in _CARRIERS:
        value = unwrap(tree, node.child_by_field_name(_CARRIERS[node.type]))
        return _build(tree, value, node) if value is not None and _is_alone(node) else None
    if node.type in _NAMELESS and not _is_default_export(node):
        return None
    return _build(tree, node, node) if node.type in _BORDERS or node.type in _TYPES else None


def _is_default_export(node: tree_sitter.Node) -> bool:
    return node.parent is not None and node.parent.type == "export_statement"


def _decorated(node: tree_sitter.Node) -> tree_sitter.Node | None:
    """Return the node after the decorators."""
    following = node.next_named_sibling
    while following is not None and following.type == "decorator":
        following = following.next_named_sibling
    return following


def _exported(node: tree_sitter.Node) -> tree_sitter.Node | None:
    inner = node.child_by_field_name("declaration") or node.child_by_field_name("value")
    return inner or first_of(node, *_FUNCTIONS, *_TYPES)


def _is_alone(node: tree_sitter.Node) -> bool:
    """Return whether a carrier is the only one in its statement, so that a comment means it."""
    parent = node.parent
    if node.type == "assignment_expression":
        return parent is not None and parent.type == "expression_statement"
    if node.type != "variable_declarator" or parent is None:
        return True
    return sum(child.type == "variable_declarator" for child in parent.named_children) == 1


def _build(
    tree: SyntaxTree, value: tree_sitter.Node, carrier: tree_sitter.Node
) -> Definition | None:
    outer = outermost(carrier, _WRAPPERS)
    while outer.prev_named_sibling is not None and outer.prev_named_sibling.type == "decorator":
        outer = outer.prev_named_sibling
    body = value.child_by_field_name("body")
    start, end = tree.start(outer), tree.end(outermost(carrier, _WRAPPERS))
    kind, parent = _kind(value, carrier), _parent(tree, carrier)
    name = _name(tree, value if carrier.type == "call_expression" else carrier)
    own = list(own_nodes(value, _BORDERS)) if value.type not in _TYPES else []
    words = {child.type for child in (*value.children, *carrier.children)}
    return Definition(
        kind=Kind.CONSTRUCTOR if parent and name == "constructor" else kind,
        name=name,
        span=Span(start, end),
        header=Span(start, tree.start(body) if body else end),
        keyword=tree.start(carrier),
        body=Span(tree.start(body), tree.end(body)) if body else None,
        parameters=_parameters(tree, value) if value.type not in _TYPES else (),
        returns=_returns(tree, value),
        returns_value=_returns_value(tree, value, own) and name != "constructor",
        is_generator="*" in words,
        is_async="async" in words,
        is_property="get" in words,
        raises=() if value.type in _TYPES else uncaught_exceptions(tree, body, SCRIPT),
        parent=parent,
        documentation=comment_above(tree, outer),
    )


def _kind(value: tree_sitter.Node, carrier: tree_sitter.Node) -> Kind:
    if value.type in _TYPES:
        return _TYPES[value.type]
    is_member = value.type in _METHODS or carrier.type.endswith("field_definition")
    return Kind.METHOD if is_member else Kind.FUNCTION


def _name(tree: SyntaxTree, carrier: tree_sitter.Node) -> str:
    for field in ("name", "key", "property", "left"):
        node = carrier.child_by_field_name(field)
        if node is not None:
            last = node.child_by_field_name("property") or node
            return tree.node_text(last).strip("'\"#")
    return "default"


def _parent(tree: SyntaxTree, node: tree_sitter.Node) -> str | None:
    body = node.parent
    if body is None or body.type not in {"class_body", "interface_body", "object_type"}:
        return None
    name = body.parent.child_by_field_name("name") if body.parent else None
    return tree.node_text(name) if name else None


def _parameters(tree: SyntaxTree, function: tree_sitter.Node) -> tuple[Parameter, ...]:
    single = function.child_by_field_name("parameter")
    if single is not None:
        return (Parameter(tree.node_text(single)),)
    formal = function.child_by_field_name("parameters")
    children = (
        [child for child in formal.named_children if child.type != "comment"] if formal else []
    )
    found: list[Parameter] = []
    taken = {tree.node_text(child) for child in children}
    for child in children:
        parameter = _parameter(tree, child, taken)
        if parameter is not None:
            taken.add(parameter.name)
            found.append(parameter)
    return tuple(found)


def _parameter(tree: SyntaxTree, node: tree_sitter.Node, taken: set[str]) -> Parameter | None:
    pattern = node.child_by_field_name("pattern") or node.child_by_field_name("left") or node
    annotation = node.child_by_field_name("type")
    default = node.child_by_field_name("value") or node.child_by_field_name("right")
    kind = ParameterKind.REGULAR
    if pattern.type == "rest_pattern":
        kind, pattern = ParameterKind.VAR_POSITIONAL, pattern.named_children[0]
    if pattern.type in {"object_pattern", "array_pattern"}:
        name = _free_name("options" if pattern.type == "object_pattern" else "values", taken)
        parts = _parts(tree, pattern) if pattern.type == "object_pattern" else ()
    elif pattern.type == "identifier":
        name, parts = tree.node_text(pattern), ()
    else:
        return None
    return Parameter(
        name=name,
        annotation=_annotation(tree, annotation),
        default=tree.node_text(default) if default else None,
        kind=kind,
        parts=parts,
        is_optional=default is not None or node.type == "optional_parameter",
    )


def _free_name(name: str, taken: set[str]) -> str:
    return next(
        candidate
        for number in count(1)
        if (candidate := name if number == 1 else f"{name}{number}") not in taken
    )


def _parts(tree: SyntaxTree, pattern: tree_sitter.Node) -> tuple[str, ...]:
    """Return the property names in an object pattern."""
    names: list[str] = []
    for child in pattern.named_children:
        named = child.child_by_field_name("key") or child.child_by_field_name("left") or child
        if named.type in {"shorthand_property_identifier_pattern", "property_identifier"}:
            names.append(tree.node_text(named))
    return tuple(dict.fromkeys(names))


def _annotation(tree: SyntaxTree, node: tree_sitter.Node | None) -> str | None:
    return tree.node_text(node).removeprefix(":").strip() if node else None


def _returns(tree: SyntaxTree, function: tree_sitter.Node) -> str | None:
    return _annotation(tree, function.child_by_field_name("return_type"))


def _returns_value(
    tree: SyntaxTree, function: tree_sitter.Node, own: list[tree_sitter.Node]
) -> bool:
    if function.type in _TYPES:
        return False
    if (annotation := _returns(tree, function)) is not None:
        return annotation not in _NOTHING and not annotation.startswith("asserts ")
    body = function.child_by_field_name("body")
    if function.type == "arrow_function" and body is not None and body.type != "statement_block":
        return True
    return any(child.type == "return_statement" and child.named_child_count for child in own)


def unwrap(tree: SyntaxTree, value: tree_sitter.Node | None) -> tree_sitter.Node | None:
    """Return the function or class inside an expression that only wraps it; else None."""
    while value is not None and value.type not in _INNER:
        if value.type in _TRANSPARENT:
            value = _inside(value)
        elif value.type == "call_expression":
            value = _wrapped(tree, value)
        else:
            return None
    return value


def _inside(node: tree_sitter.Node) -> tree_sitter.Node | None:
    """Return the expression inside parentheses or a type assertion."""
    children = [child for child in node.named_children if child.type != "comment"]
    # `<Type>value` names its type first, `value as Type` last.
    return (children[-1] if node.type == "type_assertion" else children[0]) if children else None


def _wrapped(tree: SyntaxTree, call: tree_sitter.Node) -> tree_sitter.Node | None:
    called, arguments = (call.child_by_field_name(field) for field in ("function", "arguments"))
    if called is None or arguments is None:
        return None
    receiver = called.child_by_field_name("object")
    method = called.child_by_field_name("property")
    if receiver is not None and method is not None and tree.node_text(method) == "bind":
        return receiver
    while called.type == "call_expression":  # connect(state)(Component)
        called = called.child_by_field_name("function") or called.named_children[0]
    given = [child for child in arguments.named_children if child.type != "comment"]
    is_wrapper = _RETURNS_SAME_SIGNATURE.fullmatch(tree.node_text(called)) is not None
    return given[0] if given and is_wrapper else None
