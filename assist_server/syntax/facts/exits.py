"""The statements that may leave a function, a loop or a case before the next one is reached."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import tree_sitter

from assist_server.syntax.facts.source import BORDERS, RETURNS, THROWS, Source, inside_body
from assist_server.syntax.tree_walk import own_nodes

_JUMPS = frozenset({
    "continue_statement", "break_statement", "continue_expression", "break_expression",
    "goto_statement",
})  # fmt: skip
_LOOP = re.compile(
    r"for_(?:statement|in_statement|range_loop|expression)|enhanced_for_statement"
    r"|while_(?:statement|expression)|loop_expression|do_statement|repeat_statement"
)
_SWITCH = re.compile(r"(?:expression_|type_)?switch_(?:statement|expression)|select_statement")
_ENDLESS = re.compile(
    r"while\s*\(?\s*(?:[Tt]rue|1)\s*(?:[:){]|do\b)|for\s*(?:\(\s*;\s*;\s*\)|\{)|loop\s*\{"
)
_LAST = re.compile(
    r"(?:(?:std|core)::)?(?:panic|unreachable|todo|unimplemented)!|(?:panic|error)\("
    r"|log\.(?:Fatal|Panic)\w*\("
    r"|(?:(?:sys|os|process|std::process|std|System)[.:]+)?(?:_?[eE]xit|abort)\("
)
"""Calls after which nothing is reached."""
_CALLED = re.compile(r"(?:(?:this|self|[A-Z]\w*)(?:\.|->|::))?(\w+)\([^;{}]*\);?$")
_BODY = re.compile(r"(?<![\w.])(\w+)\s*\([^(){};]{0,200}\)[^(){};=]{0,100}\{([^{}]*)\}")
_PYTHON_BODY = re.compile(r"\bdef (\w+)\(.*\)[^:\n]*:\s*(?:\"{3}[^\"]*\"{3}\s*)?(.*)")
_THROW = re.compile(r"(?:^|;)\s*(?:throw\b|raise\b|panic!?\()")
_CONDITIONAL = re.compile(r"\b(?:if|else|for|while|do|switch|case|try|return|goto|match)\b|\?")
_MACRO = re.compile(
    r"(?!\w*(?:LOG|TRACE|DEBUG|WARN|PRINT|ASSERT|UNUSED|FREE))[A-Z][A-Z0-9_]+\(.*", re.DOTALL
)
# A return of an error is like an exception: documented as a case of its own.
_REFUSALS = {
    "rust": re.compile(r".*\{\s*return Err\([^;]*;?\s*\}", re.DOTALL),
    "go": re.compile(
        r".*\{\s*return (?:[^;\n]*, )?(?:errors\.\w+\(|fmt\.Errorf\(|[Ee]rr\w*)[^\n]*\s*\}",
        re.DOTALL,
    ),
}


def never_ends(statement: str) -> bool:
    """Return whether nothing after a statement is reached, unless it returns."""
    is_endless = _ENDLESS.match(statement) and not re.search(r"\bbreak\b", statement)
    return bool(is_endless) or _LAST.match(statement) is not None


def may_always_throw(source: Source, statement: tree_sitter.Node) -> bool:
    """Return whether a statement calls a function of the file that always throws.

    Only plain bodies are known: statements without conditions, then one that throws. Another class
    may have a method of that name that does not.
    """
    called = _CALLED.match(source.text(statement))
    return called is not None and called[1] in _throwing(source.tree.text, source.language)


@lru_cache(maxsize=2)
def _throwing(text: str, language: str) -> frozenset[str]:
    """Return the names of the functions of a file that always throw; one scan for all."""
    form = _PYTHON_BODY if language == "python" else _BODY
    return frozenset(
        name
        for name, body in form.findall(text)
        if _THROW.search(body) and not _CONDITIONAL.search(body)
    )


@dataclass(frozen=True)
class Exits:
    """The nodes of one function by what they may leave."""

    source: Source
    returning: frozenset[int]
    """Ids of the nodes that contain a return."""
    throwing: frozenset[int]
    """Ids of the nodes that contain a statement that raises an exception."""
    leaving: frozenset[int]
    """Ids of the nodes that contain a jump out of them, or a macro that may return."""

    @classmethod
    def of(cls, source: Source) -> "Exits":
        """Return the exits of a function."""
        returning: set[int] = set()
        throwing: set[int] = set()
        leaving: set[int] = set()
        for node in own_nodes(source.body, BORDERS):
            if node.type in RETURNS:
                returning.update(one.id for one in inside_body(source, node))
            elif node.type in THROWS:
                throwing.update(one.id for one in inside_body(source, node))
            elif node.type in _JUMPS:
                leaving.update(_left(source, node))
            elif may_be_macro(source, node):
                leaving.update(one.id for one in inside_body(source, node))
        return cls(source, frozenset(returning), frozenset(throwing), frozenset(leaving))

    def is_refusal(self, node: tree_sitter.Node) -> bool:
        """Return whether a statement returns nothing but one error."""
        form = _REFUSALS.get(self.source.language)
        text = self.source.text(node)
        return form is not None and text.count("return") == 1 and bool(form.fullmatch(text))


def may_be_macro(source: Source, node: tree_sitter.Node) -> bool:
    """Return whether a statement of C is a macro, which may return from the function."""
    is_c = source.language in {"c", "cpp"} and node.type == "expression_statement"
    return is_c and _MACRO.match(source.text(node)) is not None


def _left(source: Source, jump: tree_sitter.Node) -> Iterator[int]:
    """Yield the ids of the nodes that a jump leaves, up to the loop or switch that it is for."""
    is_labelled = jump.type == "goto_statement" or jump.named_child_count > 0
    is_break = jump.type.startswith("break")
    for outer in inside_body(source, jump):
        is_end = _LOOP.fullmatch(outer.type) or (is_break and _SWITCH.fullmatch(outer.type))
        if is_end and not is_labelled:
            return
        yield outer.id
