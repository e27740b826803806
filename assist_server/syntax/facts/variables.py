"""The local variables of a function, and what they hold."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import tree_sitter

from assist_server.syntax.facts.source import BORDERS, Source
from assist_server.syntax.tree_walk import own_nodes

# Nodes that give variables a value: the fields of the variables and of the value.
_ASSIGNMENTS = {
    "assignment": ("left", "right"),
    "named_expression": ("name", "value"),
    "augmented_assignment": ("left", None),
    "variable_declarator": ("name", "value"),
    "assignment_expression": ("left", "right"),
    "augmented_assignment_expression": ("left", None),
    "short_var_declaration": ("left", "right"),
    "assignment_statement": ("left", "right"),
    "var_spec": ("name", "value"),
    "let_declaration": ("pattern", "value"),
    "let_condition": ("pattern", "value"),
    "init_declarator": ("declarator", "value"),
    "declaration": ("declarator", None),
    "update_expression": ("argument", None),
    "for_statement": ("left", None),
    "for_in_statement": ("left", None),
    "enhanced_for_statement": ("name", None),
    "for_range_loop": ("declarator", None),
    "range_clause": ("left", None),
    "for_expression": ("pattern", None),
    "match_arm": ("pattern", None),
    "as_pattern": ("alias", None),
    "catch_clause": ("parameter", None),
}
# Lua's nodes have no fields.
_LISTS = {"for_generic_clause", "for_numeric_clause", "assignment_statement"}
_NOT_VARIABLES = re.compile(r"[.\[\"']|->|^self$|^this$")
_NAME = re.compile(r"(?<![\w.$>:@])[A-Za-z_$][\w$]*(?!\w*::)")
_STRINGS = re.compile(r"\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'")
_LONGEST_VALUE = 50
_REPLACEABLE = re.compile(r"[\w.:$\[\]\"']+(\(.*\))*(\[.*\])?", re.DOTALL)


def names_in(code: str) -> set[str]:
    """Return the identifiers in code, without those after dots and those in strings."""
    return set(_NAME.findall(_STRINGS.sub('""', code)))


@dataclass(frozen=True)
class Variables:
    """The local variables of one function by name, with the values they get."""

    source: Source
    values: dict[str, list[str | None]] = field(default_factory=dict)

    @classmethod
    def of(cls, source: Source) -> "Variables":
        """Return the variables that a body assigns, those of inner functions left out."""
        found = cls(source)
        for node in own_nodes(source.body, BORDERS):
            for name, value in _assigned(source, node):
                found.values.setdefault(name, []).append(value)
        return found

    def resolve(self, code: str, before: tree_sitter.Node) -> str:
        """Return a condition with a variable replaced by what it certainly holds.

        That is known if the variable is assigned once, or right before the statement `before`.
        """
        local = [name for name in names_in(code) if name in self.values]
        if len(local) != 1 or local[0] in self.source.parameters or ":=" in code:
            return code
        value = self._value(local[0], before)
        if value is None or local[0] in names_in(value):
            return code
        if "(" in value and _is_passed(local[0], code):
            return code  # it would seem to be called twice
        if self.source.language == "go" and (told := _told_by_second(local[0], code, value)):
            return told
        return re.sub(rf"(?<![\w.]){re.escape(local[0])}(?!\w)", lambda _: value, code)

    def is_clear(self, code: str, known: str = "") -> bool:
        """Return whether code mentions no local variables, except those that are `known`."""
        local = names_in(code) & self.values.keys()
        return local <= names_in(known) | set(self.source.parameters)

    def _value(self, name: str, before: tree_sitter.Node) -> str | None:
        near = dict(self._assigned_near(before))
        values = self.values[name]
        value = near.get(name) if name in near else values[0] if len(values) == 1 else None
        is_usable = value and len(value) <= _LONGEST_VALUE and _REPLACEABLE.fullmatch(value)
        return value if is_usable else None

    def _assigned_near(self, before: tree_sitter.Node) -> Iterator[tuple[str, str | None]]:
        previous = before.prev_named_sibling
        inside = before.child_by_field_name("initializer")
        for node in (previous, inside):
            if node is None or (node == previous and inside is not None):
                continue
            yield from _assigned(self.source, node)
            for child in node.named_children:
                yield from _assigned(self.source, child)


def _is_passed(name: str, code: str) -> bool:
    """Return whether a variable is an argument in code, not what is tested."""
    return re.search(rf"\([^()]*(?<![\w.]){re.escape(name)}(?!\w)", code) is not None


def _told_by_second(name: str, code: str, value: str) -> str | None:
    """Return what Go's second result tells: an error, or whether there is a first one."""
    if name.startswith("err") and code == f"{name} != nil":
        return f"let error = {value}"
    entry = re.fullmatch(r"(.+)\[([^\[\]]+)\]", value)
    if name in {"ok", "found", "exists"} and entry is not None and code in {name, f"!{name}"}:
        return f"{entry[2]} {'in' if code == name else 'not in'} {entry[1]}"
    kind = re.fullmatch(r"(.+)\.\((.+)\)", value)
    if name == "ok" and kind is not None and code in {name, f"!{name}"}:
        return f"{kind[1]} is{'' if code == name else ' not'} of type {kind[2]}"
    return None


def _assigned(source: Source, node: tree_sitter.Node) -> Iterator[tuple[str, str | None]]:
    """Yield the variables that a node assigns, with the value if there is one for one."""
    left, right = _ASSIGNMENTS.get(node.type, (None, None))
    target = node.child_by_field_name(left) if left else None
    value = node.child_by_field_name(right) if right else None
    if target is None and node.type in _LISTS and node.named_children:
        target = node.named_children[0]
        value = node.named_children[1] if node.type == "assignment_statement" else None
    if target is None:
        return
    text = source.text(target)
    if _NOT_VARIABLES.search(text):
        return
    names = re.findall(r"\b[a-z_]\w*", text)
    held = source.line(value) if value is not None else None
    # Go's error, or whether a value is there, comes last.
    is_error = len(names) > 1 and re.fullmatch(r"err\w*|ok|found|exists", names[-1]) is not None
    is_plain = re.fullmatch(r"[*&\s]*(?:mut\s+)?\w+", text) is not None
    for name in names:
        yield name, held if is_plain or (is_error and name == names[-1]) else None
