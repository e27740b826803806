"""Exceptions that leave a function: raised in its body and not caught there."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import tree_sitter

from assist_server.syntax.parser import SyntaxTree


@dataclass(frozen=True)
class Handler:
    """One clause that catches exceptions."""

    types: tuple[str, ...]
    """Names of the exceptions; empty if it catches everything."""
    variable: str | None
    body: tree_sitter.Node


@dataclass(frozen=True)
class Grammar:
    """How a language raises and catches exceptions."""

    borders: frozenset[str]
    """Nodes with exceptions of their own: inner functions and classes."""
    throw: str
    guards: frozenset[str]
    """Statements that may catch what their `body` raises."""
    made: Callable[[SyntaxTree, tree_sitter.Node], str | None]
    """Returns the name of the exception that an expression creates; None if unknown."""
    handlers: Callable[[SyntaxTree, tree_sitter.Node], list[Handler]]
    supertypes: Callable[[str], frozenset[str]]
    """Returns the names of other types that catch an exception of a name."""


@dataclass(frozen=True)
class _Caught:
    """The handler around a statement; `names` are the exceptions that it would raise again."""

    variable: str | None
    names: tuple[str, ...]


def uncaught_exceptions(
    tree: SyntaxTree, body: tree_sitter.Node | None, grammar: Grammar
) -> tuple[str, ...]:
    """Return the names of the exceptions that leave a body, each once, in the order raised."""
    if body is None:
        return ()
    inherited, assigned = dict(_inherited(tree.text)), dict(_assigned(tree, body, grammar))
    found = _Search(tree, grammar, inherited, assigned)
    return tuple(dict.fromkeys(found.names(body, ())))


@dataclass(frozen=True)
class _Search:
    tree: SyntaxTree
    grammar: Grammar
    inherited: dict[str, str]
    """Base class of each class in the file."""
    assigned: dict[str, str]
    """Exception that each variable holds."""

    def names(self, top: tree_sitter.Node, around: tuple[_Caught, ...]) -> Iterator[str]:
        """Yield the names of exceptions that leave a node inside the given handlers."""
        waiting = [top]
        while waiting:
            node = waiting.pop()
            if node != top and node.type in self.grammar.borders:
                continue
            if node.type in self.grammar.guards and node != top:
                yield from self._guarded(node, around)
                continue
            if node.type == self.grammar.throw:
                yield from self._raised(node, around)
            waiting += reversed(node.named_children)

    def _raised(self, node: tree_sitter.Node, around: tuple[_Caught, ...]) -> Iterator[str]:
        value = node.named_children[0] if node.named_children else None
        if value is None:  # raised again; a catch-all that cleans up does not name the cause
            yield from (name for name in (around[-1].names if around else ()) if name not in _ROOTS)
            return
        text = _TRACEBACK.sub("", self.tree.node_text(value))
        caught = next((one for one in reversed(around) if one.variable == text), None)
        if caught is not None:
            yield from caught.names
        elif (name := self.grammar.made(self.tree, value) or self.assigned.get(text)) is not None:
            yield name

    def _guarded(self, node: tree_sitter.Node, around: tuple[_Caught, ...]) -> Iterator[str]:
        handlers = self.grammar.handlers(self.tree, node)
        body = node.child_by_field_name("body")
        inner = list(self.names(body, around)) if body else []
        caught: dict[int, list[str]] = {}
        for name in inner:
            index = self._catching(name, handlers)
            if index is None:
                yield name
            else:
                caught.setdefault(index, []).append(name)
        for index, handler in enumerate(handlers):
            known = tuple(caught.get(index, ()))  # more specific than the base of all exceptions
            again = known if known and _ROOTS.issuperset(handler.types) else handler.types
            yield from self.names(handler.body, (*around, _Caught(handler.variable, again)))
        bodies = {body, *(handler.body for handler in handlers)}
        for child in node.named_children:
            if child not in bodies and not any(_holds(child, one) for one in bodies if one):
                yield from self.names(child, around)

    def _catching(self, name: str, handlers: list[Handler]) -> int | None:
        nets = self._types_of(name)
        for index, handler in enumerate(handlers):
            if not handler.types or nets & {last_name(one) for one in handler.types}:
                return index
        return None

    def _types_of(self, name: str) -> frozenset[str]:
        """Return the names under which an exception is caught."""
        known, current = {last_name(name)}, last_name(name)
        while current in self.inherited and self.inherited[current] not in known:
            current = self.inherited[current]
            known.add(current)
        return frozenset(known) | self.grammar.supertypes(current)


_ROOTS = frozenset({"Exception", "BaseException", "Throwable", "exception", "std::exception"})
_TRACEBACK = re.compile(r"\.with_traceback\(.*", re.DOTALL)
_CLASS = re.compile(
    r"\b(?:class|struct)\s+(\w+)\s*(?:\(|extends\s+|:\s*(?:public\s+|virtual\s+)*)([\w.:]+)"
)


def _inherited(text: str) -> Iterator[tuple[str, str]]:
    for found in _CLASS.finditer(text):
        yield found[1], last_name(found[2])


def last_name(name: str) -> str:
    """Return a name without its qualifiers."""
    return re.split(r"\.|::", name)[-1]


def _holds(outer: tree_sitter.Node, inner: tree_sitter.Node) -> bool:
    return outer.start_byte <= inner.start_byte and inner.end_byte <= outer.end_byte


def _assigned(
    tree: SyntaxTree, body: tree_sitter.Node, grammar: Grammar
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
