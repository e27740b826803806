"""The values that a function returns, with their conditions."""

import re
from collections.abc import Iterator

import tree_sitter

from assist_server.syntax.facts.exits import may_always_throw, may_be_macro
from assist_server.syntax.facts.fact import Guard, Result, ValueKind
from assist_server.syntax.facts.guards import Guards
from assist_server.syntax.facts.places import is_seen_outside
from assist_server.syntax.facts.source import (
    BORDERS,
    NOTHING,
    RETURNS,
    SCRIPTS,
    Source,
    called_in,
    inside_body,
    statements,
)
from assist_server.syntax.facts.tails import never_has_value, returned_values
from assist_server.syntax.facts.variables import Variables, names_in, targets_of
from assist_server.syntax.tree_walk import is_comment, own_nodes

_LITERAL = re.compile(
    r"-?\d[\w.]*|-?[A-Z][A-Z0-9_]+|True|False|true|false|\"[^\"\\{]{0,24}\"|'[^'\\{]{0,24}'"
)
_SELF = re.compile(r"self|this|\*this")
_TESTS = frozenset({"comparison_operator", "binary_expression", "not_operator"})
_COMBINED = frozenset({"binary_expression", "boolean_operator"})
_LOGIC = frozenset({"&&", "||", "and", "or"})
_COMPARES = frozenset({
    "==", "!=", "===", "!==", "<", ">", "<=", ">=", "~=", "is", "is not", "in", "not in", "not",
    "instanceof",
})  # fmt: skip
_UNCLEAR = re.compile(r"[;{}]|=>|\bfunc\b|\bfunction\b|\blambda\b|\|[\w, &]+\|")
"""What makes a quoted value too much to read."""
_EMPTY_IN_GO = re.compile(r"&?[\w.\[\]*]+\{\}")
_STRINGS = re.compile(r"(?<!\w)\"(?:\\.|[^\"\\])*\"|(?<!\w)'(?:\\.|[^'\\])*'")
_IMPLICIT = frozenset({"java", "cpp"})
"""Languages in which a method of the object needs no `this`."""
_PLAIN = frozenset({"expression_statement", "lexical_declaration", "variable_declaration"})
"""Statements after which a function of a script ends without a value."""
_MAX_KEYS = 10
_FUNCTIONS = frozenset({
    "function_expression", "arrow_function", "function_definition", "function_declaration",
    "lambda",
})  # fmt: skip
_PARAMETER = re.compile(r"\.{0,3}[\w$]+")
_GROUPS = frozenset({"tuple", "expression_list", "tuple_expression"})
_NAMED = re.compile(r"[\w.]+")
_CALLS = frozenset({"call_expression", "await_expression"})


def results(source: Source, guards: Guards, variables: Variables) -> tuple[Result, ...]:
    """Return the values of the returns, in the order of the source."""
    if source.definition.is_generator or not source.definition.returns_value:
        return ()
    if _are_replaced(source):
        return ()
    return tuple(_results(source, guards, variables))


def _results(source: Source, guards: Guards, variables: Variables) -> Iterator[Result]:
    if any(may_be_macro(source, node) for node in own_nodes(source.body, BORDERS)):
        yield Result(ValueKind.OTHER, "", Guard(is_known=False))
    unclear = _CALLS if _ends_without_value(source) else frozenset[str]()
    for node in returned_values(source):
        if never_has_value(source, node):
            yield Result(ValueKind.OTHER, "", Guard(is_known=False))
            continue
        if any(_may_be_dead(source, outer) for outer in inside_body(source, node)):
            yield Result(ValueKind.OTHER, source.line(node), Guard(is_known=False))
            continue
        guard = guards.of_node(node)
        if _is_chosen(node):
            guard = Guard(is_known=False)
        if node.type in RETURNS:
            yield Result(ValueKind.LITERAL, "None", guard)
            continue
        kind, code = _described(source, variables, node)
        is_given = names_in(code).isdisjoint(variables.values.keys() & set(source.parameters))
        is_clear = is_given and variables.is_clear(code) and not variables.is_changed(code, node)
        is_clear = is_clear and not _asks_what_changed(source, variables, code, node)
        is_clear = is_clear and node.type not in unclear and not is_plain_cast(node)
        is_empty = source.language == "go" and _EMPTY_IN_GO.fullmatch(code) is not None
        is_readable = is_empty or not _UNCLEAR.search(_STRINGS.sub('""', code))
        called = called_in(code) or ""
        is_known = variables.is_clear(called)
        yield Result(kind, code, guard, is_clear and is_readable, called if is_known else "")


def _are_replaced(source: Source) -> bool:
    """Return whether a deferred function of Go may replace a named result, other than the error."""
    named = names_in(re.sub(r"\w+ error\b", "", source.definition.returns or ""))
    if "defer" not in source.text(source.body):
        return False
    return any(
        re.split(r"\W", source.text(target))[0] in named
        for one in own_nodes(source.body, frozenset())
        if one.type in {"defer_statement", "func_literal"}
        for node in own_nodes(one, frozenset())
        for target in targets_of(node)
    )


def is_plain_cast(node: tree_sitter.Node) -> bool:
    """Return whether a value is a name with another type."""
    value = node.child_by_field_name("value") if node.type == "cast_expression" else None
    return value is not None and value.type in {"identifier", "field_access", "field_expression"}


def _ends_without_value(source: Source) -> bool:
    """Return whether a script may also end without a value: calls may be returned only to leave."""
    if source.language not in SCRIPTS:
        return False
    is_bare = any(
        one.type in RETURNS and not one.named_children for one in own_nodes(source.body, BORDERS)
    )
    last = statements(source.body)[-1:] if source.body.type == "statement_block" else []
    return is_bare or bool(last and last[0].type in _PLAIN)


def _asks_what_changed(
    source: Source, variables: Variables, code: str, node: tree_sitter.Node
) -> bool:
    """Return whether code calls a method of what the function has changed a part of before."""
    changed = {
        place
        for place, offsets in (*variables.places.items(), *variables.values.items())
        if any(offset < node.start_byte for offset in offsets)
        and is_seen_outside(source, variables, place)
    }
    owners = {re.split(r"\.|->|\[", one.lstrip("*&("))[0] for one in changed}
    is_own = "this" in owners or any(map(str.isidentifier, changed))
    if is_own and source.language in _IMPLICIT and re.search(r"(?<![\w.>:])\w+\(", code):
        return True
    return any(
        re.search(rf"(?<![\w.$]){re.escape(one)}(?:(?:\.|->|:)\w+\(|\s*[,)])", code)
        for one in owners | ({"this", "self"} if is_own else set())
        if one
    )


def _may_be_dead(source: Source, node: tree_sitter.Node) -> bool:
    """Return whether a statement follows one of its block that may always throw."""
    above = node.prev_named_sibling
    is_statement = node.type in RETURNS or node.type.endswith("_statement")
    return is_statement and above is not None and may_always_throw(source, above)


def _is_chosen(node: tree_sitter.Node) -> bool:
    parent = node.parent
    while parent is not None and parent.type == "parenthesized_expression":
        parent = parent.parent
    return parent is not None and parent.type in {"conditional_expression", "ternary_expression"}


def _described(
    source: Source, variables: Variables, node: tree_sitter.Node
) -> tuple[ValueKind, str]:
    code, made = source.line(node), _made(source, variables, node)
    is_parameter = code in source.parameters and code not in variables.values
    kinds = (
        (ValueKind.LITERAL, code in NOTHING or _LITERAL.fullmatch(code)),
        (ValueKind.SELF, _SELF.fullmatch(code) and code not in variables.values),
        (ValueKind.PARAMETER, is_parameter),
        (ValueKind.INSTANCE, made),
        (ValueKind.TEST, is_test(node, code)),
        (ValueKind.GROUP, _is_group(source, node)),
        (ValueKind.FUNCTION, function := _function(source, variables, node)),
        (ValueKind.KEYS, keys := _keys(source, node)),
    )
    kind = next((kind for kind, is_one in kinds if is_one), ValueKind.OTHER)
    texts = {
        ValueKind.INSTANCE: made, ValueKind.FUNCTION: function, ValueKind.KEYS: keys
    }  # fmt: skip
    return kind, texts.get(kind) or code


def _function(source: Source, variables: Variables, node: tree_sitter.Node) -> str | None:
    """Return the names of the parameters of a value that is a function."""
    if node.type == "identifier" and source.text(node) not in source.parameters:
        name = source.text(node)
        node = _inner_function(source, name) or variables.only_value(name) or node
    if node.type not in _FUNCTIONS:
        return None
    listed = node.child_by_field_name("parameters") or node.child_by_field_name("parameter")
    children = listed.named_children if listed is not None else []
    parameters = children or ([listed] if listed and listed.type == "identifier" else [])
    written = [source.line(one) for one in parameters if not is_comment(one)]
    return ", ".join(written) if all(map(_PARAMETER.fullmatch, written)) else None


def _inner_function(source: Source, name: str) -> tree_sitter.Node | None:
    """Return the only function of a name that a body defines."""
    found = [
        one
        for one in statements(source.body)
        if one.type in {"function_definition", "function_declaration"}
        and (named := one.child_by_field_name("name")) is not None
        and source.text(named) == name
    ]
    return found[0] if len(found) == 1 else None


def _keys(source: Source, node: tree_sitter.Node) -> str | None:
    """Return the keys of a literal that consists of a few pairs."""
    if node.type not in {"object", "dictionary"}:
        return None
    found = [
        source.line(one.child_by_field_name("key") or one).strip("'\"")
        for one in node.named_children
        if one.type in {"pair", "shorthand_property_identifier"}
    ]
    is_plain = len(found) == node.named_child_count and all(map(str.isidentifier, found))
    return ", ".join(found) if is_plain and 0 < len(found) <= _MAX_KEYS else None


def _is_group(source: Source, node: tree_sitter.Node) -> bool:
    """Return whether a value consists of several with names."""
    names = [source.line(child) for child in node.named_children]
    is_list = node.type in _GROUPS and len(names) > 1
    return is_list and all(_NAMED.fullmatch(name) for name in names)


def is_test(node: tree_sitter.Node, code: str) -> bool:
    """Return whether an expression is a comparison, or several that are combined."""
    waiting = [node]
    while waiting:
        one = waiting.pop()
        marks = {child.type for child in one.children if not child.is_named}
        if (one.type in _COMBINED and marks & _LOGIC) or one.type == "parenthesized_expression":
            waiting += one.named_children
        elif one.type in _TESTS and marks & _COMPARES:
            # In C, `a < b > (c)` is a call of a template that the grammar does not know.
            if any(child.type in _TESTS and _compares(child) for child in one.named_children):
                return False
        elif not (one == node and re.match(r"(isinstance|issubclass)\(", code)):
            return False
    return True


def _compares(node: tree_sitter.Node) -> bool:
    return any(child.type in {"<", ">"} for child in node.children)


def _made(source: Source, variables: Variables, node: tree_sitter.Node) -> str | None:
    """Return the class of which an expression, or the only value of a variable, is an instance."""
    if node.type == "identifier" and source.text(node) not in source.parameters:
        node = variables.only_value(source.text(node)) or node
    fields = {"call": "function", "new_expression": "constructor",
              "object_creation_expression": "type"}  # fmt: skip
    made = node.child_by_field_name(fields.get(node.type, "")) if node.type in fields else None
    name = source.text(made) if made is not None else ""
    is_class = re.fullmatch(r"(\w+\.)*[A-Z]\w*[a-z]\w*", name) is not None
    return name if is_class and variables.is_clear(name) else None
