"""Parsing: text to a syntax tree whose positions are character offsets, and counts of its errors.

tree-sitter counts bytes; the rest of the program counts characters. Only this module converts.
"""

import bisect
from functools import cached_property
from itertools import accumulate

import tree_sitter

from assist_server.syntax.languages import Language, load_grammar


class SyntaxTree:
    """The tree of one text or of a part of it, with offsets in characters; immutable."""

    def __init__(
        self,
        text: str,
        language: Language,
        start: int = 0,
        end: int | None = None,
        *,
        earlier: "SyntaxTree | None" = None,
    ) -> None:
        """Parse `text`, or only `text[start:end]`; offsets refer to the whole text.

        Parts that equal those of an `earlier` tree are not parsed again.

        Raises:
            ValueError: the language has no grammar.
        """
        if language.grammar is None:
            raise ValueError(f"there is no grammar for {language.id}")
        self.text = text
        self.language = language
        self._start = start
        self._part = text[start:end]
        # Lone surrogates are legal in JSON, hence in documents; a grammar sees "?" for them.
        self._source = self._part.encode("utf-8", "replace")
        parser = tree_sitter.Parser(load_grammar(language.grammar))
        if earlier is None or earlier.language is not language:
            self._tree = parser.parse(self._source)
        else:
            self._tree = parser.parse(self._source, earlier.edited_into(self._source))

    def edited_into(self, source: bytes) -> tree_sitter.Tree:
        """Return a copy of the tree, edited where another source differs from its own."""
        own = self._source
        start = _common_start(own, source)
        same = _common_start(own[start:][::-1], source[start:][::-1])
        ends = len(own) - same, len(source) - same
        tree = self._tree.copy()
        tree.edit(start, *ends, _point(own, start), _point(own, ends[0]), _point(source, ends[1]))
        return tree

    @cached_property
    def _byte_offsets(self) -> list[int] | None:
        """Return the number of bytes before each character; None if both counts are equal."""
        if len(self._source) == len(self._part):
            return None
        sizes = (len(character.encode("utf-8", "replace")) for character in self._part)
        return [0, *accumulate(sizes)]

    @property
    def root(self) -> tree_sitter.Node:
        """Return the root node."""
        return self._tree.root_node

    def start(self, node: tree_sitter.Node) -> int:
        """Return the offset of the node's first character."""
        return self._to_characters(node.start_byte)

    def end(self, node: tree_sitter.Node) -> int:
        """Return the offset after the node's last character."""
        return self._to_characters(node.end_byte)

    def node_text(self, node: tree_sitter.Node) -> str:
        """Return the source text of a node."""
        return self.text[self.start(node) : self.end(node)]

    def node_at(self, start: int, end: int | None = None) -> tree_sitter.Node:
        """Return the smallest node that covers the characters from `start` up to `end`.

        Both are within the part of the text that was parsed.
        """
        first = self._to_bytes(start)
        last = first if end is None else self._to_bytes(end)
        return self.root.descendant_for_byte_range(first, last) or self.root

    def _to_characters(self, byte_offset: int) -> int:
        if self._byte_offsets is None:
            return self._start + byte_offset
        return self._start + bisect.bisect_left(self._byte_offsets, byte_offset)

    def _to_bytes(self, offset: int) -> int:
        within = max(0, offset - self._start)
        return within if self._byte_offsets is None else self._byte_offsets[within]


def _common_start(one: bytes, other: bytes) -> int:
    """Return the length of the common prefix of two texts."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _point(source: bytes, offset: int) -> tuple[int, int]:
    """Return the row and column of a byte."""
    return source.count(b"\n", 0, offset), offset - source.rfind(b"\n", 0, offset) - 1


def count_errors(tree: SyntaxTree) -> int:
    """Count the places in the text that the grammar could not parse.

    They are counted in the printed tree, as some missing nodes are in no list of children, such as
    the missing line end between two statements in Python.
    """
    if not tree.root.has_error:
        return 0
    written = str(tree.root)
    return written.count("(ERROR") + written.count("(MISSING")


def adds_errors(after: SyntaxTree, before: SyntaxTree) -> bool:
    """Return whether a tree has more errors than another one.

    Error nodes may become more while nodes without a required part become fewer, so both are
    compared.
    """
    if not after.root.has_error:
        return False
    return count_errors(after) > count_errors(before) or count_broken(after) > count_broken(before)


def count_broken(tree: SyntaxTree) -> int:
    """Count the nodes that are errors or missing, and those with a missing part that is no node."""
    count, waiting = 0, [tree.root] if tree.root.has_error else []
    while waiting:
        node = waiting.pop()
        broken = [child for child in node.children if child.has_error]
        count += node.is_error or node.is_missing or not broken
        waiting += broken
    return count
