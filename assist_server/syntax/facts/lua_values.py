"""The names and types of the values that a function of Lua returns, one after the other."""

import re

import tree_sitter

from assist_server.syntax.facts.fact import Value
from assist_server.syntax.facts.source import BORDERS, RETURNS, Source, statements
from assist_server.syntax.facts.variables import names_in
from assist_server.syntax.tree_walk import own_nodes

_ANY = "any"
_SEVERAL = re.compile(r"(?:table\.)?unpack\(|\.\.\.$|select\(")
_TYPES = {"true": "boolean", "false": "boolean", "number": "number", "string": "string"}
_MAX_DEPTH = 20
_OTHER_NAMES = frozenset({"for_numeric_clause", "for_generic_clause", "parameters"})
"""Nodes that declare the variables of loops and the parameters of inner functions."""
_COMPARES = frozenset({"==", "~=", "<", ">", "<=", ">="})


def lua_values(source: Source) -> tuple[Value, ...]:
    """Return the values of a function that returns some on every path; empty for the others."""
    if source.language != "lua" or source.definition.is_generator:
        return ()
    returns = [node for node in own_nodes(source.body, BORDERS) if node.type in RETURNS]
    lists = [_listed(node) for node in returns]
    last = statements(source.body)[-1:]
    is_whole = bool(last) and last[0].type in RETURNS
    count = max((len(one) for one in lists), default=0)
    # What may be any number of values ends the list: others stand for some of those.
    several = [
        place for one in lists for place in range(len(one)) if _may_be_several(source, one, place)
    ]
    count = min([count, *(place + 1 for place in several)])
    known = _types_of_variables(source)
    return tuple(_value(source, known, lists, place, is_whole=is_whole) for place in range(count))


def _listed(statement: tree_sitter.Node) -> list[tree_sitter.Node]:
    values = statement.named_children[:1]
    is_list = bool(values) and values[0].type == "expression_list"
    return values[0].named_children if is_list else values


def _value(
    source: Source,
    variables: dict[str, str],
    lists: list[list[tree_sitter.Node]],
    place: int,
    *,
    is_whole: bool,
) -> Value:
    if any(_may_be_several(source, one, place) for one in lists):
        return Value("...", _ANY)
    found = [one[place] for one in lists if place < len(one)]
    names = {source.text(one) for one in found if one.type not in {*_TYPES, "nil"}}
    is_name = len(names) == 1 and next(iter(names)).isidentifier()
    types = {
        variables.get(source.text(one), _ANY)
        if one.type == "identifier"
        else _type_of_expression(one)
        for one in found
    }
    is_sure = is_whole and len(found) == len(lists) and len(types) == 1
    return Value(names.pop() if is_name else "", types.pop() if is_sure else _ANY)


def _may_be_several(source: Source, values: list[tree_sitter.Node], place: int) -> bool:
    """Return whether the value at a place, the last one, may stand for any number."""
    is_last = place == len(values) - 1
    return is_last and _SEVERAL.match(source.text(values[place])) is not None


def _types_of_variables(source: Source) -> dict[str, str]:
    """Return the types of the variables that are local to the body and always hold the same one."""
    held = {name: {_ANY} for name in source.parameters}
    declared: set[str] = set()
    for one in own_nodes(source.body, frozenset()):
        if one.type in _OTHER_NAMES:
            held |= {name: {_ANY} for name in names_in(source.text(one))}
        lists = [child for child in one.named_children if child.type.endswith("_list")]
        if one.type not in {"assignment_statement", "variable_declaration"} or not lists:
            continue
        targets = [source.text(child) for child in lists[0].named_children]
        values = lists[1].named_children if len(lists) > 1 else []
        types = [_type_of_expression(value) for value in values]
        declared.update(targets if _is_declared(one) else ())
        for place, name in enumerate(targets):
            is_paired = len(targets) == len(values)
            held.setdefault(name, set()).add(types[place] if is_paired else _ANY)
    return {
        name: next(iter(types)) for name, types in held.items() if len(types) == 1
    } | dict.fromkeys(held.keys() - declared, _ANY)


def _is_declared(assignment: tree_sitter.Node) -> bool:
    above = assignment.parent
    return "variable_declaration" in {assignment.type, above.type if above else ""}


def _type_of_expression(node: tree_sitter.Node, depth: int = 0) -> str:
    while node.type == "parenthesized_expression" and node.named_child_count == 1:
        node = node.named_children[0]
    marks = {child.type for child in node.children if not child.is_named}
    if node.type == "binary_expression":
        if marks & _COMPARES:
            return "boolean"
        if not marks & {"and", "or"} or depth > _MAX_DEPTH:
            return _ANY
        sides = {_type_of_expression(one, depth + 1) for one in node.named_children}
        return sides.pop() if len(sides) == 1 else _ANY
    is_negated = node.type == "unary_expression" and "not" in marks
    return "boolean" if is_negated else _TYPES.get(node.type, _ANY)
