"""What stands around a function in JavaScript and TypeScript and leaves it one."""

import re

import tree_sitter

from assist_server.syntax.parser import SyntaxTree

_TRANSPARENT = frozenset({
    "parenthesized_expression", "as_expression", "satisfies_expression", "non_null_expression",
    "type_assertion",
})  # fmt: skip
# Calls that give back a function which takes what the one inside takes. Of other calls, `map` or
# `setTimeout` say, the result is something else.
_GIVES_FUNCTION = re.compile(
    r"(React|_|lodash|Object|mobx|\w*[uU]tils?)?\.?("
    r"memo\w*|forwardRef|use\w*Callback\w*|use\w*(Event|Handler|Debounce\w*|Throttle\w*)"
    r"|debounce\w*|throttle\w*|once|curry\w*|observer|action|batch|cache|track\w*|untracked"
    r"|freeze|assign|seal|promisify|callbackify|worklet|partial|bind|wrap\w*|with[A-Z]\w*"
    r"|async[A-Z]\w*|catch[A-Z]\w*|define[A-Z]\w*|create\w*(Handler|Action|Callback|Component)"
    r"|\w*(Handler|Callback|Middleware|Component)|inject|connect|styled|deprecate|rateLimit\w*)"
)
_INNER = frozenset({"arrow_function", "function_expression", "generator_function", "class"})


def unwrap(tree: SyntaxTree, value: tree_sitter.Node | None) -> tree_sitter.Node | None:
    """Return the function or class inside an expression that only wraps it, else None."""
    while value is not None and value.type not in _INNER:
        if value.type in _TRANSPARENT:
            value = _inside(value)
        elif value.type == "call_expression":
            value = _wrapped(tree, value)
        else:
            return None
    return value


def _inside(node: tree_sitter.Node) -> tree_sitter.Node | None:
    """The expression that parentheses or a type stand around."""
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
    is_wrapper = _GIVES_FUNCTION.fullmatch(tree.node_text(called)) is not None
    return given[0] if given and is_wrapper else None
