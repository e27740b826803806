"""What a function does to things outside it: the places that it sets and the calls it makes."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import tree_sitter

from assist_server.syntax.facts.fact import Act, Condition, Effect, Guard, Statement
from assist_server.syntax.facts.guards import ARMS, Guards
from assist_server.syntax.facts.loops import goes_through_keys, loop_of
from assist_server.syntax.facts.places import is_seen_outside
from assist_server.syntax.facts.source import (
    BLOCKS,
    BORDERS,
    IFS,
    RETURNS,
    THROWS,
    Source,
    statements,
)
from assist_server.syntax.facts.statements import (
    ASSIGNMENTS,
    CALLS,
    CHECKS,
    read_assignment,
    read_call,
)
from assist_server.syntax.facts.tails import returned_values
from assist_server.syntax.facts.variables import LOOPS, Variables, names_in, targets_of
from assist_server.syntax.tree_walk import own_nodes

_MAX_TOLD = 3
"""Number of statements in a function up to which its calls are stated."""
_CHANGES = ASSIGNMENTS | {
    "augmented_assignment", "augmented_assignment_expression", "compound_assignment_expr",
    "update_expression", "inc_statement", "dec_statement",
}  # fmt: skip
_STARTS = frozenset({"go_statement", "defer_statement", "send_statement"})
_ACTS = frozenset({"new_expression", "delete_expression", "yield", "yield_expression"})
_NO_EFFECT = re.compile(
    rf"[A-Z][A-Z0-9_]+\(|{CHECKS.pattern}|[\w.$>-]*\b(?:static_)?[aA]ssert"
    r"|[\w.$]*(?:\b|_)(?:log(?:ger|ging)?\.|debug\()"
    r"|(?:defer )?[\w.]+\.R?(?:L|Unl)ock\(\)$|defer [^(\n]*\.(?:Close|Stop|Done)\(\)$"
    r"|super\(\)(?:\.__init__\(\))?;?$"
)
_DOES = re.compile(
    r".*(?:\.|->|:)(?:push|pop|append|add|insert|remove|delete|write|send|put|emit|save|store|flush"
    r"|commit|register|unregister|close)(?:[A-Z_]\w*)?",
    re.DOTALL,
)
_SYSTEM_CALLS = frozenset(
    {"write", "send", "remove", "close", "fclose", "fwrite", "fputs", "fflush"}
)
_OWN = re.compile(r"^this(?:\.|->)")
_SCALAR = re.compile(r"-?[\d.]\w*|[Tt]rue|[Ff]alse|None|null|nil|NULL|nullptr|undefined")
_KEPT = re.compile(rf"{_SCALAR.pattern}|[\w.$]+|\"[^\"]*\"|'[^']*'")
"""Values that stay what they are, or are known by the same name, whatever is done to them."""
_CONSTRUCTOR = re.compile(r"(?:\w+(?:\.|::))*[A-Z]\w*\(")
_RAISES = re.compile(r"error\b\s*[({\"']")
_EXIT = re.compile(r"(?:(?:sys|os|process|std::process|std|System|Runtime)[.:]+)?_?[eE]xit\(.*")


def effects(source: Source, guards: Guards, variables: Variables) -> tuple[Effect, ...]:
    """Return the effects whose condition is known, in the order of the source.

    Calls are among them if all statements can be, and those that end the program always: a
    few of many would say little, and hide the others.
    """
    nodes = [
        node
        for node in own_nodes(source.body, BORDERS)
        if _is_statement(node) and not _NO_EFFECT.match(source.line(_inner(node)))
    ]
    found = [one for node in nodes for one in _effect(source, guards, variables, node)]
    is_whole = len(found) == len(nodes) <= _MAX_TOLD
    kept = [
        one
        for one in found
        if is_whole or one.statement.act is Act.SET or _EXIT.fullmatch(one.statement.code)
    ]
    return tuple(_without_overwritten(kept))


def places_set(source: Source, variables: Variables) -> tuple[str, ...]:
    """Return the places outside the function that it sets, each as often as that is written."""
    places = [
        source.line(target)
        for node in own_nodes(source.body, BORDERS)
        if node.type in _CHANGES
        for target in targets_of(node)
    ]
    return tuple(one for one in places if is_seen_outside(source, variables, one))


def calls_made(source: Source) -> int:
    """Return the number of statements that call something for its effect, or delete it.

    One more is a call whose value is returned.
    """
    found = int(any(_is_call(source, value) for value in returned_values(source)))
    for node in own_nodes(source.body, BORDERS):
        is_act = _is_statement(node) and _inner(node).type in CALLS | _ACTS
        if node.type == "call_expression" and not source.definition.returns_value:
            is_act = node.parent is not None and node.parent.type == "block"  # the last of Rust
        is_act = is_act or node.type in _STARTS or _is_deletion(node)
        is_act = is_act or (node.type in CALLS and _is_used_act(source, node))
        found += is_act and _NO_EFFECT.match(source.text(_inner(node))) is None
    return found


def _is_used_act(source: Source, call: tree_sitter.Node) -> bool:
    """Return whether a call whose value is used seems to do something by its name, as well."""
    above = call.parent
    if above is None or above.type in {"expression_statement", *BLOCKS, *RETURNS, *IFS}:
        return False
    name = call.child_by_field_name("function") or call.child_by_field_name("name")
    owner = "." if call.child_by_field_name("object") is not None else ""  # Java's
    written = owner + source.text(name) if name is not None else ""
    is_system = source.language in {"c", "cpp"} and written in _SYSTEM_CALLS
    return is_system or _DOES.fullmatch(written) is not None


def _is_call(source: Source, value: tree_sitter.Node) -> bool:
    """Return whether a returned value is that of a call, other than of a constructor."""
    is_made = source.language != "go" and _CONSTRUCTOR.match(source.line(value))
    return value.type in CALLS and not is_made


def _is_deletion(node: tree_sitter.Node) -> bool:
    inner = _inner(node)
    is_unary = node.type == "expression_statement" and inner.type == "unary_expression"
    is_delete = is_unary and inner.children[0].type == "delete"
    return node.type == "delete_statement" or is_delete


def _is_statement(node: tree_sitter.Node) -> bool:
    above = node.parent
    if node.type == "expression_statement" or above is None:
        return node.type == "expression_statement"
    is_alone = above.type not in {"expression_statement", "arguments", "argument_list"}
    return is_alone and node.type in {"assignment_statement", "function_call"} and (
        above.type in {"block", "statement_list", "chunk"}
        or (above.type in IFS and above.child_by_field_name("condition") != node)
    )  # fmt: skip


def _inner(node: tree_sitter.Node) -> tree_sitter.Node:
    if node.type == "expression_statement" and node.named_child_count == 1:
        return node.named_children[0]
    return node


def _effect(
    source: Source, guards: Guards, variables: Variables, node: tree_sitter.Node
) -> Iterator[Effect]:
    inner = _inner(node)
    if inner.type in ASSIGNMENTS:
        statement = read_assignment(source, inner)
    elif inner.type in CALLS:
        statement = read_call(source, inner)
    else:
        statement = None
    if statement is None:
        return
    target, _, value = statement.code.partition(" = ")
    is_set, each = statement.act is Act.SET, _for_each(source, guards, variables, node)
    known = each.element if each else ""
    if is_set and known and not names_in(known) & names_in(target):
        return  # the last element remains
    is_outside = is_set and is_seen_outside(source, variables, target)
    if is_outside != is_set or not (target.isidentifier() or variables.is_clear(target, known)):
        return
    rest = source.tree.text[source.tree.end(node) : source.definition.span.end]
    if is_set and re.search(rf"\bdel(?:ete)?\b[^\n;]*{re.escape(target)}", rest):
        return
    is_lasting = not (
        (target.startswith("*") and _mentions(rest, target.strip("*() ")))
        or _is_changed_later(source, variables, inner, statement)
    )
    is_clear = variables.is_clear(value, known) and not variables.is_changed(value, node)
    if is_set and not (is_clear and is_lasting):
        statement = replace(statement, code=target)
    guard = Guard() if each else guards.of_node(node)
    is_told = guard.is_known and all(one.is_clear for one in guard.holds)
    if any(one.is_exit for one in guard.fails) and _may_fail_before(source, node):
        return  # "unless it returns" would not be all
    if is_told and (is_set or not variables.is_assigned(target, node)):
        yield Effect(statement, guard, each)


def _may_fail_before(source: Source, node: tree_sitter.Node) -> bool:
    """Return whether a statement before a node may raise an error."""
    return any(
        one.end_byte <= node.start_byte
        and (one.type in THROWS or (source.language == "lua" and _RAISES.match(source.text(one))))
        for one in own_nodes(source.body, BORDERS)
    )


def _for_each(
    source: Source, guards: Guards, variables: Variables, node: tree_sitter.Node
) -> Condition | None:
    """Return the loop of which a statement takes place once for each element, in any case."""
    body = node if node.parent is not None and LOOPS.fullmatch(node.parent.type) else node.parent
    body = body.parent if body is not None and body.type == "statement_list" else body
    loop = body.parent if body is not None else None
    if body is None or loop is None or not LOOPS.fullmatch(loop.type):
        return None
    exits = guards.exits
    is_left = body.id in exits.returning | exits.leaving | exits.throwing
    found = loop_of(source, variables, loop)
    is_plain = not (is_left or goes_through_keys(loop)) and loop != node
    if found is None or not is_plain or not guards.of_node(loop).is_always:
        return None
    is_clear = variables.is_clear(found.collection, found.element)
    return Condition("", found.element, found.collection, found.is_range) if is_clear else None


def _mentions(code: str, target: str) -> bool:
    return re.search(rf"\b{re.escape(target)}\b", code) is not None


def _is_changed_later(
    source: Source, variables: Variables, node: tree_sitter.Node, statement: Statement
) -> bool:
    """Return whether a place that a node sets, or a part of it, may change again after that."""
    target, _, value = statement.code.partition(" = ")
    name = _OWN.sub("", target)
    changes = list(_acts_on(source, target, value)) + [
        offset
        for place, offsets in (*variables.places.items(), *variables.values.items())
        if _is_part(_OWN.sub("", place), name) or _is_part(name, _OWN.sub("", place))
        for offset in offsets
    ]
    start, others, child = node.end_byte, [(node.end_byte, node.end_byte)], node
    while child != source.body and child.parent is not None:
        parent = child.parent
        if LOOPS.fullmatch(parent.type):
            start, others = parent.start_byte, others[:1]
        elif parent.type in IFS or child.type in ARMS:
            others.append((child.end_byte, parent.end_byte))
        elif parent.type in BLOCKS and parent != source.body:
            last = statements(parent)[-1]
            others += [(parent.end_byte, source.body.end_byte)] * (last.type in RETURNS | THROWS)
        child = parent
    return any(
        offset >= start and not any(first <= offset <= last for first, last in others)
        for offset in changes
    )


def _acts_on(source: Source, target: str, value: str) -> Iterator[int]:
    """Yield the byte offsets where a method of a new value is called, or it is passed on."""
    is_copied = source.language in {"cpp", "go", "rust"}
    if source.language == "c" or (_SCALAR if is_copied else _KEPT).fullmatch(value):
        return
    place = rf"(?<![\w$.]){re.escape(target)}"
    call = rf"{place}(?:(?:\??\.|->|:)\w+)+\(|[(,=]\s*(?:&(?:mut )?)?{place}\s*[,)]"
    for found in re.finditer(call.encode(), source.body.text or b""):
        yield source.body.start_byte + found.end()


def _is_part(place: str, whole: str) -> bool:
    return place.startswith(whole) and not re.match(r"[\w$]", place[len(whole) :])


def _without_overwritten(found: list[Effect]) -> Iterator[Effect]:
    """Yield effects, and of places set several times only that they are set, unless by cases."""
    targets = Counter(_target(one) for one in found if one.statement.act is Act.SET)
    always = {_target(one) for one in found if one.guard.is_always}
    said: set[str] = set()
    for one in found:
        target = _target(one)
        if one.statement.act is not Act.SET or targets[target] == 1 or target not in always:
            yield one
        elif target not in said:
            said.add(target)
            yield Effect(Statement(Act.SET, target), replace(one.guard, holds=(), fails=()))


def _target(effect: Effect) -> str:
    return effect.statement.code.partition(" = ")[0]
