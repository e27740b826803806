"""How each language raises and catches exceptions."""

import builtins
import re
from collections.abc import Iterator

import tree_sitter

from assist_server.syntax.exceptions import Grammar, Handler, last_name
from assist_server.syntax.parser import SyntaxTree
from assist_server.syntax.tree_walk import first_of


def _python_made(tree: SyntaxTree, value: tree_sitter.Node) -> str | None:
    called = value.child_by_field_name("function") or value
    name = tree.node_text(called)
    return name if re.fullmatch(r"(\w+\.)*_*[A-Z]\w*", name) else None


_SWALLOWERS = frozenset({"suppress", "raises", "assertRaises", "assertRaisesRegex"})


def _python_handlers(tree: SyntaxTree, node: tree_sitter.Node) -> list[Handler]:
    if node.type == "with_statement":
        return _suppressed(tree, node)
    found: list[Handler] = []
    for clause in node.named_children:
        body = first_of(clause, "block")
        if clause.type not in {"except_clause", "except_group_clause"} or body is None:
            continue
        value = clause.child_by_field_name("value") or next(
            (child for child in clause.named_children if child != body), None
        )
        alias = None
        if value is not None and value.type == "as_pattern":
            target = value.child_by_field_name("alias")
            alias = tree.node_text(target) if target else None
            value = value.named_children[0]
        found.append(Handler(_dotted_names(tree, value), alias, body))
    return found


def _suppressed(tree: SyntaxTree, node: tree_sitter.Node) -> list[Handler]:
    """Return what `with suppress(KeyError):` catches, as a handler that does nothing."""
    clause = first_of(node, "with_clause")
    names: list[str] = []
    for item in clause.named_children if clause else ():
        value = item.child_by_field_name("value")
        call = first_of(value, "call") if value and value.type == "as_pattern" else value
        function = call.child_by_field_name("function") if call else None
        arguments = call.child_by_field_name("arguments") if call else None
        if function and arguments and last_name(tree.node_text(function)) in _SWALLOWERS:
            names += _dotted_names(tree, arguments)
    return [Handler(tuple(names), None, clause)] if names and clause else []


def _dotted_names(tree: SyntaxTree, node: tree_sitter.Node | None) -> tuple[str, ...]:
    if node is None:
        return ()
    if node.type in {"identifier", "attribute"}:
        return (tree.node_text(node),)
    return tuple(name for child in node.named_children for name in _dotted_names(tree, child))


def _python_supertypes(name: str) -> frozenset[str]:
    known = getattr(builtins, name, None)
    if isinstance(known, type) and issubclass(known, BaseException):
        return frozenset(base.__name__ for base in known.__mro__)
    # An exception that is not built in nearly always derives from Exception.
    return frozenset({"Exception", "BaseException"})


def _script_made(tree: SyntaxTree, value: tree_sitter.Node) -> str | None:
    made = value.child_by_field_name("constructor") if value.type == "new_expression" else None
    return tree.node_text(made) if made else None


def _clauses(node: tree_sitter.Node) -> Iterator[tuple[tree_sitter.Node, tree_sitter.Node]]:
    for clause in node.named_children:
        body = clause.child_by_field_name("body")
        if clause.type == "catch_clause" and body is not None:
            yield clause, body


def _script_handlers(tree: SyntaxTree, node: tree_sitter.Node) -> list[Handler]:
    found: list[Handler] = []
    for clause, body in _clauses(node):
        parameter = clause.child_by_field_name("parameter")
        found.append(Handler((), tree.node_text(parameter) if parameter else None, body))
    return found


def _java_made(tree: SyntaxTree, value: tree_sitter.Node) -> str | None:
    is_new = value.type == "object_creation_expression"
    made = value.child_by_field_name("type") if is_new else None
    return tree.node_text(made) if made else None


def _java_handlers(tree: SyntaxTree, node: tree_sitter.Node) -> list[Handler]:
    found: list[Handler] = []
    for clause, body in _clauses(node):
        parameter = first_of(clause, "catch_formal_parameter")
        kinds = first_of(parameter, "catch_type") if parameter else None
        name = parameter.child_by_field_name("name") if parameter else None
        types = tuple(tree.node_text(kind) for kind in kinds.named_children) if kinds else ()
        found.append(Handler(types, tree.node_text(name) if name else None, body))
    return found


_JAVA_RUNTIME = frozenset({
    "IllegalArgumentException", "IllegalStateException", "NullPointerException",
    "IndexOutOfBoundsException", "UnsupportedOperationException", "ArithmeticException",
    "ClassCastException", "NumberFormatException", "ArrayIndexOutOfBoundsException",
    "StringIndexOutOfBoundsException", "ConcurrentModificationException", "UncheckedIOException",
    "NoSuchElementException", "InputMismatchException", "DateTimeException", "SecurityException",
})  # fmt: skip
_JAVA_PARENTS = {
    "FileNotFoundException": "IOException",
    "EOFException": "IOException",
    "MalformedURLException": "IOException",
    "UnknownHostException": "IOException",
    "SocketException": "IOException",
    "UnsupportedEncodingException": "IOException",
    "NumberFormatException": "IllegalArgumentException",
    "ArrayIndexOutOfBoundsException": "IndexOutOfBoundsException",
    "StringIndexOutOfBoundsException": "IndexOutOfBoundsException",
    "InputMismatchException": "NoSuchElementException",
    "ClassNotFoundException": "ReflectiveOperationException",
}


def _java_supertypes(name: str) -> frozenset[str]:
    own = {_JAVA_PARENTS[name]} if name in _JAVA_PARENTS else set()
    if name in _JAVA_RUNTIME or own & _JAVA_RUNTIME:
        own.add("RuntimeException")
    is_error = name.endswith("Error")
    return frozenset(own | {"Throwable", "Error" if is_error else "Exception"})


def _cpp_made(tree: SyntaxTree, value: tree_sitter.Node) -> str | None:
    if value.type not in {"call_expression", "compound_literal_expression"}:
        return None
    made = value.child_by_field_name("function") or value.child_by_field_name("type")
    return tree.node_text(made) if made else None


def _cpp_handlers(tree: SyntaxTree, node: tree_sitter.Node) -> list[Handler]:
    found: list[Handler] = []
    for clause, body in _clauses(node):
        parameters = clause.child_by_field_name("parameters")
        declared = first_of(parameters, "parameter_declaration") if parameters else None
        kind = declared.child_by_field_name("type") if declared else None
        name = declared.child_by_field_name("declarator") if declared else None
        words = re.findall(r"\w+", tree.node_text(name)) if name else []
        types = (tree.node_text(kind),) if kind else ()
        found.append(Handler(types, words[-1] if words else None, body))
    return found


_CPP_PARENTS = {
    **dict.fromkeys(
        ("out_of_range", "invalid_argument", "length_error", "domain_error"), "logic_error"
    ),
    **dict.fromkeys(
        ("range_error", "overflow_error", "underflow_error", "system_error"), "runtime_error"
    ),
}


def _cpp_supertypes(name: str) -> frozenset[str]:
    return frozenset({_CPP_PARENTS.get(name, name), "exception"})


_FUNCTIONS = frozenset({
    "function_declaration", "generator_function_declaration", "function_expression",
    "generator_function", "arrow_function", "method_definition", "class_declaration", "class",
    "abstract_class_declaration",
})  # fmt: skip
PYTHON = Grammar(
    frozenset({"function_definition", "class_definition", "lambda"}),
    "raise_statement",
    frozenset({"try_statement", "with_statement"}),
    _python_made,
    _python_handlers,
    _python_supertypes,
)
SCRIPT = Grammar(
    _FUNCTIONS,
    "throw_statement",
    frozenset({"try_statement"}),
    _script_made,
    _script_handlers,
    lambda name: frozenset({name}),
)
JAVA = Grammar(
    frozenset({"lambda_expression", "class_body", "class_declaration", "method_declaration"}),
    "throw_statement",
    frozenset({"try_statement", "try_with_resources_statement"}),
    _java_made,
    _java_handlers,
    _java_supertypes,
)
CPP = Grammar(
    frozenset({
        "function_definition", "lambda_expression", "struct_specifier", "class_specifier",
        "union_specifier", "enum_specifier",
    }),
    "throw_statement",
    frozenset({"try_statement"}),
    _cpp_made,
    _cpp_handlers,
    _cpp_supertypes,
)  # fmt: skip
