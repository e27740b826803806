"""When a statement is reached: the conditions around it and the exits before it."""

import re
from dataclasses import dataclass, field, replace

import tree_sitter

from assist_server.syntax.facts.exclusion import excludes
from assist_server.syntax.facts.exits import Exits, may_always_throw, never_ends
from assist_server.syntax.facts.fact import Condition, Guard
from assist_server.syntax.facts.loops import (
    FIELDS_OF_LOOPS,
    Loop,
    goes_through_keys,
    loop_of,
)
from assist_server.syntax.facts.source import (
    BLOCKS,
    BORDERS,
    IFS,
    RETURNS,
    THROWS,
    Source,
    statements,
)
from assist_server.syntax.facts.variables import LOOPS, Variables, names_in
from assist_server.syntax.tree_walk import own_nodes

_EXITS = RETURNS | {"continue_statement", "break_statement", "continue_expression"}
_CASES = frozenset({"switch_case", "case_statement", "expression_case"})
_OTHER_CASES = frozenset({
    "case_clause", "switch_default", "default_case", "switch_block_statement_group", "switch_rule",
    "type_case", "communication_case",
})  # fmt: skip
ARMS = _CASES | _OTHER_CASES | {"match_arm"}
"""The cases of a switch or the like, of which one is chosen."""
_OPAQUE = frozenset({
    "while_statement", "while_expression", "loop_expression", "do_statement", "repeat_statement",
    "match_statement", "finally_clause", "conditional_expression", "ternary_expression",
    "boolean_operator", "labeled_statement",
})  # fmt: skip
_PASSED = frozenset({
    "try_statement", "try_with_resources_statement", "preproc_if", "preproc_ifdef", "preproc_else",
})  # fmt: skip
"""What a condition inside says enough about."""
_HANDLERS = frozenset({"except_clause", "catch_clause", "except_group_clause"})
_SWALLOWS = re.compile(r"(?:suppress|[rR]aises\w*)\(")
"""Contexts of Python that catch exceptions."""
_FEW_EXITS = 2
_ERROR = re.compile(r"let (?:error|Err\(\w+\)) = ")


@dataclass
class _Path:
    """The conditions found on the way from a statement to the body."""

    holds: list[Condition] = field(default_factory=list)
    fails: list[Condition] = field(default_factory=list)
    caught: list[str] = field(default_factory=list)
    is_known: bool = True
    is_failure: bool = False
    """Whether the statement raises an exception."""
    is_exit: bool = False
    """Whether it leaves the function."""

    @property
    def is_guarded(self) -> bool:
        return bool(self.holds or self.fails or self.caught)

    def hold(self, condition: Condition | None) -> None:
        """Add a condition that holds; None if it cannot be told."""
        self.is_known = self.is_known and condition is not None
        self.holds += [condition] if condition is not None else []

    def fail(self, condition: Condition | None) -> None:
        """Add a condition that does not hold; None if it cannot be told."""
        self.is_known = self.is_known and condition is not None
        self.fails += [condition] if condition is not None else []


@dataclass(frozen=True)
class Guards:
    """Reads the guards of one function's statements."""

    source: Source
    variables: Variables
    exits: Exits

    @classmethod
    def of(cls, source: Source, variables: Variables) -> "Guards":
        """Return a reader for a function."""
        return cls(source, variables, Exits.of(source))

    def of_node(self, node: tree_sitter.Node) -> Guard:
        """Return when a node of the body is reached."""
        path, child = _Path(is_failure=node.type in THROWS), node
        while child != self.source.body and child.parent is not None:
            parent = child.parent
            path.is_exit = path.is_exit or child.type in RETURNS | THROWS
            if parent.type in BLOCKS | _CASES:
                self._exits_before(path, parent, child)
                path.is_known = path.is_known and not self._is_cut_short(path, parent, child)
            self._climb(path, parent, child)
            child = parent
        holds = [self._judged(one) for one in reversed(path.holds)]
        fails = [self._judged(one) for one in reversed(path.fails)]
        if holds:
            fails = [one for one in fails if not excludes(holds[0].code, one.code)]
        return Guard(tuple(holds), tuple(fails), tuple(path.caught), path.is_known)

    def _judged(self, condition: Condition) -> Condition:
        return replace(condition, is_clear=self.is_clear(condition))

    def is_clear(self, condition: Condition) -> bool:
        """Return whether a condition can be understood without the local variables."""
        code = _ERROR.sub("", condition.code)
        is_known = self.variables.is_clear(code, condition.element)
        return is_known and self.variables.is_clear(condition.collection, condition.element)

    def _climb(self, path: _Path, parent: tree_sitter.Node, child: tree_sitter.Node) -> None:
        if parent.type in IFS:
            self._branch(path, parent, child)
        elif parent.type in FIELDS_OF_LOOPS and parent.child_by_field_name(
            FIELDS_OF_LOOPS[parent.type][0]
        ):
            self._loop(path, parent, child)
        elif parent.type == "for_statement":
            self._other_loop(path, parent)
        elif parent.type in _HANDLERS:
            self._handler(path, parent)
        elif parent.type == "match_arm":
            self._arm(path, parent)
        elif parent.type in _CASES:
            self._case(path, parent)
        elif parent.type == "let_declaration" and child == parent.child_by_field_name(
            "alternative"
        ):
            self._let_else(path, parent)
        elif parent.type in _PASSED:
            path.is_known = path.is_known and path.is_guarded and not self._is_overruled(parent)
        elif parent.type in _OPAQUE | _OTHER_CASES or self._swallows(parent):
            path.is_known = False

    def _swallows(self, node: tree_sitter.Node) -> bool:
        """Return whether a node is a `with` of Python that catches exceptions."""
        body = node.child_by_field_name("body") if node.type == "with_statement" else None
        text = self.source.tree.text
        return (
            body is not None
            and _SWALLOWS.search(text[self.source.tree.start(node) : self.source.tree.start(body)])
            is not None
        )

    def _is_overruled(self, attempt: tree_sitter.Node) -> bool:
        """Return whether the last part of a `try` returns, whatever happens before."""
        return any(
            one.type == "finally_clause" and one.id in self.exits.returning
            for one in attempt.named_children
        )

    def _condition(
        self, node: tree_sitter.Node | None, before: tree_sitter.Node
    ) -> Condition | None:
        """Return a condition; None if it is not about what the caller passed."""
        if node is None:
            return None
        code = self.variables.resolve(self.source.line(node), before)
        return None if self.variables.is_changed(code, node) else Condition(code)

    def _branch(self, path: _Path, parent: tree_sitter.Node, child: tree_sitter.Node) -> None:
        own = self._condition(parent.child_by_field_name("condition"), parent)
        if child == parent.child_by_field_name("consequence"):
            path.hold(own)
            return
        others = parent.children_by_field_name("alternative")
        if child not in others:
            path.is_known = False  # inside the condition
            return
        earlier = others[: others.index(child)]
        for one in reversed(earlier):
            condition = one.child_by_field_name("condition")
            if condition is not None:
                path.fail(self._condition(condition, parent))
        path.fail(own)

    def _loop(self, path: _Path, parent: tree_sitter.Node, child: tree_sitter.Node) -> None:
        if child in [parent.child_by_field_name(one) for one in FIELDS_OF_LOOPS[parent.type]]:
            return
        if child == parent.child_by_field_name("alternative") or goes_through_keys(parent):
            path.is_known = False
        self._attach(path, loop_of(self.source, self.variables, parent))

    def _attach(self, path: _Path, loop: Loop | None) -> None:
        """Note what the condition of a statement in a loop goes through."""
        if not path.holds or loop is None:
            path.is_known = False
            return
        inner = path.holds[0]
        if _mentions(inner.code, loop.element) and not inner.element:
            path.holds[0] = _in_loop(inner, loop)
        elif loop.is_range:
            path.is_known = False  # it may count to nothing

    def _other_loop(self, path: _Path, parent: tree_sitter.Node) -> None:
        """Take up loops over collections of Go and Lua, and those that count."""
        self._attach(path, loop_of(self.source, self.variables, parent))

    def _handler(self, path: _Path, parent: tree_sitter.Node) -> None:
        if path.is_guarded or parent.type == "catch_clause":
            path.is_known = False
            return
        value = parent.child_by_field_name("value") or next(
            (one for one in parent.named_children if one.type != "block"), None
        )
        if value is not None and value.type == "as_pattern":
            value = value.named_children[0]
        names = re.findall(r"[\w.]+", self.source.text(value)) if value is not None else []
        path.caught += names
        path.is_known = path.is_known and bool(names) and not self._is_caught_again(parent, names)

    def _is_caught_again(self, handler: tree_sitter.Node, names: list[str]) -> bool:
        """Return whether another handler of the function is for the same exceptions."""
        others = (one for one in own_nodes(self.source.body, BORDERS) if one.type in _HANDLERS)
        heads = (self.source.text(one).partition(":")[0] for one in others if one != handler)
        return any(name in re.findall(r"[\w.]+", head) for head in heads for name in names)

    def _arm(self, path: _Path, parent: tree_sitter.Node) -> None:
        pattern = parent.child_by_field_name("pattern")
        match = parent.parent.parent if parent.parent else None
        value = match.child_by_field_name("value") if match else None
        written = self.source.line(pattern) if pattern else "_"
        is_told = value is not None and not _may_be_caught_above(self.source, parent, written)
        if value is None or not is_told or re.match(r"[a-z_]\w*$|_|.*\bif\b|.*\|", written):
            path.is_known = False
            return
        path.hold(self._match(written, value))

    def _match(self, pattern: str, value: tree_sitter.Node) -> Condition | None:
        code = self.source.line(value)
        is_changed = self.variables.is_changed(code, value)
        return None if is_changed else Condition(f"let {pattern} = {code}")

    def _let_else(self, path: _Path, parent: tree_sitter.Node) -> None:
        pattern, value = (parent.child_by_field_name(one) for one in ("pattern", "value"))
        if pattern is not None and value is not None:
            path.fail(self._match(self.source.line(pattern), value))

    def _case(self, path: _Path, parent: tree_sitter.Node) -> None:
        value, above = parent.child_by_field_name("value"), parent.prev_named_sibling
        switch = parent.parent
        while switch is not None and "switch" not in switch.type:
            switch = switch.parent
        switch = switch.parent if switch and switch.type.endswith("_body") else switch
        subject = switch.child_by_field_name("value") if switch else None
        subject = subject or (switch.child_by_field_name("condition") if switch else None)
        is_entered_from_above = above is not None and above.type in _CASES and _falls_through(above)
        is_left_below = (
            not path.is_exit and parent.next_named_sibling is not None and _falls_through(parent)
        )
        written = self.source.line(value) if value else ""
        is_changed = subject is not None and self.variables.is_changed(
            self.source.line(subject), subject
        )
        is_shared = is_entered_from_above or is_left_below or "," in written
        if subject is None or is_changed or not written or is_shared:
            path.is_known = False
            return
        path.holds.append(Condition(f"{self.source.line(subject)} == {written}"))

    def _exits_before(self, path: _Path, block: tree_sitter.Node, child: tree_sitter.Node) -> None:
        """Take up the exits in a block before a statement of it.

        Errors before a statement with a condition of its own are documented on their own.
        """
        is_guarded = path.is_guarded
        exiting = self.exits.returning
        if path.is_failure and not is_guarded:
            exiting = exiting | self.exits.throwing
        found: list[Condition | None] = []
        for earlier in statements(block):
            if earlier == child or earlier.start_byte >= child.start_byte:
                break
            is_last = (
                earlier.type in THROWS
                or never_ends(self.source.text(earlier))
                or may_always_throw(self.source, earlier)
            )
            if earlier.id in self.exits.leaving or is_last:
                path.is_known = False
            elif earlier.id in exiting and not (is_guarded and self.exits.is_refusal(earlier)):
                found.append(self._exit_condition(earlier))
        if found and len(path.fails) + len(found) > _FEW_EXITS:
            path.is_known = False
            return
        for condition in reversed(found):
            path.fail(replace(condition, is_exit=True) if condition else None)

    def _is_cut_short(self, path: _Path, block: tree_sitter.Node, child: tree_sitter.Node) -> bool:
        """Return whether a loop may end in the pass before the one that reaches a statement.

        Other returns are stated with their own values.
        """
        outer = block.parent.parent if block.type == "statement_list" and block.parent else block
        loop = outer if outer != block else block.parent
        if loop is None or not LOOPS.fullmatch(loop.type):
            return False
        ends = frozenset() if path.is_exit and not path.is_failure else self.exits.returning
        return any(
            one.id in ends or (one.id in self.exits.leaving and "break" in self.source.text(one))
            for one in block.named_children
            if one.start_byte > child.start_byte
        )

    def _exit_in_loop(self, node: tree_sitter.Node) -> Condition | None:
        """Return the condition under which the only statement of a loop exits."""
        loop, body = loop_of(self.source, self.variables, node), node.child_by_field_name("body")
        if loop is None or body is None or node.child_by_field_name("alternative"):
            return None
        inner = statements(body) if body.type in BLOCKS else [body]
        found = self._exit_condition(inner[0]) if len(inner) == 1 else None
        is_about = found is not None and not found.element and _mentions(found.code, loop.element)
        return _in_loop(found, loop) if found and is_about and not goes_through_keys(node) else None

    def _exit_condition(self, node: tree_sitter.Node) -> Condition | None:
        """Return the condition under which an earlier statement exits; None if unclear."""
        if node.type == "expression_statement" and node.named_children:
            node = node.named_children[0]
        if LOOPS.fullmatch(node.type):
            return self._exit_in_loop(node)
        consequence = node.child_by_field_name("consequence")
        if node.type not in IFS or consequence is None or node.child_by_field_name("alternative"):
            return None
        last = statements(consequence)[-1:] if consequence.type in BLOCKS else [consequence]
        if last and last[0].type == "expression_statement" and last[0].named_children:
            last = [last[0].named_children[0]]
        if not last or last[0].type not in RETURNS | THROWS:
            return None
        return self._condition(node.child_by_field_name("condition"), node)


def _in_loop(condition: Condition, loop: Loop) -> Condition:
    """Return a condition about the elements of a loop."""
    return replace(
        condition, element=loop.element, collection=loop.collection, is_range=loop.is_range
    )


def _mentions(code: str, names: str) -> bool:
    """Return whether code has one of some names."""
    return bool(names_in(code) & set(re.findall(r"\w+", names)))


def _falls_through(case: tree_sitter.Node) -> bool:
    """Return whether the end of a case may be reached, and with it the next one."""
    last: tree_sitter.Node | None = case
    while last is not None and (last == case or last.type in BLOCKS):
        last = next(iter(statements(last)[-1:]), None)
    is_left = last is not None and last.type in _EXITS | THROWS
    return case.type != "expression_case" and not is_left


def _may_be_caught_above(source: Source, arm: tree_sitter.Node, pattern: str) -> bool:
    """Return whether an arm of a match above one takes some of what its pattern matches."""
    earlier, variant = arm.prev_named_sibling, re.match(r"[\w:]*", pattern)
    while earlier is not None:
        above = earlier.child_by_field_name("pattern")
        written = source.line(above) if above is not None else ""
        is_other = re.match(r"[A-Z\d\"']|\w+::", written) or not written
        if not is_other or not variant or not variant[0]:
            return True
        if re.search(rf"\b{re.escape(variant[0])}\b", written):
            return True
        earlier = earlier.prev_named_sibling
    return False
