"""The local variables of a function, and what they hold."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

import tree_sitter

from assist_server.syntax.facts.source import SCRIPTS, Source, inside_body, statements
from assist_server.syntax.tree_walk import is_comment, own_nodes

# Nodes that give variables a value: the fields of the variables and of the value.
_ASSIGNMENTS = {
    "assignment": ("left", "right"),
    "named_expression": ("name", "value"),
    "augmented_assignment": ("left", None),
    "variable_declarator": ("name", "value"),
    "assignment_expression": ("left", "right"),
    "augmented_assignment_expression": ("left", None),
    "compound_assignment_expr": ("left", None),
    "short_var_declaration": ("left", "right"),
    "assignment_statement": ("left", "right"),
    "var_spec": ("name", "value"),
    "let_declaration": ("pattern", "value"),
    "let_condition": ("pattern", "value"),
    "init_declarator": ("declarator", "value"),
    "declaration": ("declarator", None),
    "update_expression": ("argument", None),
    "inc_statement": ("argument", None),
    "dec_statement": ("argument", None),
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
# Nodes without fields, whose first child is the target: all of Lua's, some of Go's and Java's.
_FIRST_CHILD = frozenset({
    "for_generic_clause", "for_numeric_clause", "assignment_statement",
    "update_expression", "inc_statement", "dec_statement", "delete_statement",
})  # fmt: skip
# Parts of objects as targets: they are places, not variables.
_PLACES = frozenset({
    "attribute", "subscript", "member_expression", "subscript_expression", "selector_expression",
    "index_expression", "field_expression", "field_access", "array_access", "pointer_expression",
    "dot_index_expression", "bracket_index_expression", "unary_expression",
})  # fmt: skip
_METHODS = frozenset({"method_index_expression"})
_IDENTIFIERS = frozenset({
    "identifier", "shorthand_property_identifier_pattern", "shorthand_field_identifier",
})  # fmt: skip
_PATTERNS = frozenset({"match_arm", "let_condition", "let_declaration", "for_expression"})
"""Nodes in which Rust's names with capitals are those of variants and constants."""
_PLAIN_TARGET = re.compile(r"[*&\s]*(?:mut\s+)?[\w$]+")
LOOPS = re.compile(r"for_.*|while_.*|loop_expression|do_statement|repeat_statement|enhanced_for_.*")
_NAME = re.compile(r"(?<![\w$@])(?<![^.]\.)(?<!->)(?<!::)(?:[^\W\d]|\$)[\w$]*(?!\w*::)")
_STRINGS = re.compile(r"\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'")
_DEFINITIONS = frozenset({
    "function_definition", "function_declaration", "generator_function_declaration",
    "function_item", "class_definition", "class_declaration",
})  # fmt: skip
"""Inner functions and classes, whose names are local as well."""
_LONGEST_VALUE = 50
_REPLACEABLE = re.compile(r"[^\W\d][\w.:$]*(\(.*\))*(\[.*\])?", re.DOTALL)
# What is filled after it is made: `list()`, `Thing(a)`, `Vec::new()`, `make(map[string]int)`.
_MADE_IN_GO = re.compile(r"(?:\w+\.)?(?:New\w*|new|make)\(.*|true|false|nil", re.DOTALL)
_MADE = re.compile(
    r"(?:[\w.:$]*[.:])?(?:[A-Z]\w*|new\w*|make|list|dict|set|default|with_capacity)\(.*|new .*"
    r"|True|False|true|false|None|null|nil|NULL|nullptr|undefined",
    re.DOTALL,
)
_SHARED = {
    "c": r"[*\[]\s*(?:const\s+)?{0}\b|\b{0}\s*\[",
    "cpp": r"[*&\[]\s*(?:const\s+)?{0}\b|\b{0}\s*\[",
    "go": r"\b{0}\b[\w, ]* (?:\*|\[|map\b|chan\b|func\b)",
    "rust": r"\b{0}\s*:\s*[*&]",
}
"""Parameters that are no copies, by their names in the signature, in languages that copy."""

_CHANGES = {
    "lua": re.compile(r"(?:.*[.:_])?\w{0,2}(?:insert|remove|sort|extend|push|append|pop|clear)"),
    **dict.fromkeys(
        SCRIPTS, re.compile(r"Object\.assign|(?:_|\$)\.(?:extend|merge|assign|defaults)")
    ),
}
"""Names of functions that change their first argument."""


def names_in(code: str) -> set[str]:
    """Return the identifiers in code, without those after dots and those in strings."""
    return set(_NAME.findall(_STRINGS.sub('""', code)))


@dataclass(frozen=True)
class Variables:
    """The local variables of one function, and the places in its source where targets change."""

    source: Source
    values: dict[str, list[int]] = field(default_factory=dict)
    """Byte offsets from which the assignments have an effect, by variable."""
    handed: dict[str, list[int]] = field(default_factory=dict)
    """The same by parameter that is passed to a function that changes it."""
    places: dict[str, list[int]] = field(default_factory=dict)
    """The same by attribute or element, as written, and by parameter whose methods are called."""
    starts: set[int] = field(default_factory=set)
    """Byte offsets at which the targets of assignments begin."""

    @classmethod
    def of(cls, source: Source) -> "Variables":
        """Return the variables that a body assigns, also within inner functions."""
        found = cls(source)
        for node in own_nodes(source.body, frozenset()):
            for target in targets_of(node):
                kept = found.values if target.type in _IDENTIFIERS else found.places
                kept.setdefault(source.line(target), []).append(_effect(node))
                found.starts.add(target.start_byte)
            name = node.child_by_field_name("name") if node.type in _DEFINITIONS else None
            if name is not None:
                found.values.setdefault(source.line(name), []).append(node.start_byte)
            owner = _acted_on(source, node)
            if owner is not None:
                found.places.setdefault(owner, []).append(node.end_byte)
            given = _handed_to_change(source, node)
            if given is not None:
                found.handed.setdefault(given, []).append(node.end_byte)
        for copied in _copied(source):
            for place, offsets in found.places.items():
                if re.match(rf"{re.escape(copied)}(?:[.\[]|$)", place):
                    found.values.setdefault(copied, []).extend(offsets)
        return found

    def resolve(self, code: str, before: tree_sitter.Node) -> str:
        """Return a condition with a variable replaced by what it certainly holds.

        That is known only if the variable is assigned right before the statement `before`.
        """
        local = [name for name in names_in(code) if name in self.values]
        if len(local) != 1 or local[0] in self.source.parameters or ":=" in code:
            return code
        value = self._value(local[0], before)
        if value is None or local[0] in names_in(value):
            return code
        mention = re.compile(rf"(?<![\w.$]){re.escape(local[0])}(?![\w$])")
        is_repeated = len(mention.findall(code)) > 1
        if "(" in value and (is_repeated or _is_passed(local[0], code)):
            return code  # it would seem to be called twice
        if self.source.language == "go" and (told := _told_by_second(local[0], code, value)):
            return told
        return mention.sub(lambda _: value, code)

    def only_value(self, name: str) -> tree_sitter.Node | None:
        """Return the value of a variable that the body declares, in any case, and never changes."""
        is_outside = re.search(rf"\b(?:global|nonlocal)\b.*\b{re.escape(name)}\b", self._text)
        if len(self.values.get(name, ())) != 1 or is_outside:
            return None
        for statement in statements(self.source.body):
            for node in (statement, *statement.named_children):
                targets = [self.source.text(one) for one in _left_sides(node)]
                is_declared = node.type in {"variable_declarator", "init_declarator", "assignment"}
                if is_declared and targets == [name]:
                    value = _ASSIGNMENTS[node.type][1]
                    return node.child_by_field_name(value) if value else None
        return None

    @cached_property
    def _text(self) -> str:
        return self.source.text(self.source.body)

    def is_clear(self, code: str, known: str = "") -> bool:
        """Return whether code mentions no local variables, except those that are `known`."""
        local = names_in(code) & self.values.keys()
        return local <= names_in(known) | set(self.source.parameters)

    def is_changed(self, code: str, at: tree_sitter.Node) -> bool:
        """Return whether code at a node may mean other than what the caller passed.

        That is so where a parameter or an attribute that it mentions is assigned before, or
        anywhere in the loops around the node.
        """
        end, changes = self._end_of_loops(at), list[int]()
        for place, offsets in self.places.items():
            if re.search(rf"(?<![\w.$]){re.escape(place)}(?![\w$])", code):
                changes += offsets
        for name, offsets in self.handed.items():
            if re.search(rf"(?<![\w.$]){re.escape(name)}(?:\??\.|->|\[|:)", code):
                changes += offsets
        return self.is_assigned(code, at) or any(offset < end for offset in changes)

    def is_assigned(self, code: str, at: tree_sitter.Node) -> bool:
        """Return whether a parameter that code at a node mentions may be assigned before."""
        given = names_in(code) & set(self.source.parameters)
        end = self._end_of_loops(at)
        return any(offset < end for name in given for offset in self.values.get(name, ()))

    def _end_of_loops(self, at: tree_sitter.Node) -> int:
        end = at.end_byte
        for outer in inside_body(self.source, at):
            end = outer.end_byte if LOOPS.fullmatch(outer.type) else end
        return end

    def _value(self, name: str, before: tree_sitter.Node) -> str | None:
        value = self._assigned_near(before).get(name)
        is_go = self.source.language == "go"
        if value is None or not _REPLACEABLE.fullmatch(value):
            return None
        is_error = is_go and name.startswith("err")  # of a long call, the function is stated
        is_short = is_error or len(value) <= _LONGEST_VALUE
        made = _MADE_IN_GO if is_go else _MADE
        return value if is_short and not made.fullmatch(value) else None

    def _assigned_near(self, before: tree_sitter.Node) -> dict[str, str | None]:
        """Return the variables of the assignment right before a statement, or at its head."""
        if before.parent is not None and before.parent.type == "expression_statement":
            before = before.parent  # Rust's `if` is an expression
        node = before.child_by_field_name("initializer") or before.prev_named_sibling
        while node is not None and is_comment(node):
            node = node.prev_named_sibling
        if node is None or any(node.child_by_field_name(one) for one in ("body", "consequence")):
            return {}
        found: dict[str, str | None] = {}
        for one in (node, *node.named_children):
            found = dict(_assigned(self.source, one)) or found
        return found


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
    targets = list(targets_of(node))
    names = [source.text(one) for one in targets if one.type in _IDENTIFIERS]
    if not names:
        return
    held = _held(source, node)
    # Go's error, or whether a value is there, comes last.
    is_error = len(targets) > 1 and re.fullmatch(r"err\w*|ok|found|exists", names[-1]) is not None
    is_plain = len(targets) == 1 and _is_plain(source, node)
    for name in names:
        yield name, held if is_plain or (is_error and name == names[-1]) else None


def _held(source: Source, node: tree_sitter.Node) -> str | None:
    """Return the value that a node assigns as a whole; None for `+=` and the like."""
    field_name = _ASSIGNMENTS.get(node.type, (None, None))[1]
    value = node.child_by_field_name(field_name) if field_name else None
    if value is None and node.type == "assignment_statement" and len(node.named_children) > 1:
        value = node.named_children[1]
    is_whole = any(child.type in {"=", ":="} for child in node.children)
    return source.line(value) if value is not None and is_whole else None


def _is_plain(source: Source, node: tree_sitter.Node) -> bool:
    return all(_PLAIN_TARGET.fullmatch(source.text(one)) for one in _left_sides(node))


def _acted_on(source: Source, statement: tree_sitter.Node) -> str | None:
    """Return what of a parameter a statement like `items.pop()` may change; None for others."""
    above = statement.parent.type if statement.parent is not None else ""
    is_statement = statement.type == "expression_statement"
    is_statement = is_statement or (statement.type, above) == ("function_call", "block")
    call = statement
    if statement.type == "expression_statement" and statement.named_children:
        call = statement.named_children[0]
    function = call.child_by_field_name("function") or call.child_by_field_name("name")
    owner = call.child_by_field_name("object")
    if owner is None and function is not None and function.type in _PLACES | _METHODS:
        owner = function.named_children[0]
    text = source.line(owner) if is_statement and owner is not None else ""
    return text if re.split(r"\W", text)[0] in source.parameters else None


def _copied(source: Source) -> Iterator[str]:
    """Yield the parameters that are copies of what was passed: changed, they are another value."""
    shared, definition = _SHARED.get(source.language), source.definition
    if shared is None:
        return
    signature = source.tree.text[definition.keyword : definition.header.end]
    for name in source.parameters:
        if not re.search(shared.format(re.escape(name)), signature):
            yield name


def _handed_to_change(source: Source, node: tree_sitter.Node) -> str | None:
    """Return the parameter that a call like `table.insert(items, x)` changes."""
    form = _CHANGES.get(source.language)
    name = node.child_by_field_name("function") or node.child_by_field_name("name")
    arguments = node.child_by_field_name("arguments")
    if form is None or name is None or arguments is None or not form.fullmatch(source.text(name)):
        return None
    first = source.text(arguments.named_children[0]) if arguments.named_children else ""
    return first if first in source.parameters else None


def _effect(node: tree_sitter.Node) -> int:
    """Return the byte offset from which an assignment has an effect, after its own value."""
    is_binding = node.type in {"let_condition", "named_expression"}
    has_value = _ASSIGNMENTS.get(node.type, (None, None))[1] is not None and not is_binding
    return node.end_byte if has_value else node.start_byte


def _left_sides(node: tree_sitter.Node) -> list[tree_sitter.Node]:
    left = _ASSIGNMENTS.get(node.type, (None, None))[0]
    found = node.children_by_field_name(left) if left else []
    return found or (node.named_children[:1] if node.type in _FIRST_CHILD else [])


def targets_of(node: tree_sitter.Node) -> Iterator[tree_sitter.Node]:
    """Yield each variable and each part of an object that a node assigns."""
    if node.type in {"pointer_expression", "unary_expression"}:
        # `&a`: who gets the address can assign; `delete a.b`
        is_address = bool(node.children) and node.children[0].type in {"&", "delete"}
        waiting = node.named_children[-1:] if is_address else []
    else:
        waiting = list(reversed(_left_sides(node)))
    while waiting:
        one = waiting.pop()
        if one.type in _IDENTIFIERS:
            is_constant = node.type in _PATTERNS and one.text is not None and one.text[:1].isupper()
            if not is_constant:
                yield one
        elif one.type in _PLACES:
            yield one
        else:
            declared = one.child_by_field_name("declarator")
            waiting += [declared] if declared is not None else reversed(one.named_children)
