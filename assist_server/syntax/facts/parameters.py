"""Facts about parameters in a body: choices, replacements, and where they are passed to."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

import tree_sitter

from assist_server.syntax.definition import Span
from assist_server.syntax.facts.comments import parameter_comments
from assist_server.syntax.facts.fact import Failure, ParameterFacts
from assist_server.syntax.facts.guards import Guards
from assist_server.syntax.facts.members import members_used
from assist_server.syntax.facts.source import (
    BORDERS,
    NOTHING,
    SCRIPTS,
    Source,
    statements,
)
from assist_server.syntax.facts.uses import guard_of_use, is_inside_function, is_operand_skipped
from assist_server.syntax.facts.variables import Variables, names_in
from assist_server.syntax.tree_walk import ancestors, code_tokens, own_nodes

_LITERAL = r"(?:-?\d[\w.]*|\"[^\"]*\"|'[^']*')"
_CHOICES = re.compile(rf"(?P<name>\w+) not in [(\[{{](?P<all>{_LITERAL}(?:, {_LITERAL})*),?[)\]}}]")
_EQUALS = re.compile(rf"(?P<name>\w+) ={{2,3}} (?P<value>{_LITERAL})")
_DIFFERS = re.compile(rf"(?P<name>\w+) !==? (?P<value>{_LITERAL})")
_MISSING = re.compile(
    r"(?P<name>\w+) (?:is|===?) (?P<none>None|null|nil|undefined|NULL|nullptr)"
    r"|(?:not |!)(?P<falsy>\w+)"
)
_Uses = dict[str, list[tree_sitter.Node]]
_WITH_FALLBACKS = SCRIPTS | {"python", "lua"}
"""Languages in which `a or b` is one of the two."""
_MARKS = frozenset({"rust", "lua"})
"""Languages in which a name with a line in front says that it is not used."""
_FALLBACK = re.compile(rf"{_LITERAL}|[A-Z][A-Z\d_]+|\{{\}}|\[\]")
_OR = re.compile(r"(?P<name>\w+) (?P<mark>or|\|\||\?\?) (?P<value>[^|?]+)")
_CALLS = {
    "call": "function", "call_expression": "function", "method_invocation": "name",
    "function_call": "name", "new_expression": "constructor",
    "object_creation_expression": "type", "explicit_constructor_invocation": "constructor",
}  # fmt: skip
_ARGUMENT_LISTS = frozenset({"arguments", "argument_list"})
_SPLATS = frozenset({"list_splat", "dictionary_splat", "spread_element", "keyword_argument"})
_IDENTIFIERS = frozenset({"identifier", "shorthand_property_identifier", "vararg_expression"})
# Functions that say nothing about what is passed to them.
_PLAIN_CALLS = re.compile(
    r"(?:.*(?:\.|::))?(?:len|str|int|float|bool|repr|type|list|tuple|set|dict|iter|hash|id|range|sorted"
    r"|isinstance|print|select|next|unpack|va_start|va_end|append|push|add|extend|String|Number|Boolean|isArray|tostring|tonumber"
    r"|pairs|ipairs|free|sizeof|strlen|clone|to_string|into|Some|Ok|Err|Box|println|printf|max|min"
    r"|equals|insert|get|set|format|join|startswith|endswith|now|cast|move|forward|assert|error"
    r"|hasattr|getattr|enumerate|zip|map|filter|any|all|pcall|sum|abs|round|log|debug|make|cap"
    r"|\w*(?:UNUSED|unused)\w*)"
)
_CALLEE = re.compile(r"(?:super\(\)\.)?[\w.$:]+(?:->\w+)*")
_DYNAMIC = re.compile(
    r"(?<![\w.$])(?:locals|arguments|vars|eval)\b|^[ \t]*#\s*include\b", re.MULTILINE
)
"""Ways to reach a parameter without its name."""
_QUOTES = frozenset("\"'`")
_HOLES = re.compile(r"\{[^{}]*\}")
"""The parts of a format string that are filled in."""
_LONGEST = 40


def parameter_facts(
    source: Source, guards: Guards, failures: Sequence[Failure]
) -> Mapping[str, ParameterFacts]:
    """Return what is known about each parameter; nothing for most."""
    found = dict.fromkeys(source.parameters, ParameterFacts())
    for name, choices in _choices(failures):
        if name in found:
            found[name] = replace(found[name], choices=choices)
    uses, variables = _uses(source), guards.variables
    for name, missing, fallback in _fallbacks(source, variables, uses):
        if name in found and found[name].fallback is None:
            found[name] = replace(found[name], fallback=fallback, missing=missing)
    is_stub = _is_stub(source)
    is_final = source.language in _MARKS and not any(
        one.type == "trait_item" for one in ancestors(source.body)
    )
    for name, fact in found.items():
        places = uses.get(name, [])
        # also where others may override the function
        is_blank = not name.strip("_") or (name[0] == "_" and is_final)
        if not places and (is_blank or not is_stub) and not _occurs(source, name):
            found[name] = replace(fact, is_unused=True)
        elif name not in variables.values:  # else some uses are of another value
            found[name] = _with_uses(source, guards, fact, places)
    for name, comment in parameter_comments(source).items():
        found[name] = replace(found[name], comment=comment)
    return MappingProxyType(found)


def _is_all(source: Source, name: str, count: int) -> bool:
    """Return whether a parameter is named so often only, and not reached without its name."""
    span = Span(source.definition.header.start, source.definition.span.end)
    word = re.compile(rf"(?<![\w$]){re.escape(name)}(?![\w$])")
    named = 0
    for token in code_tokens(source.tree, span):
        is_string = token[-1] in _QUOTES
        named += len(word.findall("".join(_HOLES.findall(token)) if is_string else token))
    return named == count + 1 and not _DYNAMIC.search(source.tree.text[span.start : span.end])


def _with_uses(
    source: Source,
    guards: Guards,
    fact: ParameterFacts,
    places: Sequence[tree_sitter.Node],
) -> ParameterFacts:
    """Return the facts about a parameter with what its uses tell."""
    called = _called(source, guards.variables, places)
    if called is not None:
        return replace(fact, called_with=called)
    passed = [
        (callee, guard_of_use(source, guards, place))
        for place in places
        if (callee := _callee(source, guards.variables, place))
    ]
    if len(places) == len(passed) == 1 and passed[0][1].is_known:
        fact = replace(fact, passed_to=passed[0][0], passed_when=passed[0][1])
    receivers = tuple(callee for callee, when in passed if when.is_always)
    name = source.text(places[0]) if places else ""
    own = (one for one in source.definition.parameters if one.name == name)
    annotation = next((one.annotation or "" for one in own), "")
    members = members_used(source, annotation, places, guards.variables.starts)
    if members.is_whole and not _is_all(source, name, len(places)):
        members = replace(members, is_whole=False)
    return replace(fact, members=members, receivers=receivers, n_uses=len(places))


def _is_stub(source: Source) -> bool:
    """Return whether a body only raises or returns a constant, so that others override it."""
    body = statements(source.body)
    has_calls = any(child.type in _CALLS for child in own_nodes(source.body, BORDERS))
    is_refusal = any(
        re.match(r"raise|throw|panic|\w*\W*(?:unim|todo)", source.text(one)) for one in body
    )
    return len(body) <= 1 and (is_refusal or not has_calls)


def _occurs(source: Source, name: str) -> bool:
    """Return whether a name occurs anywhere in the function, also in strings and comments."""
    span, header = source.definition.span, source.definition.header
    inside = source.tree.text[source.tree.start(source.body) : span.end]
    above = source.tree.text[header.start : source.tree.start(source.body)]
    word = rf"(?<![\w$]){re.escape(name)}(?![\w$])"
    is_property = rf"\b(?:public|private|protected|readonly)\s+{re.escape(name)}(?![\w$])"
    is_dynamic = _DYNAMIC.search(inside) is not None
    return (
        name == "..."
        or (source.language not in _MARKS and re.match(r"_+[^_]", name) is not None)
        or is_dynamic
        or (source.language in SCRIPTS and re.search(is_property, above) is not None)
        or re.search(word, inside) is not None
        or len(re.findall(word, above)) > 1
    )


def _choices(failures: Sequence[Failure]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield parameters that are refused unless they equal one of some literals."""
    for failure in failures:
        guard = failure.guard
        if not guard.is_known or guard.caught:
            continue
        if len(guard.holds) == 1 and not guard.fails:
            listed = _CHOICES.fullmatch(guard.holds[0].code)
            if listed:
                yield listed["name"], tuple(re.findall(_LITERAL, listed["all"]))
            differs = [
                _DIFFERS.fullmatch(one) for one in re.split(r" (?:and|&&) ", guard.holds[0].code)
            ]
            names = {one["name"] for one in differs if one}
            if len(names) == 1 and len(differs) > 1 and all(differs):
                yield names.pop(), tuple(one["value"] for one in differs if one)
        compared = [_EQUALS.fullmatch(one.code) for one in guard.fails]
        names = {one["name"] for one in compared if one}
        if not guard.holds and len(names) == 1 and all(compared) and len(compared) > 1:
            yield names.pop(), tuple(one["value"] for one in compared if one)


def _fallbacks(source: Source, variables: Variables, uses: _Uses) -> Iterator[tuple[str, str, str]]:
    """Yield parameters with the value that is missing and the one that takes its place."""
    for node in statements(source.body):
        found = _replaced(source, node) or _assigned(source, node, uses)
        if found is None:
            continue
        name, missing, value = found
        if variables.is_changed(f"{name}, {value}", node.named_children[0]):
            continue
        is_code = re.search(r"[{;]|=>|^function|\braise\b", value) and value != "{}"
        is_short = len(value) <= _LONGEST and not is_code
        is_known = name not in names_in(value) and variables.is_clear(value)
        if name in source.parameters and is_short and is_known and value not in NOTHING:
            yield name, missing, value


def _replaced(source: Source, node: tree_sitter.Node) -> tuple[str, str, str] | None:
    """Return the parts of `if x is None: x = VALUE`."""
    condition = node.child_by_field_name("condition")
    consequence = node.child_by_field_name("consequence")
    if node.type != "if_statement" or condition is None or consequence is None:
        return None
    tested = _MISSING.fullmatch(source.line(condition))
    inner = statements(consequence) if consequence.named_children else []
    assigned = _sides(source, inner[0]) if len(inner) == 1 else None
    if tested is None or assigned is None or node.child_by_field_name("alternative"):
        return None
    name = tested["name"] or tested["falsy"]
    return (name, tested["none"] or "", assigned[1]) if assigned[0] == name else None


def _assigned(source: Source, node: tree_sitter.Node, uses: _Uses) -> tuple[str, str, str] | None:
    """Return the parts of `x = x or VALUE`."""
    sides = _sides(source, node)
    if sides is None:
        return None
    found = _OR.fullmatch(sides[1])
    if found is None or found["name"] not in source.parameters:
        return None
    defaults = {one.name for one in source.definition.parameters if one.default is not None}
    if found["name"] in defaults and source.language in SCRIPTS:
        return None  # what takes the place of a missing argument is the default
    is_own = sides[0] == found["name"] or sides[0].endswith(f".{found['name']}")
    if not is_own and not (
        source.language in _WITH_FALLBACKS
        and _FALLBACK.fullmatch(found["value"])
        and len(uses.get(found["name"], ())) == 1
    ):
        return None
    missing = "null" if found["mark"] == "??" else ""
    return found["name"], missing, found["value"]


def _sides(source: Source, node: tree_sitter.Node) -> tuple[str, str] | None:
    wrappers = {"expression_statement", "variable_declaration", "lexical_declaration"}
    while node.type in wrappers and node.named_child_count == 1:
        node = node.named_children[0]
    if node.type == "variable_declarator":
        name, value = node.child_by_field_name("name"), node.child_by_field_name("value")
        return (source.line(name), source.line(value)) if name and value else None
    left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
    if node.type == "assignment_statement" and left is None and node.named_child_count == 2:
        left, right = node.named_children
    if left is None or right is None or "augmented" in node.type:
        return None
    return source.line(left), source.line(right)


def _uses(source: Source) -> _Uses:
    """Return the places in the body where parameters are used, in their order."""
    found: dict[str, list[tree_sitter.Node]] = {}
    waiting: list[tuple[tree_sitter.Node, frozenset[str]]] = [(source.body, frozenset())]
    while waiting:
        node, hidden = waiting.pop()
        hidden |= _declared_by(source, node)
        waiting += [(child, hidden) for child in reversed(node.named_children)]
        name = source.text(node) if node.type in _IDENTIFIERS and not _is_label(node) else ""
        if name in source.parameters and name not in hidden:
            found.setdefault(name, []).append(node)
    return found


def _declared_by(source: Source, node: tree_sitter.Node) -> frozenset[str]:
    """Return the names of the parameters of a function inside, or of a comprehension."""
    if node.type in BORDERS:
        fields = [node.child_by_field_name(one) for one in ("parameters", "parameter")]
    elif node.type.endswith("_comprehension") or node.type == "generator_expression":
        loops = (child for child in node.named_children if child.type == "for_in_clause")
        fields = [one.child_by_field_name("left") for one in loops]
    else:
        return frozenset()
    return frozenset(
        name for one in fields if one is not None for name in re.findall(r"\w+", source.text(one))
    )


def _is_label(node: tree_sitter.Node) -> bool:
    """Return whether a name is that of an attribute, a method or a keyword argument."""
    parent = node.parent
    if parent is None or parent.type in {"function_call", "variable_declarator"}:
        return False
    fields = ("attribute", "field", "property", "method", "name", "key")
    return any(parent.child_by_field_name(one) == node for one in fields)


def _called(source: Source, variables: Variables, uses: Sequence[tree_sitter.Node]) -> str | None:
    """Return the arguments of the only call of a parameter, if they say something."""
    calls = [
        one.parent
        for one in uses
        if one.parent is not None
        and one.parent.type in _CALLS
        and one.parent.child_by_field_name(_CALLS[one.parent.type]) == one
        and one.parent.child_by_field_name("object") is None
        and not is_inside_function(source, one)
        and not is_operand_skipped(source, one)
    ]
    arguments = calls[0].child_by_field_name("arguments") if len(calls) == 1 else None
    if arguments is None:
        return None
    code = source.line(arguments).removeprefix("(").removesuffix(")")
    is_short = len(code) <= _LONGEST and not re.search(r"[{;`]|=>|function", code)
    return code if is_short and variables.is_clear(code) else None


def _callee(source: Source, variables: Variables, use: tree_sitter.Node) -> str | None:
    """Return the function to which a use passes a parameter unchanged."""
    node = use
    while node.parent is not None and node.parent.type in _SPLATS:
        node = node.parent
    arguments = node.parent
    call = arguments.parent if arguments is not None else None
    if arguments is None or call is None or arguments.type not in _ARGUMENT_LISTS:
        return None
    field = _CALLS.get(call.type)
    function = call.child_by_field_name(field) if field else None
    if function is None:
        return None
    target = call.child_by_field_name("object")
    written = source.line(function)
    written = f"{source.line(target)}.{written}" if target is not None else written
    is_name = len(written) <= _LONGEST and _CALLEE.fullmatch(written) is not None
    is_usable = is_name and not _PLAIN_CALLS.fullmatch(written)
    root = re.split(r"[.:(]|->", written)[0]
    is_foreign = root not in variables.values and (root not in source.parameters or root == written)
    return written if is_usable and is_foreign else None
