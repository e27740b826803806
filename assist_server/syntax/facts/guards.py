"""When a statement is reached: the conditions around it and the exits before it."""

import re
from dataclasses import dataclass, field, replace

import tree_sitter

from assist_server.syntax.facts.fact import Condition, Guard
from assist_server.syntax.facts.source import BLOCKS, BORDERS, IFS, RETURNS, Source, statements
from assist_server.syntax.facts.variables import Variables, names_in
from assist_server.syntax.tree_walk import own_nodes

_EXITS = RETURNS | {"continue_statement", "break_statement", "continue_expression"}
_THROWS = frozenset({"raise_statement", "throw_statement"})
# Loops over a collection: the fields of the variable and the collection.
_LOOPS = {
    "for_statement": ("left", "right"),
    "for_in_statement": ("left", "right"),
    "enhanced_for_statement": ("name", "value"),
    "for_range_loop": ("declarator", "right"),
    "for_expression": ("pattern", "value"),
}
_CASES = frozenset({"switch_case", "case_statement", "expression_case"})
_OTHER_CASES = frozenset({
    "case_clause", "switch_default", "default_case", "switch_block_statement_group", "switch_rule",
    "type_case", "communication_case",
})  # fmt: skip
_OPAQUE = frozenset({
    "try_statement", "try_with_resources_statement", "while_statement", "while_expression",
    "loop_expression", "do_statement", "repeat_statement", "match_statement", "finally_clause",
    "conditional_expression", "ternary_expression",
    "boolean_operator", "preproc_if", "preproc_ifdef", "preproc_else", "labeled_statement",
})  # fmt: skip
_HANDLERS = frozenset({"except_clause", "catch_clause", "except_group_clause"})
_FEW_EXITS = 2


@dataclass
class _Path:
    """The conditions found on the way from a statement to the body."""

    holds: list[Condition] = field(default_factory=list)
    fails: list[Condition] = field(default_factory=list)
    caught: list[str] = field(default_factory=list)
    is_known: bool = True

    @property
    def is_guarded(self) -> bool:
        return bool(self.holds or self.fails or self.caught)


@dataclass(frozen=True)
class Guards:
    """Reads the guards of one function's statements."""

    source: Source
    variables: Variables
    returning: frozenset[int] = frozenset()
    """Ids of the nodes that contain a return."""

    @classmethod
    def of(cls, source: Source, variables: Variables) -> "Guards":
        """Return a reader for a function."""
        inside: set[int] = set()
        for node in own_nodes(source.body, BORDERS):
            outer: tree_sitter.Node | None = node if node.type in RETURNS else None
            while outer is not None and outer != source.body and outer.id not in inside:
                inside.add(outer.id)
                outer = outer.parent
        return cls(source, variables, frozenset(inside))

    def of_node(self, node: tree_sitter.Node) -> Guard:
        """Return when a node of the body is reached."""
        path, child = _Path(), node
        while child != self.source.body and child.parent is not None:
            parent = child.parent
            if parent.type in BLOCKS and not path.is_guarded:
                self._exits_before(path, parent, child)
            self._climb(path, parent, child)
            child = parent
        holds = [self._judged(one) for one in reversed(path.holds)]
        fails = [self._judged(one) for one in reversed(path.fails)]
        if holds:
            fails = [one for one in fails if not _excludes(holds[0].code, one.code)]
        return Guard(tuple(holds), tuple(fails), tuple(path.caught), path.is_known)

    def _judged(self, condition: Condition) -> Condition:
        return replace(condition, is_clear=self.is_clear(condition))

    def is_clear(self, condition: Condition) -> bool:
        """Return whether a condition can be understood without the local variables."""
        is_known = self.variables.is_clear(condition.code, condition.element)
        return is_known and self.variables.is_clear(condition.collection)

    def _climb(self, path: _Path, parent: tree_sitter.Node, child: tree_sitter.Node) -> None:
        if parent.type in IFS:
            self._branch(path, parent, child)
        elif parent.type in _LOOPS and parent.child_by_field_name(_LOOPS[parent.type][0]):
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
        elif parent.type in _OPAQUE:
            path.is_known = path.is_known and path.is_guarded
        elif parent.type in _OTHER_CASES:
            path.is_known = False

    def _condition(self, node: tree_sitter.Node | None, before: tree_sitter.Node) -> Condition:
        code = self.source.line(node) if node is not None else ""
        return Condition(self.variables.resolve(code, before))

    def _branch(self, path: _Path, parent: tree_sitter.Node, child: tree_sitter.Node) -> None:
        own = self._condition(parent.child_by_field_name("condition"), parent)
        if child == parent.child_by_field_name("consequence"):
            path.holds.append(own)
            return
        others = parent.children_by_field_name("alternative")
        if child not in others:
            path.is_known = False  # inside the condition
            return
        earlier = others[: others.index(child)]
        path.fails += [
            self._condition(condition, parent)
            for one in reversed(earlier)
            if (condition := one.child_by_field_name("condition")) is not None
        ]
        path.fails.append(own)

    def _loop(self, path: _Path, parent: tree_sitter.Node, child: tree_sitter.Node) -> None:
        element, collection = (parent.child_by_field_name(one) for one in _LOOPS[parent.type])
        if child in (element, collection):
            return
        self._attach(path, element, collection)

    def _attach(
        self, path: _Path, element: tree_sitter.Node | None, collection: tree_sitter.Node | None
    ) -> None:
        if not path.holds or element is None or collection is None:
            path.is_known = path.is_known and bool(path.holds)
            return
        names = self.source.line(element).lstrip("&*")
        inner = path.holds[0]
        if names_in(inner.code) & set(re.findall(r"\w+", names)) and not inner.element:
            path.holds[0] = replace(inner, element=names, collection=self.source.line(collection))

    def _other_loop(self, path: _Path, parent: tree_sitter.Node) -> None:
        """Take up the loops of Go and Lua over collections; others count without end."""
        clause = next((one for one in parent.named_children if one.type == "range_clause"), None)
        if clause is not None:
            left, right = clause.child_by_field_name("left"), clause.child_by_field_name("right")
            last = left.named_children[-1] if left and left.named_children else left
            self._attach(path, last, right)
        elif not path.is_guarded:
            path.is_known = False

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
        path.is_known = path.is_known and bool(names)

    def _arm(self, path: _Path, parent: tree_sitter.Node) -> None:
        pattern = parent.child_by_field_name("pattern")
        match = parent.parent.parent if parent.parent else None
        value = match.child_by_field_name("value") if match else None
        written = self.source.line(pattern) if pattern else "_"
        if value is None or re.match(r"[a-z_]\w*$|_|.*\bif\b|.*\|", written):
            path.is_known = False
            return
        path.holds.append(Condition(f"let {written} = {self.source.line(value)}"))

    def _let_else(self, path: _Path, parent: tree_sitter.Node) -> None:
        pattern, value = (parent.child_by_field_name(one) for one in ("pattern", "value"))
        if pattern is not None and value is not None:
            written = f"let {self.source.line(pattern)} = {self.source.line(value)}"
            path.fails.append(Condition(written))

    def _case(self, path: _Path, parent: tree_sitter.Node) -> None:
        value, above = parent.child_by_field_name("value"), parent.prev_named_sibling
        switch = parent.parent
        while switch is not None and "switch" not in switch.type:
            switch = switch.parent
        switch = switch.parent if switch and switch.type.endswith("_body") else switch
        subject = switch.child_by_field_name("value") if switch else None
        subject = subject or (switch.child_by_field_name("condition") if switch else None)
        is_entered_from_above = (
            above is not None
            and above.type in _CASES
            and parent.type != "expression_case"
            and (not above.named_children or above.named_children[-1].type not in _EXITS | _THROWS)
        )
        written = self.source.line(value) if value else ""
        if subject is None or not written or "," in written or is_entered_from_above:
            path.is_known = False
            return
        path.holds.append(Condition(f"{self.source.line(subject)} == {written}"))

    def _exits_before(self, path: _Path, block: tree_sitter.Node, child: tree_sitter.Node) -> None:
        """Take up the returns before a statement without a guard of its own."""
        for earlier in statements(block):
            if earlier == child or earlier.start_byte >= child.start_byte:
                break
            if earlier.id not in self.returning:
                continue
            condition = self._exit_condition(earlier)
            if condition is None or len(path.fails) >= _FEW_EXITS:
                path.is_known = False
                return
            path.fails.insert(0, condition)

    def _exit_condition(self, node: tree_sitter.Node) -> Condition | None:
        """Return the condition under which an earlier statement returns; None if unclear."""
        if node.type == "expression_statement" and node.named_children:
            node = node.named_children[0]
        loop = _LOOPS.get(node.type)
        element = node.child_by_field_name(loop[0]) if loop else None
        if loop and element is not None:
            body = node.child_by_field_name("body")
            inner = statements(body) if body else []
            found = self._exit_condition(inner[0]) if len(inner) == 1 else None
            collection = node.child_by_field_name(loop[1])
            if found is None or collection is None or found.element:
                return None
            return replace(
                found,
                element=self.source.line(element),
                collection=self.source.line(collection),
            )
        consequence = node.child_by_field_name("consequence")
        if node.type not in IFS or consequence is None or node.child_by_field_name("alternative"):
            return None
        last = statements(consequence)[-1:] if consequence.type in BLOCKS else [consequence]
        if last and last[0].type == "expression_statement" and last[0].named_children:
            last = [last[0].named_children[0]]
        if not last or last[0].type not in RETURNS:
            return None
        return self._condition(node.child_by_field_name("condition"), node)


_EQUALITY = re.compile(r"(?P<left>[\w.$()\[\]]+) ?={2,3} ?(?P<right>-?[\w.]+|\"[^\"]*\"|'[^']*')")


def _excludes(one: str, other: str) -> bool:
    """Return whether two conditions compare the same thing with different constants."""
    first, second = _EQUALITY.fullmatch(one), _EQUALITY.fullmatch(other)
    return bool(first and second and first["left"] == second["left"])
