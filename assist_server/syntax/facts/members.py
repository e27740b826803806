"""The attributes, fields and methods of a parameter that a body uses."""

import re
from collections.abc import Collection, Iterator, Sequence

import tree_sitter

from assist_server.syntax.definition import Definition, Kind
from assist_server.syntax.definitions import all_definitions
from assist_server.syntax.facts.fact import Members
from assist_server.syntax.facts.source import BORDERS, Source
from assist_server.syntax.parser import SyntaxTree
from assist_server.syntax.tree_walk import own_nodes

_ACCESSES = {
    "attribute": "attribute", "member_expression": "property", "field_access": "field",
    "method_invocation": "name", "selector_expression": "field", "field_expression": "field",
    "dot_index_expression": "field", "method_index_expression": "method",
}  # fmt: skip
"""Nodes that take a member of their first child, with the field of its name."""
_CALLERS = frozenset({"call", "call_expression", "function_call"})
# Members that strings, lists, maps and the like have: they say nothing about a parameter.
_COMMON = re.compile(
    r"length|size|len|count|trim|strip|lower|upper|to(?:Lower|Upper)Case|to_\w+|into\w*|as_\w+|iter"
    r"|iter_mut|map|filter|forEach|for_each|reduce|some|every|keys|values|items|entries|push\w*|pop\w*|emplace\w*"
    r"|append|extend|add|addAll|remove|split\w*|join|replace\w*|slice|splice|concat|sub|gsub|match"
    r"|find\w*|includes|contains\w*|indexOf|lastIndexOf|index|starts_?[wW]ith|ends_?[wW]ith|get\w?"
    r"|set|has|is_?[eE]mpty|empty|begin|end|data|c_str|str|first|second|clone|copy|unwrap\w*|ok\w*"
    r"|is_(?:some|none|ok|err)|toString|equals|hashCode|charAt|charCodeAt|apply|call|bind|then"
    r"|format|encode|decode|rep|byte|Error|String|next|type|constructor|prototype|substring|take"
    r"|reset|release|sort\w*|reverse|update|at|insert|erase|clear|back|front|chars|bytes"
)

_DECLARATIONS = frozenset({
    "field_declaration", "property_signature", "public_field_definition", "assignment",
})  # fmt: skip
_FUNCTIONS = BORDERS - {"class_body"}
_TYPES = frozenset({Kind.CLASS, Kind.STRUCT, Kind.INTERFACE, Kind.TYPE})


def members_used(
    source: Source, annotation: str, uses: Sequence[tree_sitter.Node], targets: Collection[int]
) -> Members:
    """Return the members of one parameter that are used, in the order of the source.

    Those that are set, or have a part that is, are left out: that is an effect of the function.
    Where all are used that the parameter's type has, that says nothing.

    Args:
        source: The function.
        annotation: The type of the parameter, as written.
        uses: All places where the parameter is mentioned.
        targets: The byte offsets where what is assigned begins.
    """
    found = [_member(source, use) for use in uses]
    left = {name for name, use in zip(found, uses, strict=True) if use.start_byte in targets}
    kept = dict.fromkeys(name for name in found if name and name not in left)
    names = tuple(name for name in kept if f"{name}()" not in kept)
    if all(_COMMON.fullmatch(name.removesuffix("()")) for name in names):
        return Members()
    words = set(re.findall(r"\w+", annotation))
    declared = _declared(source.tree, words) if names else set()
    if declared and declared <= {*names, *words}:  # `Omit<Type, 'field'>` has the others
        return Members()
    is_whole = None not in found and not left
    told = names if is_whole or len(names) > 1 else ()
    return Members(told, is_whole=is_whole, has_others=bool(left - {None}))


def _member(source: Source, use: tree_sitter.Node) -> str | None:
    """Return the name of the member that is taken of a use, with parentheses if it is called."""
    access = use.parent
    field = _ACCESSES.get(access.type) if access is not None else None
    member = access.child_by_field_name(field) if access is not None and field else None
    if access is None or member is None or access.named_children[0] != use:
        return None
    above = access.parent
    is_called = access.type == "method_invocation" or (
        above is not None and above.type in _CALLERS and above.named_children[0] == access
    )
    name = source.text(member)
    return None if name.isdigit() or name.startswith("__") else name + "()" * is_called


def _declared(tree: SyntaxTree, names: Collection[str]) -> set[str]:
    """Return the fields that a file declares for its types of these names."""
    types = (one for one in all_definitions(tree) if one.kind in _TYPES and one.name in names)
    return {field for one in types for field in _fields(tree, one)}


def _fields(tree: SyntaxTree, definition: Definition) -> Iterator[str]:
    """Yield the names of the fields that a type declares outside functions."""
    yield from (one.name for one in definition.parameters)  # of a record in Java
    own = own_nodes(tree.node_at(definition.span.start, definition.span.end), _FUNCTIONS)
    for node in (one for one in own if one.type in _DECLARATIONS):
        for field in ("name", "left", "declarator"):
            for name in node.children_by_field_name(field):
                yield tree.node_text(_innermost(name))


def _innermost(declarator: tree_sitter.Node) -> tree_sitter.Node:
    """Return the name in `*name`, `name[2]` or `name = value`."""
    for field in ("declarator", "name"):
        inner = declarator.child_by_field_name(field)
        if inner is not None:
            return _innermost(inner)
    return declarator
