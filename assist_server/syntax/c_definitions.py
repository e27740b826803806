"""Definitions in C and C++."""

import re

import tree_sitter

from assist_server.syntax.definition import Definition, Kind, Parameter, ParameterKind, Span
from assist_server.syntax.doc_comments import comment_above
from assist_server.syntax.exceptions import CPP, uncaught_exceptions
from assist_server.syntax.parser import SyntaxTree
from assist_server.syntax.tree_walk import ancestors, first_of, outermost, own_nodes

_TYPES = {
    "struct_specifier": Kind.STRUCT,
    "union_specifier": Kind.STRUCT,
    "class_specifier": Kind.CLASS,
    "enum_specifier": Kind.ENUM,
}
_FUNCTIONS = frozenset({"function_definition", "declaration", "field_declaration"})
_NAMES = frozenset({
    "identifier", "field_identifier", "qualified_identifier", "destructor_name", "operator_name",
    "template_function",
})  # fmt: skip
_BORDERS = frozenset({"function_definition", "lambda_expression", *_TYPES})
_WRAPPERS = frozenset({"template_declaration", "type_definition", "declaration"})
_PARAMETERS = frozenset({
    "parameter_declaration", "optional_parameter_declaration", "variadic_parameter_declaration",
    "variadic_parameter",
})  # fmt: skip
_DEFAULT = re.compile(r"[*&\s]*(\w+)\s*=")
"""The name before a default, which C does not have: the grammar takes the default for the name."""
_VOID = re.compile(r"(?:\w+ )*void(?: [A-Z_][A-Z0-9_]*)*|[A-Z_][A-Z0-9_]*\(void\)")
"""No result, also with a macro for the calling convention or the visibility."""
_ENDS_WITH_BACKSLASH = re.compile(r"\\[ \t]*$")
_LONGEST_LINE_END = 200
_MAY_BE_DIRECTIVE = re.compile(r"^[ \t]*#|\*/")
_LINE_JOIN = r"\\[ \t]*\n"
_COMMENT_OR_JOIN = re.compile(
    rf"""
    (?P<comment>/\*.*?(?:\*/|\Z) | //(?:{_LINE_JOIN}|[^\n])*)
    | "(?:\\.|[^"\\\n])*"? | '(?:\\.|[^'\\\n])*'?
    | (?P<joined>{_LINE_JOIN})
    """,
    re.VERBOSE | re.DOTALL,
)


def read(tree: SyntaxTree, node: tree_sitter.Node) -> Definition | None:
    """Return the definition at a node; None if it is not one."""
    if node.type in {"template_declaration", "type_definition"}:
        inner = first_of(node, *_TYPES, *_FUNCTIONS)
        return read(tree, inner) if inner is not None else None
    if node.type in _TYPES:
        return _read_type(tree, node)
    if node.type not in _FUNCTIONS:
        return None
    if _is_local(node):
        return None
    declarator = _function_declarator(node)
    if declarator is not None:
        is_one = not any(_is_of_its_own(tree, one) for one in node.named_children)
        return _read_function(tree, node, declarator) if is_one else None
    inner = first_of(node, *_TYPES)
    return _read_type(tree, inner) if inner is not None else None


def _is_of_its_own(tree: SyntaxTree, child: tree_sitter.Node) -> bool:
    """Return whether a declaration above a body is of no parameter: macros hide where one ends."""
    text = tree.node_text(child)
    is_prototype = re.search(r"\)\s*;", text) is not None and not re.search(r"\(\s*[*^]", text)
    return child.type == "declaration" and (is_prototype or "typedef" in text.split())


def _is_local(node: tree_sitter.Node) -> bool:
    return node.parent is not None and node.parent.type == "compound_statement"


def _read_type(tree: SyntaxTree, node: tree_sitter.Node) -> Definition | None:
    body, outer = node.child_by_field_name("body"), outermost(node, _WRAPPERS)
    named = node.child_by_field_name("name") or outer.child_by_field_name("declarator")
    is_returned = node.parent is not None and node.parent.type == "function_definition"
    if body is None or named is None or is_returned:
        return None
    return Definition(
        kind=_TYPES[node.type],
        name=tree.node_text(named),
        span=Span(tree.start(outer), tree.end(outer)),
        header=Span(tree.start(outer), tree.start(body)),
        keyword=tree.start(node),
        body=Span(tree.start(body), tree.end(body)),
        documentation=comment_above(tree, outer),
    )


def _function_declarator(node: tree_sitter.Node) -> tree_sitter.Node | None:
    """Return the declarator of a function; None for variables and pointers to functions."""
    declarator = node.child_by_field_name("declarator")
    unknown = first_of(node, "ERROR")
    if unknown is not None and (inner := first_of(unknown, "function_declarator")):
        declarator = inner  # of a constructor after a macro, before what it initializes
    while declarator is not None and declarator.type in {
        "pointer_declarator",
        "reference_declarator",
    }:
        declarator = declarator.child_by_field_name("declarator") or first_of(
            declarator, "function_declarator"
        )
    if declarator is None or declarator.type != "function_declarator":
        return None
    name = declarator.child_by_field_name("declarator")
    return declarator if name is not None and name.type in _NAMES else None


def _read_function(
    tree: SyntaxTree, node: tree_sitter.Node, declarator: tree_sitter.Node
) -> Definition:
    body, outer = node.child_by_field_name("body"), outermost(node, _WRAPPERS)
    written = tree.node_text(declarator.child_by_field_name("declarator") or declarator)
    qualifier, _, name = written.rpartition("::")
    more, _, scope = qualifier.rpartition(" ")  # `API void A::f()`: the macro is taken for the type
    parent = scope.rpartition("::")[2].partition("<")[0] or _enclosing_class(tree, node)
    own = list(own_nodes(body, _BORDERS)) if body else []
    kind = _kind(name, parent)
    # What looks like the type of a constructor is a macro: `API Thing::Thing()`.
    has_type = kind is not Kind.CONSTRUCTOR and not name.startswith("~")
    returns = _returns(tree, node, declarator) if has_type else None
    returns = f"{returns} {more}" if returns and more else returns
    return Definition(
        kind=kind,
        name=name,
        span=Span(tree.start(outer), tree.end(outer)),
        header=Span(tree.start(outer), tree.start(body) if body else tree.end(outer)),
        keyword=tree.start(node),
        body=Span(tree.start(body), tree.end(body)) if body else None,
        parameters=_parameters(tree, node, declarator.child_by_field_name("parameters")),
        returns=returns,
        returns_value=_returns_value(returns, own),
        raises=uncaught_exceptions(tree, body, CPP),
        parent=parent,
        documentation=comment_above(tree, outer),
    )


def _kind(name: str, parent: str | None) -> Kind:
    if parent is None:
        return Kind.FUNCTION
    return Kind.CONSTRUCTOR if name == parent else Kind.METHOD


def _enclosing_class(tree: SyntaxTree, node: tree_sitter.Node) -> str | None:
    for outer in ancestors(node):
        if outer.type in _TYPES:
            name = outer.child_by_field_name("name")
            return tree.node_text(name).partition("<")[0] if name else None
        if outer.type == "compound_statement":
            return None
    return None


def _parameters(
    tree: SyntaxTree, function: tree_sitter.Node, node: tree_sitter.Node | None
) -> tuple[Parameter, ...]:
    """Return the named parameters of a function; in a prototype some may have no name."""
    listed = node.named_children if node else []
    if any(child.type == "identifier" for child in listed):
        return _old_parameters(tree, function, listed)
    found: list[Parameter] = []
    for child in node.children if node else []:
        is_rest = child.type.startswith("variadic") or child.type == "..."
        is_dots = child.type in {"...", "variadic_parameter"}
        name = _pack(tree, child) or "..." if is_dots else _declared(tree, child)
        if name is None or (child.type not in _PARAMETERS and child.type != "..."):
            continue
        annotation = child.child_by_field_name("type")
        default = child.child_by_field_name("default_value")
        found.append(
            Parameter(
                name=name,
                annotation=tree.node_text(annotation) if annotation else None,
                default=tree.node_text(default) if default else None,
                kind=ParameterKind.VAR_POSITIONAL if is_rest else ParameterKind.REGULAR,
                is_optional=default is not None,
            )
        )
    return tuple(found)


def _pack(tree: SyntaxTree, dots: tree_sitter.Node) -> str | None:
    """Return the name of a pack of C++, which the grammar of C takes for an error."""
    after = dots.next_sibling
    name = tree.node_text(after) if after is not None and after.type == "ERROR" else ""
    return name if name.isidentifier() else None


def _old_parameters(
    tree: SyntaxTree, function: tree_sitter.Node, listed: list[tree_sitter.Node]
) -> tuple[Parameter, ...]:
    """Return the parameters of a function with types between its header and its body."""
    types: dict[str, str] = {}
    for declaration in function.named_children:
        kind = declaration.child_by_field_name("type")
        if declaration.type == "declaration" and kind is not None:
            declared = declaration.children_by_field_name("declarator")
            found = (name for one in declared for name in re.findall(r"\w+", tree.node_text(one)))
            types.update((name, tree.node_text(kind)) for name in found)
    names = [tree.node_text(child) for child in listed if child.type == "identifier"]
    return tuple(Parameter(name, types.get(name)) for name in names)


def _declared(tree: SyntaxTree, parameter: tree_sitter.Node) -> str | None:
    """Return the name inside the pointers, references, arrays and parentheses of a declarator."""
    unknown = first_of(parameter, "ERROR")
    named = _DEFAULT.fullmatch(tree.node_text(unknown)) if unknown is not None else None
    if named is not None:
        return named[1]
    node = parameter.child_by_field_name("declarator")
    while node is not None and node.type != "identifier":
        following = node.child_by_field_name("declarator")
        node = following or next(
            (
                child
                for child in node.named_children
                if child.type.endswith(("declarator", "identifier"))
            ),
            None,
        )
    name = tree.node_text(node) if node is not None else None
    # In `int Py_UNUSED(size)` the grammar takes the macro for the name.
    return None if name is not None and "UNUSED" in name.upper() else name


def _returns(tree: SyntaxTree, node: tree_sitter.Node, declarator: tree_sitter.Node) -> str | None:
    trailing = first_of(declarator, "trailing_return_type")
    if trailing is not None:
        return tree.node_text(trailing).removeprefix("->").strip()
    written = node.child_by_field_name("type")
    if written is None:
        return None
    return re.sub(r"\s+", " ", tree.text[tree.start(written) : tree.start(declarator)]).strip()


def _returns_value(returns: str | None, own: list[tree_sitter.Node]) -> bool:
    if returns == "auto":
        return any(child.type == "return_statement" and child.named_child_count for child in own)
    return returns is not None and _VOID.fullmatch(returns) is None


def is_in_directive(text: str, offset: int) -> bool:
    """Return whether an offset is inside a preprocessor directive that begins before it.

    Source: C23, 5.1.1.2: first a backslash joins its line with the next, then a comment becomes a
    blank, and only then a remaining line end ends a directive. The grammar ends it at a comment,
    and parses the rest as if it were outside.
    """
    above, _, own = text[:offset].rpartition("\n")
    if not (
        _ENDS_WITH_BACKSLASH.search(above[-_LONGEST_LINE_END:]) or _MAY_BE_DIRECTIVE.search(own)
    ):
        return False  # scanning all of a long text takes a second
    joined = _COMMENT_OR_JOIN.sub(
        lambda found: " " if found["comment"] or found["joined"] else found[0], text[:offset]
    )
    return joined.rpartition("\n")[2].lstrip().startswith("#")
