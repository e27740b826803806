"""The statements of a body that is simple enough to be told as a whole."""

import re

import tree_sitter

from assist_server.syntax.facts.exits import may_always_throw, never_ends
from assist_server.syntax.facts.fact import Act, Condition, Statement
from assist_server.syntax.facts.places import is_seen_outside
from assist_server.syntax.facts.results import is_plain_cast, is_test
from assist_server.syntax.facts.source import IFS, RETURNS, SCRIPTS, Source, one_line, statements
from assist_server.syntax.facts.variables import Variables
from assist_server.syntax.tree_walk import is_comment

_LONGEST, _LONGEST_TOGETHER = 100, 130
_MAX_STATEMENTS = 3
_WRAPPERS = frozenset({"expression_statement", "expression_list"})
CALLS = frozenset({
    "call", "call_expression", "method_invocation", "function_call", "await",
    "await_expression",
})  # fmt: skip
ASSIGNMENTS = frozenset({"assignment", "assignment_expression", "assignment_statement"})
_CHAINED = ASSIGNMENTS | {
    "augmented_assignment_expression", "compound_assignment_expr", "named_expression",
}  # fmt: skip
"""Values that are assignments themselves."""
_FUNCTIONS = frozenset({
    "lambda", "function_expression", "arrow_function", "func_literal", "closure_expression",
    "lambda_expression", "function_definition",
})  # fmt: skip
_NO_VALUES = re.compile(
    r"<.*|\{.{2,}|\[.{2,}|.*(?:;|=>|\bfunc\b|\bfunction\b|\|[\w, &]+\|).*|\.\.\."
)
_NOTHING = frozenset({"None", "null", "nil", "nullptr", "undefined", "NULL"})
_PRESENT = re.compile(
    r"(?P<name>\w+(?:(?:\.|->)\w+)*) (?:!==?|~=|is not) (?P<nothing>None|null|nil|NULL|nullptr)"
)
_BLOCK_VALUES = frozenset({
    "if_expression", "match_expression", "for_expression", "while_expression", "loop_expression",
    "block", "unsafe_block", "macro_invocation", "let_declaration",
})  # fmt: skip
_STATUS = re.compile(r"(?:\w+::)?_*(?:\w+_)?errno|\w*SetLastError\b")
"""Codes of errors, which calls of the system overwrite."""
CHECKS = re.compile(r"(?:static_)?assert\(|(?:Validate|Objects|Preconditions|Assert)\.\w+\(")
"""Calls that only check what they are given."""
_NO_CALL = re.compile(
    rf"{_STATUS.pattern}|await new |\w*(?:UNUSED|unused)\w*\(|{CHECKS.pattern}"
    r"|super\(\)(?:\.__init__\(\))?$"
)
_ELIDED = re.compile(
    r"(?:await )?(?:new )?[\w.$:?()]+\((?:(?:this|self), )?\.\.\.\)\??|\(?\.\.\.\)?(?!\w).*"
)
"""Calls of which only the name is left, and functions of which nothing is."""
_STRING = re.compile(r"\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'")


def simple_statements(source: Source, variables: Variables) -> tuple[Statement, ...]:
    """Return the statements of a body of a few; none if one is long or says nothing."""
    is_expression = source.language in SCRIPTS and source.body.type != "statement_block"
    nodes = [source.body] if is_expression else own_statements(source)
    if not 0 < len(nodes) <= _MAX_STATEMENTS:
        return ()
    found = [_statement(source, unwrapped(node), is_last=node == nodes[-1]) for node in nodes]
    if any(never_ends(source.text(node)) or may_always_throw(source, node) for node in nodes[:-1]):
        return ()
    known = tuple(one for one in found if one is not None)
    is_short = sum(len(one.code) for one in known) <= _LONGEST_TOGETHER
    is_whole = len(known) == len(nodes) and is_short and "`" not in str(known)
    is_whole = is_whole and all(variables.is_clear(one.code) for one in known)
    is_whole = is_whole and all(one.act is not Act.RETURN for one in known[:-1])
    return known if is_whole and not _hides_changes(source, variables, known) else ()


def _hides_changes(source: Source, variables: Variables, told: tuple[Statement, ...]) -> bool:
    """Return whether one sets what a caller cannot see, or what a later one mentions."""
    for place, one in enumerate(told):
        target = one.code.partition(" = ")[0]
        mention = re.compile(rf"(?<![\w$.]){re.escape(target)}(?![\w$])")
        is_used = any(mention.search(later.code) for later in told[place + 1 :])
        if one.act is Act.SET and (is_used or not is_seen_outside(source, variables, target)):
            return True
    return False


def _statement(source: Source, node: tree_sitter.Node, *, is_last: bool) -> Statement | None:
    is_returned = False
    if node.type in RETURNS:
        if not node.named_children:
            return None
        node, is_returned = unwrapped(node.named_children[0]), True
    elif node.type in ASSIGNMENTS:
        return read_assignment(source, node)
    elif is_last and (source.language == "rust" or node == source.body):
        is_returned = source.definition.returns_value and node.type not in _BLOCK_VALUES
    if not is_returned:
        return read_call(source, node) if node.type in CALLS else None
    code = _without_functions(source, node)
    is_told = _is_short(code) and code not in _NOTHING and not is_plain_cast(node)
    return Statement(Act.RETURN, code, is_test(node, code)) if is_told else None


def read_call(source: Source, node: tree_sitter.Node) -> Statement | None:
    """Return a call; None if it is long or says nothing."""
    code = _without_functions(source, node)
    is_error = source.language == "lua" and re.match(r"(?:error|assert)\b", code)
    is_told = _is_short(code) and not (is_error or _NO_CALL.match(code))
    return Statement(Act.CALL, code) if is_told else None


def _is_short(code: str) -> bool:
    is_code = _NO_VALUES.fullmatch(_STRING.sub('""', code)) is None
    is_elided = code.endswith("(...)") or _ELIDED.fullmatch(code) is not None
    return bool(code) and len(code) <= _LONGEST and is_code and not is_elided


def _without_functions(source: Source, node: tree_sitter.Node) -> str:
    """Return code on one line, with dots for the functions that it passes to others.

    It is empty if there is a class among them, or dots would mean something else.
    """
    spans: list[tuple[int, int]] = []
    waiting = list(node.named_children)
    while waiting:
        one = waiting.pop()
        if one.type == "class_body":
            return ""  # it is more than a value
        if one.type in _FUNCTIONS:
            spans.append((source.tree.start(one), source.tree.end(one)))
        else:
            waiting += one.named_children
    if not spans:
        return source.line(node)
    if source.language == "lua":
        return ""  # there, dots are the arguments
    start, parts = source.tree.start(node), []
    for first, last in sorted(spans):
        parts.append(source.tree.text[start:first])
        start = last
    return one_line("...".join([*parts, source.tree.text[start : source.tree.end(node)]]))


def unwrapped(node: tree_sitter.Node) -> tree_sitter.Node:
    """Return the only expression of a statement or a list; else the node itself."""
    while node.type in _WRAPPERS and node.named_child_count == 1:
        node = node.named_children[0]
    return node


def read_assignment(source: Source, node: tree_sitter.Node) -> Statement | None:
    """Return an assignment to one place; None if it is long, or to a local variable of Python."""
    left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
    if left is None or right is None:
        if source.language != "lua" or node.named_child_count != 2:
            return None
        left, right = node.named_children
    if _CHAINED & {right.type, *(one.type for one in right.named_children[:1])}:
        return None
    target, value = source.line(left), _without_functions(source, right)
    is_short = len(target) + len(value) <= _LONGEST and _is_short(value)
    is_local = source.language == "python" and re.search(r"[.\[]", target) is None
    is_plain = (
        "," not in target
        and not _STATUS.fullmatch(target)
        and any(child.type == "=" for child in node.children)
    )
    is_told = is_short and is_plain and not is_local
    return Statement(Act.SET, f"{target} = {value}") if is_told else None


def skipped_when(source: Source, variables: Variables) -> Condition | None:
    """Return when a function does nothing: it begins with a return, or is all under one test."""
    nodes = [unwrapped(one) for one in own_statements(source)]
    is_test = bool(nodes) and nodes[0].type in IFS and not source.definition.returns_value
    condition = nodes[0].child_by_field_name("condition") if is_test else None
    others = ("alternative", "initializer")
    if condition is None or any(nodes[0].child_by_field_name(one) for one in others):
        return None
    if source.definition.name.startswith("~"):  # members end after the body of a destructor
        return None
    code = source.line(condition)
    if len(nodes) > 1:
        return Condition(code) if _only_returns(nodes[0]) and variables.is_clear(code) else None
    found = _PRESENT.fullmatch(code)
    if found is None or not variables.is_clear(found["name"]):
        return None
    equals = "===" if "!==" in code else "=="
    return Condition(f"{found['name']} {equals} {found['nothing']}")


def _only_returns(test: tree_sitter.Node) -> bool:
    """Return whether all that follows from a test is a return without a value."""
    consequence = test.child_by_field_name("consequence")
    inner = [consequence] if consequence is not None else []
    while len(inner) == 1 and inner[0].type not in RETURNS:
        inner = [one for one in inner[0].named_children if not is_comment(one)]
    return len(inner) == 1 and not inner[0].named_children


def own_statements(source: Source) -> list[tree_sitter.Node]:
    """Return the statements of a body without a docstring."""
    written = source.definition.documentation
    return [
        one
        for one in statements(source.body)
        if written is None or not written.start <= source.tree.start(one) < written.end
    ]
