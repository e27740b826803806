"""The statements of a body that is simple enough to be told as a whole."""

import re

import tree_sitter

from assist_server.syntax.facts.fact import Act, Statement
from assist_server.syntax.facts.results import is_test
from assist_server.syntax.facts.source import RETURNS, Source, statements

_LONGEST = 80
_WRAPPERS = frozenset({"expression_statement", "expression_list"})
_CALLS = frozenset({
    "call", "call_expression", "method_invocation", "function_call", "await",
    "await_expression",
})  # fmt: skip
_ASSIGNMENTS = frozenset({"assignment", "assignment_expression", "assignment_statement"})
_NO_VALUES = re.compile(
    r"[<({\[].*|.*(?:;|=>|\bfunc\b|\bfunction\b|\|[\w, &]+\|).*"
    r"|None|null|nil|nullptr|undefined|\.\.\."
)
_SCRIPTS = frozenset({"javascript", "typescript", "tsx"})
_BLOCK_VALUES = frozenset({
    "if_expression", "match_expression", "for_expression", "while_expression", "loop_expression",
    "block", "unsafe_block", "macro_invocation", "let_declaration",
})  # fmt: skip
_MOST = 2


def simple_statements(source: Source) -> tuple[Statement, ...]:
    """Return the statements of a body of one or two; none if one is long or says nothing."""
    is_expression = source.language in _SCRIPTS and source.body.type != "statement_block"
    nodes = [source.body] if is_expression else own_statements(source)
    if not 0 < len(nodes) <= _MOST:
        return ()
    found = [_statement(source, _unwrapped(node), is_last=node == nodes[-1]) for node in nodes]
    known = tuple(one for one in found if one is not None)
    is_short = sum(len(one.code) for one in known) <= _LONGEST + 10
    is_whole = len(known) == len(nodes) and is_short and "`" not in str(known)
    return known if is_whole and all(one.act is not Act.RETURN for one in known[:-1]) else ()


def _statement(source: Source, node: tree_sitter.Node, *, is_last: bool) -> Statement | None:
    is_returned = False
    if node.type in RETURNS:
        if not node.named_children:
            return None
        node, is_returned = _unwrapped(node.named_children[0]), True
    elif node.type in _ASSIGNMENTS:
        return _assignment(source, node)
    elif is_last and (source.language == "rust" or node == source.body):
        is_returned = source.definition.returns_value and node.type not in _BLOCK_VALUES
    if not is_returned and node.type not in _CALLS:
        return None
    code = source.line(node)
    if not code or len(code) > _LONGEST or _NO_VALUES.fullmatch(code):
        return None
    return Statement(Act.RETURN if is_returned else Act.CALL, code, is_test(node, code))


def _unwrapped(node: tree_sitter.Node) -> tree_sitter.Node:
    while node.type in _WRAPPERS and node.named_child_count == 1:
        node = node.named_children[0]
    return node


def _assignment(source: Source, node: tree_sitter.Node) -> Statement | None:
    left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
    if left is None or right is None:
        if source.language != "lua" or node.named_child_count != 2:
            return None
        left, right = node.named_children
    target, value = source.line(left), source.line(right)
    is_short = len(target) + len(value) <= _LONGEST and not _NO_VALUES.fullmatch(value)
    is_own = source.language == "python" and re.search(r"[.\[]", target) is None
    is_plain = "," not in target and any(child.type == "=" for child in node.children)
    return (
        Statement(Act.SET, f"{target} = {value}") if is_short and is_plain and not is_own else None
    )


def own_statements(source: Source) -> list[tree_sitter.Node]:
    """Return the statements of a body without a docstring."""
    written = source.definition.documentation
    return [
        one
        for one in statements(source.body)
        if written is None or not written.start <= source.tree.start(one) < written.end
    ]
