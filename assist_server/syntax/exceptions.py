"""Exceptions that leave a function: raised in its body and not caught there."""

import builtins
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

import tree_sitter

from assist_server.syntax.parser import SyntaxTree
from assist_server.syntax.tree_walk import first_of


@dataclass(frozen=True)
class _Handler:
    """A clause that catches exceptions."""

    types: tuple[str, ...]
    """Names of the exceptions; empty if it catches everything."""
    variable: str | None
    body: tree_sitter.Node


@dataclass(frozen=True)
class _Grammar:
    """Rules of a language for raising and catching exceptions."""

    borders: frozenset[str]
    """Nodes with exceptions of their own: inner functions and classes."""
    throw: str
    guards: frozenset[str]
    """Statements that may catch what their `body` raises."""
    made: Callable[[SyntaxTree, tree_sitter.Node], str | None]
    """Returns the name of the exception that an expression creates; None if unknown."""
    handlers: Callable[[SyntaxTree, tree_sitter.Node], list[_Handler]]
    supertypes: Callable[[str], frozenset[str]]
    """Returns the names of other types that catch an exception of a name."""


@dataclass(frozen=True)
class _Caught:
    """The handler around a statement; `names` are the exceptions that it would raise again."""

    variable: str | None
    names: tuple[str, ...]


@dataclass(frozen=True)
class Raised:
    """An exception that leaves a body."""

    name: str
    statement: tree_sitter.Node
    is_again: bool = False
    """Whether the statement raises a caught exception again."""


def uncaught_exceptions(
    tree: SyntaxTree, body: tree_sitter.Node | None, grammar: _Grammar
) -> tuple[str, ...]:
    """Return the names of the exceptions that leave a body, each once, in the order raised."""
    found = uncaught_raises(tree, body, grammar)
    return tuple(dict.fromkeys(one.name for one in found))


def uncaught_raises(
    tree: SyntaxTree, body: tree_sitter.Node | None, grammar: _Grammar
) -> tuple[Raised, ...]:
    """Return the exceptions that leave a body with the statements that raise them."""
    if body is None:
        return ()
    search = _Search(tree, grammar, dict(_assigned(tree, body, grammar)))
    return tuple(search.raised(body, ()))


@lru_cache(maxsize=1)  # each definition of a file asks for it
def base_classes(text: str) -> Mapping[str, str]:
    """Return the first base class of each class in a text."""
    return MappingProxyType({found[1]: _last_name(found[2]) for found in _CLASS.finditer(text)})


@dataclass(frozen=True)
class _Search:
    tree: SyntaxTree
    grammar: _Grammar
    assigned: dict[str, str]
    """Exception that each variable holds."""

    @property
    def inherited(self) -> Mapping[str, str]:
        """Return the base class of each class in the file."""
        return base_classes(self.tree.text)

    def raised(self, top: tree_sitter.Node, around: tuple[_Caught, ...]) -> Iterator[Raised]:
        """Yield the exceptions that leave a node inside the given handlers."""
        waiting = [top]
        while waiting:
            node = waiting.pop()
            if node != top and node.type in self.grammar.borders:
                continue
            if node.type in self.grammar.guards and node != top:
                yield from self._guarded(node, around)
                continue
            if node.type == self.grammar.throw:
                yield from self._thrown(node, around)
            waiting += reversed(node.named_children)

    def _thrown(self, node: tree_sitter.Node, around: tuple[_Caught, ...]) -> Iterator[Raised]:
        value = node.named_children[0] if node.named_children else None
        if value is None:  # raised again; a catch-all that cleans up does not name the cause
            names = around[-1].names if around else ()
            yield from (Raised(name, node, is_again=True) for name in names if name not in _ROOTS)
            return
        text = _TRACEBACK.sub("", self.tree.node_text(value))
        caught = next((one for one in reversed(around) if one.variable == text), None)
        if caught is not None:
            yield from (Raised(name, node, is_again=True) for name in caught.names)
        elif (name := self.grammar.made(self.tree, value) or self.assigned.get(text)) is not None:
            yield Raised(name, node)

    def _guarded(self, node: tree_sitter.Node, around: tuple[_Caught, ...]) -> Iterator[Raised]:
        handlers = self.grammar.handlers(self.tree, node)
        body = node.child_by_field_name("body")
        inner = list(self.raised(body, around)) if body else []
        caught: dict[int, list[str]] = {}
        for one in inner:
            index = self._catching(one.name, handlers)
            if index is None:
                yield one
            else:
                caught.setdefault(index, []).append(one.name)
        for index, handler in enumerate(handlers):
            known = tuple(caught.get(index, ()))  # more specific than the base of all exceptions
            again = known if known and _ROOTS.issuperset(handler.types) else handler.types
            yield from self.raised(handler.body, (*around, _Caught(handler.variable, again)))
        bodies = {body, *(handler.body for handler in handlers)}
        for child in node.named_children:
            if child not in bodies and not any(_holds(child, one) for one in bodies if one):
                yield from self.raised(child, around)

    def _catching(self, name: str, handlers: list[_Handler]) -> int | None:
        nets = self._types_of(name)
        for index, handler in enumerate(handlers):
            if not handler.types or nets & {_last_name(one) for one in handler.types}:
                return index
        return None

    def _types_of(self, name: str) -> frozenset[str]:
        """Return the names under which an exception is caught."""
        known, current = {_last_name(name)}, _last_name(name)
        while current in self.inherited and self.inherited[current] not in known:
            current = self.inherited[current]
            known.add(current)
        return frozenset(known) | self.grammar.supertypes(current)


_ROOTS = frozenset({"Exception", "BaseException", "Throwable", "exception", "std::exception"})
_TRACEBACK = re.compile(r"\.with_traceback\(.*", re.DOTALL)
_CLASS = re.compile(
    r"\b(?:class|struct)\s+(\w+)\s*(?:\(|extends\s+|:\s*(?:public\s+|virtual\s+)*)([\w.:]+)"
)


def _last_name(name: str) -> str:
    """Return a name without its qualifiers."""
    return re.split(r"\.|::", name)[-1]


def _holds(outer: tree_sitter.Node, inner: tree_sitter.Node) -> bool:
    return outer.start_byte <= inner.start_byte and inner.end_byte <= outer.end_byte


def _assigned(
    tree: SyntaxTree, body: tree_sitter.Node, grammar: _Grammar
) -> Iterator[tuple[str, str]]:
    """Yield variables to which an exception is assigned: `error = KeyError(key)`."""
    waiting = [body]
    while waiting:
        node = waiting.pop()
        if node.type in grammar.borders and node != body:
            continue
        waiting += node.named_children
        name = node.child_by_field_name("left") or node.child_by_field_name("name")
        value = node.child_by_field_name("right") or node.child_by_field_name("value")
        made = grammar.made(tree, value) if name is not None and value is not None else None
        if name is not None and name.type == "identifier" and made is not None:
            yield tree.node_text(name), made


def _python_made(tree: SyntaxTree, value: tree_sitter.Node) -> str | None:
    called = value.child_by_field_name("function") or value
    name = tree.node_text(called)
    return name if re.fullmatch(r"(\w+\.)*_*[A-Z]\w*", name) else None


_SWALLOWERS = frozenset({"suppress", "raises", "assertRaises", "assertRaisesRegex"})


def _python_handlers(tree: SyntaxTree, node: tree_sitter.Node) -> list[_Handler]:
    if node.type == "with_statement":
        return _suppressed(tree, node)
    found: list[_Handler] = []
    for clause in node.named_children:
        body = first_of(clause, "block")
        if clause.type not in {"except_clause", "except_group_clause"} or body is None:
            continue
        value = clause.child_by_field_name("value") or next(
            (child for child in clause.named_children if child != body), None
        )
        alias = None
        if value is not None and value.type == "as_pattern":
            target = value.child_by_field_name("alias")
            alias = tree.node_text(target) if target else None
            value = value.named_children[0]
        found.append(_Handler(_dotted_names(tree, value), alias, body))
    return found


def _suppressed(tree: SyntaxTree, node: tree_sitter.Node) -> list[_Handler]:
    """Return what `with suppress(KeyError):` catches, as a handler that does nothing."""
    clause = first_of(node, "with_clause")
    names: list[str] = []
    for item in clause.named_children if clause else ():
        value = item.child_by_field_name("value")
        call = first_of(value, "call") if value and value.type == "as_pattern" else value
        function = call.child_by_field_name("function") if call else None
        arguments = call.child_by_field_name("arguments") if call else None
        if function and arguments and _last_name(tree.node_text(function)) in _SWALLOWERS:
            names += _dotted_names(tree, arguments)
    return [_Handler(tuple(names), None, clause)] if names and clause else []


def _dotted_names(tree: SyntaxTree, node: tree_sitter.Node | None) -> tuple[str, ...]:
    if node is None:
        return ()
    if node.type in {"identifier", "attribute"}:
        return (tree.node_text(node),)
    return tuple(name for child in node.named_children for name in _dotted_names(tree, child))


def _python_supertypes(name: str) -> frozenset[str]:
    known = getattr(builtins, name, None)
    if isinstance(known, type) and issubclass(known, BaseException):
        return frozenset(base.__name__ for base in known.__mro__)
    # An exception that is not built in nearly always derives from Exception.
    return frozenset({"Exception", "BaseException"})


def _script_made(tree: SyntaxTree, value: tree_sitter.Node) -> str | None:
    made = value.child_by_field_name("constructor") if value.type == "new_expression" else None
    return tree.node_text(made) if made else None


def _clauses(node: tree_sitter.Node) -> Iterator[tuple[tree_sitter.Node, tree_sitter.Node]]:
    for clause in node.named_children:
        body = clause.child_by_field_name("body")
        if clause.type == "catch_clause" and body is not None:
            yield clause, body


def _script_handlers(tree: SyntaxTree, node: tree_sitter.Node) -> list[_Handler]:
    found: list[_Handler] = []
    for clause, body in _clauses(node):
        parameter = clause.child_by_field_name("parameter")
        found.append(_Handler((), tree.node_text(parameter) if parameter else None, body))
    return found


def _java_made(tree: SyntaxTree, value: tree_sitter.Node) -> str | None:
    is_new = value.type == "object_creation_expression"
    made = value.child_by_field_name("type") if is_new else None
    return tree.node_text(made) if made else None


def _java_handlers(tree: SyntaxTree, node: tree_sitter.Node) -> list[_Handler]:
    found: list[_Handler] = []
    for clause, body in _clauses(node):
        parameter = first_of(clause, "catch_formal_parameter")
        kinds = first_of(parameter, "catch_type") if parameter else None
        name = parameter.child_by_field_name("name") if parameter else None
        types = tuple(tree.node_text(kind) for kind in kinds.named_children) if kinds else ()
        found.append(_Handler(types, tree.node_text(name) if name else None, body))
    return found


_JAVA_RUNTIME = frozenset({
    "IllegalArgumentException", "IllegalStateException", "NullPointerException",
    "IndexOutOfBoundsException", "UnsupportedOperationException", "ArithmeticException",
    "ClassCastException", "NumberFormatException", "ArrayIndexOutOfBoundsException",
    "StringIndexOutOfBoundsException", "ConcurrentModificationException", "UncheckedIOException",
    "NoSuchElementException", "InputMismatchException", "DateTimeException", "SecurityException",
})  # fmt: skip
_JAVA_PARENTS = {
    "FileNotFoundException": "IOException",
    "EOFException": "IOException",
    "MalformedURLException": "IOException",
    "UnknownHostException": "IOException",
    "SocketException": "IOException",
    "UnsupportedEncodingException": "IOException",
    "NumberFormatException": "IllegalArgumentException",
    "ArrayIndexOutOfBoundsException": "IndexOutOfBoundsException",
    "StringIndexOutOfBoundsException": "IndexOutOfBoundsException",
    "InputMismatchException": "NoSuchElementException",
    "ClassNotFoundException": "ReflectiveOperationException",
}


def _java_supertypes(name: str) -> frozenset[str]:
    own = {_JAVA_PARENTS[name]} if name in _JAVA_PARENTS else set()
    if name in _JAVA_RUNTIME or own & _JAVA_RUNTIME:
        own.add("RuntimeException")
    is_error = name.endswith("Error")
    return frozenset(own | {"Throwable", "Error" if is_error else "Exception"})


def _cpp_made(tree: SyntaxTree, value: tree_sitter.Node) -> str | None:
    if value.type not in {"call_expression", "compound_literal_expression"}:
        return None
    made = value.child_by_field_name("function") or value.child_by_field_name("type")
    return tree.node_text(made) if made else None


def _cpp_handlers(tree: SyntaxTree, node: tree_sitter.Node) -> list[_Handler]:
    found: list[_Handler] = []
    for clause, body in _clauses(node):
        parameters = clause.child_by_field_name("parameters")
        declared = first_of(parameters, "parameter_declaration") if parameters else None
        kind = declared.child_by_field_name("type") if declared else None
        name = declared.child_by_field_name("declarator") if declared else None
        words = re.findall(r"\w+", tree.node_text(name)) if name else []
        types = (tree.node_text(kind),) if kind else ()
        found.append(_Handler(types, words[-1] if words else None, body))
    return found


_CPP_PARENTS = {
    **dict.fromkeys(
        ("out_of_range", "invalid_argument", "length_error", "domain_error"), "logic_error"
    ),
    **dict.fromkeys(
        ("range_error", "overflow_error", "underflow_error", "system_error"), "runtime_error"
    ),
}


def _cpp_supertypes(name: str) -> frozenset[str]:
    return frozenset({_CPP_PARENTS.get(name, name), "exception"})


_FUNCTIONS = frozenset({
    "function_declaration", "generator_function_declaration", "function_expression",
    "generator_function", "arrow_function", "method_definition", "class_declaration", "class",
    "abstract_class_declaration",
})  # fmt: skip
PYTHON = _Grammar(
    frozenset({"function_definition", "class_definition", "lambda"}),
    "raise_statement",
    frozenset({"try_statement", "with_statement"}),
    _python_made,
    _python_handlers,
    _python_supertypes,
)
SCRIPT = _Grammar(
    _FUNCTIONS,
    "throw_statement",
    frozenset({"try_statement"}),
    _script_made,
    _script_handlers,
    lambda name: frozenset({name}),
)
JAVA = _Grammar(
    frozenset({"lambda_expression", "class_body", "class_declaration", "method_declaration"}),
    "throw_statement",
    frozenset({"try_statement", "try_with_resources_statement"}),
    _java_made,
    _java_handlers,
    _java_supertypes,
)
CPP = _Grammar(
    frozenset({
        "function_definition", "lambda_expression", "struct_specifier", "class_specifier",
        "union_specifier", "enum_specifier",
    }),
    "throw_statement",
    frozenset({"try_statement"}),
    _cpp_made,
    _cpp_handlers,
    _cpp_supertypes,
)  # fmt: skip
