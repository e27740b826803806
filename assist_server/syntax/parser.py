"""Parsing: text to a syntax tree whose positions are character offsets.

tree-sitter counts bytes; everything else in this program counts characters. The conversion is here
and nowhere else.
"""

import bisect
from itertools import accumulate

import tree_sitter

from assist_server.syntax.languages import Language, load_grammar


class SyntaxTree:
    """The tree of one text or of a part of it, with offsets in characters; immutable."""

    def __init__(
        self, text: str, language: Language, start: int = 0, end: int | None = None
    ) -> None:
        """Parse `text`, or only what lies from `start` to `end`; offsets mean the whole text.

        Raises:
            ValueError: the language has no grammar.
        """
        if language.grammar is None:
            raise ValueError(f"there is no grammar for {language.id}")
        self.text = text
        self.language = language
        self._start = start
        part = text[start:end]
        # Lone surrogates are legal in JSON, hence in documents; a grammar sees "?" for them.
        source = part.encode("utf-8", "replace")
        self._tree = tree_sitter.Parser(load_grammar(language.grammar)).parse(source)
        # Number of bytes before each character; only needed when the two counts differ.
        self._byte_offsets = (
            None
            if len(source) == len(part)
            else [0, *accumulate(len(character.encode("utf-8", "replace")) for character in part)]
        )

    @property
    def root(self) -> tree_sitter.Node:
        """The root node."""
        return self._tree.root_node

    def start(self, node: tree_sitter.Node) -> int:
        """Character offset of the node's first character."""
        return self._to_characters(node.start_byte)

    def end(self, node: tree_sitter.Node) -> int:
        """Character offset behind the node's last character."""
        return self._to_characters(node.end_byte)

    def node_text(self, node: tree_sitter.Node) -> str:
        """The source text of a node."""
        return self.text[self.start(node) : self.end(node)]

    def node_at(self, start: int, end: int | None = None) -> tree_sitter.Node:
        """The smallest node that covers the characters from `start` up to `end`.

        Both lie in the part of the text that was parsed.
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
