"""Exceptions, returned errors and panics, with what guards them and what they say."""

import re
from collections.abc import Iterator
from dataclasses import replace

import tree_sitter

from assist_server.syntax.exceptions import CPP, JAVA, PYTHON, SCRIPT, uncaught_raises
from assist_server.syntax.facts.fact import Condition, Failure, Guard
from assist_server.syntax.facts.guards import Guards
from assist_server.syntax.facts.source import (
    BORDERS,
    NOTHING,
    THROWS,
    Source,
    inside_body,
    one_line,
    statements,
)
from assist_server.syntax.facts.tails import returned_values
from assist_server.syntax.facts.uses import is_operand_skipped
from assist_server.syntax.tree_walk import own_nodes

_EXCEPTIONS = {
    "python": PYTHON, "javascript": SCRIPT, "typescript": SCRIPT, "tsx": SCRIPT, "java": JAVA,
    "cpp": CPP,
}  # fmt: skip
_STRINGS = frozenset({
    "string", "string_literal", "template_string", "interpreted_string_literal",
    "raw_string_literal", "concatenated_string",
})  # fmt: skip
_LITERAL = re.compile(
    r"[a-zA-Z]{0,2}(?P<quote>\"{3}|'{3}|\"|'|`)(?P<text>.*?)(?P=quote)", re.DOTALL
)
_MOST_TOLD = 2
"""Number of conditions up to which a failed call says more than the message."""
_ASSERTIONS = frozenset({"assert", "ensure"})
_PANICS = {"panic": "panic!", "assert": "panic!", "unreachable": None, "bail": "Err",
           "ensure": "Err"}  # fmt: skip
_VARIANT = re.compile(r"(?:\w+::)*[A-Z]\w*")
"""A variant or a struct of Rust, as a function: it does not fail."""
_GO_ERROR = re.compile(
    r"(?:\w*errors\.New|(?:\w*errors|fmt)\.Errorf)\(|&?[\w.]*Err(?:or)?\w*\{"
    r"|(?:\w+\.)?(?:[A-Z]|[nN]ew)\w*Error\(|(\w+\.)?(Err|err)[A-Z]\w*$"
)
_MADE_ANOTHER = re.compile(r"\s*\.(?:map_err|(?:with_)?context|wrap_err(?:_with)?)\(.*\)$")
"""Methods of Rust that replace a call's error, or add to it."""
_ENDS_WITH_RETURN = re.compile(r"\breturn\b[^}]*\}\s*$")
_GO_MAYBE = re.compile(r"[\w.]*[eE]rr\w*(?:\.\w+)?\(")
"""Calls that return an error that they are given or keep, or none: they do not fail."""


def failures(source: Source, guards: Guards) -> tuple[Failure, ...]:
    """Return the failures of a function in the order of the source."""
    if source.language in _EXCEPTIONS:
        return tuple(_raised(source, guards))
    readers = {"rust": _rust, "go": _go, "lua": _lua}
    read = readers.get(source.language)
    return tuple(read(source, guards)) if read else ()


def _raised(source: Source, guards: Guards) -> Iterator[Failure]:
    for one in uncaught_raises(source.tree, source.body, _EXCEPTIONS[source.language]):
        guard = Guard(is_known=False) if one.is_again else guards.of_node(one.statement)
        value = one.statement.named_children[0] if one.statement.named_children else None
        message = None if one.is_again or value is None else message_in(source, value)
        yield Failure(one.name, guard, message)
    if source.language == "java" and _calls_others(source):
        header = source.tree.text[source.definition.header.start : source.definition.header.end]
        declared = header.rpartition(")")[2].partition("throws")[2]
        for name in re.findall(r"[\w.]+", declared):
            yield Failure(name, Guard(is_known=False))


def _calls_others(source: Source) -> bool:
    """Return whether a function calls something, but to make what it throws."""
    return any(
        not any(outer.type in THROWS for outer in inside_body(source, node))
        for node in own_nodes(source.body, BORDERS)
        if node.type in {"method_invocation", "object_creation_expression"}
    )


def _rust(source: Source, guards: Guards) -> Iterator[Failure]:
    for value in returned_values(source):
        function = value.child_by_field_name("function")
        if value.type != "call_expression" or function is None:
            is_panic = re.match(r"(?:\w+::)*(\w+)!", source.text(value))
            is_told = value.type == "try_expression" or (is_panic and is_panic[1] in _PANICS)
            if source.definition.returns_error and not is_told:
                yield Failure("Err", Guard(is_known=False))
            continue
        called = source.text(function)
        if called == "Err":
            yield Failure("Err", guards.of_node(value), message_in(source, value))
        elif not _VARIANT.fullmatch(called) and source.definition.returns_error:
            yield _passed_on(source, guards, value)
    for node in own_nodes(source.body, BORDERS):
        if node.type == "try_expression" and not source.text(node).startswith("Err("):
            yield _passed_on(source, guards, node)
        macro = node.child_by_field_name("macro") if node.type == "macro_invocation" else None
        name = source.text(macro).rpartition("::")[2] if macro else ""
        failure = _PANICS.get(name)
        if failure is None:
            continue
        is_skipped = is_operand_skipped(source, node)
        guard = Guard(is_known=False) if is_skipped else guards.of_node(node)
        tokens = next((one for one in node.named_children if one.type == "token_tree"), None)
        if name in _ASSERTIONS and tokens is not None:
            tested = one_line(_first_argument(source.text(tokens)[1:-1]))
            guard = _unless(guards, guard, tested, node)
        yield Failure(failure, guard, message_in(source, node))


def _passed_on(
    source: Source, guards: Guards, call: tree_sitter.Node, written: str | None = None
) -> Failure:
    """Return the failure of a call whose error is returned; it may be `written` above."""
    code = _MADE_ANOTHER.sub("", written or source.line(call).rstrip("?"))
    tried = Condition(f"let error = {code}")
    name = "error" if source.language == "go" else "Err"
    if guards.variables.is_changed(code, call) or is_operand_skipped(source, call):
        return Failure(name, Guard(is_known=False))
    return Failure(name, Guard((replace(tried, is_clear=guards.is_clear(tried)),)))


def _go(source: Source, guards: Guards) -> Iterator[Failure]:
    returns = source.definition.returns or ""
    if not re.search(r"\berror\)?$", returns):
        return
    for node in own_nodes(source.body, BORDERS):
        values = node.named_children[0] if node.named_child_count == 1 else None
        if node.type != "return_statement":
            continue
        if values is None or not values.named_children:
            yield Failure("error", Guard(is_known=False))  # of a named result
            continue
        last = values.named_children[-1]
        text = source.text(last)
        if text in NOTHING or _is_tested_before(source, text, node):
            continue
        guard = guards.of_node(node)
        is_passed_on = any(one.code.startswith("let error = ") for one in guard.holds)
        is_constant = _GO_ERROR.match(text) and text not in guards.variables.values
        called = guards.variables.resolve(f"{text} != nil", node).partition("let error = ")[2]
        if is_passed_on or is_constant:
            is_wrapped = is_passed_on and len(guard.conditions) <= _MOST_TOLD
            yield Failure("error", guard, None if is_wrapped else message_in(source, last))
        elif last.type == "call_expression" and not _GO_MAYBE.match(text):
            if len(statements(source.body)) > 1:  # else its headline says all
                yield _passed_on(source, guards, last)
        elif called:
            yield _passed_on(source, guards, last, called)
        else:
            yield Failure("error", Guard(is_known=False))


def _is_tested_before(source: Source, name: str, returned: tree_sitter.Node) -> bool:
    """Return whether an error is nil where it is returned: else an `if` has returned before."""
    is_nil, block = False, returned.parent
    for one in block.named_children if block is not None else []:
        if one.start_byte >= returned.start_byte:
            break
        condition = one.child_by_field_name("condition") if one.type == "if_statement" else None
        is_test = condition is not None and source.text(condition) == f"{name} != nil"
        written = source.text(one)
        is_left = is_test and _ENDS_WITH_RETURN.search(written) is not None
        is_nil = is_left or (is_nil and not re.search(rf"\b{re.escape(name)}\b", written))
    return is_nil


def _lua(source: Source, guards: Guards) -> Iterator[Failure]:
    for node in own_nodes(source.body, BORDERS):
        name = node.child_by_field_name("name") if node.type == "function_call" else None
        called = source.text(name) if name else ""
        if called not in {"error", "assert"}:
            continue
        guard = guards.of_node(node)
        if node.parent is not None and node.parent.type not in {"block", "chunk"}:
            guard = Guard(is_known=False)
        arguments = node.child_by_field_name("arguments")
        given = arguments.named_children if arguments else []
        if called == "assert":
            if len(given) < 2 or not guard.is_known:
                yield Failure("error", Guard(is_known=False))  # it may pass on those of a call
                continue
            guard = _unless(guards, guard, source.line(given[0]), given[0])
            given = given[1:2]
        has_level = all(one.type == "number" for one in given[1:])  # else that is the error
        yield Failure("error", guard, _text_of(source, given[0]) if given and has_level else None)


def _unless(guards: Guards, guard: Guard, code: str, node: tree_sitter.Node) -> Guard:
    """Return a guard with what an assertion at a node tests."""
    if not guard.is_known or guard.fails or guards.variables.is_changed(code, node):
        return Guard(is_known=False)
    tested = Condition(code)
    tested = replace(tested, is_clear=guards.is_clear(tested))
    return Guard(guard.holds, (tested,), guard.caught)


def _first_argument(text: str) -> str:
    """Return the text before the first comma outside brackets and strings."""
    depth, quoted = 0, False
    for place, character in enumerate(text):
        quoted ^= character == '"'
        depth += (character in "([{") - (character in ")]}")
        if character == "," and not depth and not quoted:
            return text[:place]
    return text


def message_in(source: Source, value: tree_sitter.Node) -> str | None:
    """Return the literal text with which an error is made; None if there is none."""
    waiting = [value]
    for _ in range(4):  # Err(Error::new("..."))
        arguments = [
            one
            for node in waiting
            for child in node.named_children
            if child.type in {"arguments", "argument_list", "token_tree"}
            for one in child.named_children
        ]
        for one in arguments[:3]:
            text = _text_of(source, one)
            if text:
                return text
        waiting = arguments[:1] if source.language == "rust" else []
    return None


def _text_of(source: Source, node: tree_sitter.Node) -> str | None:
    """Return the text of a literal, also of one that is formatted or continued."""
    if node.type in _STRINGS:
        if "\\`" in source.text(node):
            return None  # the documentation would show its marks as code's
        parts = (found["text"] for found in _LITERAL.finditer(source.text(node)))
        text = "".join(parts).strip()
        return text if text and "\n" not in text else None
    if node.type in {"binary_operator", "binary_expression"} and node.named_children:
        begins = _text_of(source, node.named_children[0])
        is_filled_in = any(child.type == "%" for child in node.children)
        return begins if begins is None or is_filled_in else f"{begins.rstrip(' .')}..."
    if node.type == "parenthesized_expression" and node.named_child_count == 1:
        return _text_of(source, node.named_children[0])
    function = node.child_by_field_name("function")
    if node.type == "call" and function is not None and function.type == "attribute":
        is_format = source.text(function).endswith(".format")
        return _text_of(source, function.named_children[0]) if is_format else None
    return None
