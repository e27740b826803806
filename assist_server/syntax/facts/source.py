"""The function whose facts are read, and the node types that languages share."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import takewhile

import tree_sitter

from assist_server.syntax.definition import Definition
from assist_server.syntax.parser import SyntaxTree
from assist_server.syntax.tree_walk import ancestors, is_comment

BORDERS = frozenset({
    "function_definition", "class_definition", "lambda", "function_declaration",
    "generator_function_declaration", "function_expression", "generator_function",
    "arrow_function", "method_definition", "class_declaration", "class", "func_literal",
    "closure_expression", "function_item", "impl_item", "lambda_expression", "class_body",
    "method_declaration", "struct_specifier", "class_specifier", "async_block", "try_block",
    "gen_block", "const_block",
})  # fmt: skip
"""Nodes with returns and errors of their own."""
BLOCKS = frozenset({
    "block", "statement_block", "compound_statement", "statement_list", "constructor_body",
})  # fmt: skip
IFS = frozenset({"if_statement", "if_expression", "elif_clause", "elseif_statement"})
RETURNS = frozenset({"return_statement", "return_expression"})
THROWS = frozenset({"raise_statement", "throw_statement"})
SCRIPTS = frozenset({"javascript", "typescript", "tsx"})
NOTHING = frozenset({"None", "null", "nil", "NULL", "nullptr", "undefined", "std::nullopt"})
"""Values that stand for nothing."""


_CALL = re.compile(r"(?:await )?((?:[A-Za-z_$][\w$]*(?:\.|::|->|:))*[A-Za-z_$][\w$]*)(\(.*\))\??")


@dataclass(frozen=True)
class Source:
    """A function with a body."""

    tree: SyntaxTree
    definition: Definition
    body: tree_sitter.Node
    parameters: tuple[str, ...]
    """The names in the signature, without the invented ones of patterns."""

    @property
    def language(self) -> str:
        """Return the language's id."""
        return self.tree.language.id

    def text(self, node: tree_sitter.Node) -> str:
        """Return the source text of a node."""
        return self.tree.node_text(node)

    def line(self, node: tree_sitter.Node) -> str:
        """Return the source text of a node on one line, without parentheses around it."""
        inner = node
        while inner.type in {"parenthesized_expression", "condition_clause"}:
            if inner.named_child_count != 1:
                break
            inner = inner.named_children[0]
        return one_line(self.text(inner))


_NO_BLANKS = re.compile(r"(?<=[(\[]) | (?=[)\]])|,(?= ?[)\]])|(?<=[\w)\]]) (?=\??\.[a-z])")
_STRING = re.compile(r"(\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\\n])*'|`[^`]*`)")


def one_line(code: str) -> str:
    """Return code with its line breaks replaced by blanks, except those in strings."""
    parts = _STRING.split(code)
    parts[::2] = [_NO_BLANKS.sub("", re.sub(r"\s+", " ", part)) for part in parts[::2]]
    return "".join(parts).strip()


def source_of(tree: SyntaxTree, definition: Definition) -> Source | None:
    """Return the source of a function; None for anything without a body."""
    if definition.body is None or not definition.is_callable:
        return None
    node = tree.node_at(definition.body.start, definition.body.end)
    body = next((outer for outer in ancestors(node) if _is_body(outer)), None)
    names = tuple(one.name for one in definition.parameters if not one.parts)
    return None if body is None else Source(tree, definition, body, names)


def _is_body(node: tree_sitter.Node) -> bool:
    return node.parent is not None and node.parent.child_by_field_name("body") == node


def inside_body(source: Source, node: tree_sitter.Node) -> Iterator[tree_sitter.Node]:
    """Yield a node and its ancestors within the body, from the inside out."""
    return takewhile(lambda outer: outer != source.body, ancestors(node))


def statements(block: tree_sitter.Node) -> list[tree_sitter.Node]:
    """Return the statements of a block without comments."""
    found = [child for child in block.named_children if not is_comment(child)]
    if [child.type for child in found] == ["statement_list"]:
        return statements(found[0])
    return found


def called_in(code: str) -> str | None:
    """Return the name of the function if code is one call, without calls in what it is named by."""
    found = _CALL.fullmatch(code)
    if found is None:
        return None
    depth = 0
    for mark in _STRING.sub("", found[2])[:-1]:
        depth += (mark in "([{") - (mark in ")]}")
        if depth <= 0:
            return None  # `f(a).g(b)`
    return found[1]
