"""Completion tasks: places in source files where a known part is removed."""

import ast
import io
import keyword
import random
import tokenize
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby

import tree_sitter

from assist_server.syntax.languages import language_for
from assist_server.syntax.parser import SyntaxTree
from assist_server.syntax.tree_walk import is_comment
from assist_server.text.lines import LineIndex

_SHORTEST_NAME_CHARS = 5
_MAX_BLOCK_LINES = 8
_MAX_ARGUMENT_CHARS = 60

_TEXTS = {"string", "template_string", "regex", "jsx_text"}
"""Nodes that count as one token, though grammars divide them."""

_STATEMENTS = {
    "expression_statement", "lexical_declaration", "variable_declaration", "return_statement",
    "throw_statement", "import_statement", "break_statement", "continue_statement",
}  # fmt: skip


class Kind(StrEnum):
    """The kind of the missing part."""

    REST_OF_LINE = "rest of line"
    WHOLE_LINE = "whole line"
    LINE_AT_COLUMN_0 = "line at column 0"
    """Including the indentation."""
    BLOCK = "block"
    ARGUMENT = "argument"
    INSIDE_IDENTIFIER = "inside identifier"
    DOCSTRING = "docstring"


@dataclass(frozen=True)
class Place:
    """A file and its missing part."""

    kind: Kind
    path: str
    text: str
    """The whole original file."""
    start: int
    """Offset of the missing part and of the cursor."""
    end: int

    @property
    def prefix(self) -> str:
        """Return the text before the cursor."""
        return self.text[: self.start]

    @property
    def missing(self) -> str:
        """Return the missing part."""
        return self.text[self.start : self.end]

    @property
    def suffix(self) -> str:
        """Return the text after the missing part."""
        return self.text[self.end :]


@dataclass(frozen=True)
class Source:
    """A source file."""

    path: str
    """The path that the model is given."""
    text: str


_Span = tuple[int, int]


def choose_places(sources: Sequence[Source], count: int, seed: int) -> list[Place]:
    """Choose `count` places of each kind, or as many as there are; repeatable by the seed.

    Places are taken from all files in turn, so that no large file dominates.
    """
    draw = random.Random(seed)  # noqa: S311 - repeatable, not secret
    chosen: list[Place] = []
    for found_in_files in _found(sources).values():
        of_files = [draw.sample(found, len(found)) for found in found_in_files if found]
        draw.shuffle(of_files)
        chosen += _round_robin(of_files, count)
    return chosen


def _found(sources: Sequence[Source]) -> dict[Kind, list[list[Place]]]:
    """Return the places of each kind in each file; each file is parsed once, as that is slow."""
    places: dict[Kind, list[list[Place]]] = {kind: [] for kind in _FINDERS}
    for source in sources:
        try:
            parsed = _Parsed(source.text)
        except (SyntaxError, ValueError, tokenize.TokenError):
            continue
        for kind, find in _FINDERS.items():
            spans = sorted({span for span in find(parsed) if source.text[slice(*span)].strip()})
            places[kind].append([Place(kind, source.path, source.text, *span) for span in spans])
    return places


def _round_robin(groups: Sequence[list[Place]], count: int) -> list[Place]:
    """Return the first of each group, then the second of each, up to `count`."""
    deepest = max(map(len, groups), default=0)
    ordered = [group[i] for i in range(deepest) for group in groups if i < len(group)]
    return ordered[:count]


class _Parsed:
    """The syntax and the tokens of a file, with offsets instead of lines and columns.

    Raises:
        SyntaxError: the file is not valid in this version of Python.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.lines = LineIndex(text)
        self.nodes = list(ast.walk(ast.parse(text)))
        self._tokens = list(tokenize.generate_tokens(io.StringIO(text).readline))

    def names_and_operators(self) -> Iterator[_Span]:
        """Yield the spans of names, operators and numbers."""
        for token in self._tokens:
            if token.type in {tokenize.NAME, tokenize.OP, tokenize.NUMBER}:
                start = self.lines.start_of(token.start[0] - 1) + token.start[1]
                yield start, start + len(token.string)

    def span(self, node: ast.expr | ast.stmt) -> _Span:
        """Return the offsets of a node, whose columns are in bytes."""
        return (
            self._offset(node.lineno, node.col_offset),
            self._offset(node.end_lineno or node.lineno, node.end_col_offset or 0),
        )

    def line_end(self, offset: int) -> int:
        """Return the end of the line that contains an offset."""
        return self.lines.end_of(self.lines.line_at(offset))

    def _offset(self, line: int, column_bytes: int) -> int:
        encoded = self.lines.line_text(line - 1).encode()[:column_bytes]
        return self.lines.start_of(line - 1) + len(encoded.decode())


def _rests_of_lines(parsed: _Parsed) -> Iterator[_Span]:
    """Yield spans from the end of a token to the end of its line."""
    for _, end in parsed.names_and_operators():
        line_end = parsed.line_end(end)
        if parsed.text[end:line_end].strip():
            yield end, line_end


def _whole_lines(parsed: _Parsed) -> Iterator[_Span]:
    """Yield simple statements of one line, without their indentation."""
    for node in parsed.nodes:
        if isinstance(node, ast.stmt) and not hasattr(node, "body"):
            start, end = parsed.span(node)
            line = parsed.lines.line_at(start)
            is_alone = not parsed.text[parsed.lines.start_of(line) : start].strip()
            if is_alone and end == parsed.lines.end_of(line):
                yield start, end


def _lines_at_column_0(parsed: _Parsed) -> Iterator[_Span]:
    """Yield indented simple statements of one line, with their indentation."""
    for start, end in _whole_lines(parsed):
        line_start = parsed.lines.start_of(parsed.lines.line_at(start))
        if line_start < start:
            yield line_start, end


def _blocks(parsed: _Parsed) -> Iterator[_Span]:
    """Yield bodies of few lines, without the indentation of the first line."""
    for node in parsed.nodes:
        body = getattr(node, "body", None)
        if not isinstance(body, list) or isinstance(node, ast.Module) or not body:
            continue
        start, end = parsed.span(body[0])[0], parsed.span(body[-1])[1]
        first, last = parsed.lines.line_at(start), parsed.lines.line_at(end)
        is_after_header = first > getattr(node, "lineno", 0) - 1
        if is_after_header and 2 <= last - first + 1 <= _MAX_BLOCK_LINES:
            yield start, end


def _arguments(parsed: _Parsed) -> Iterator[_Span]:
    """Yield arguments of calls."""
    for node in parsed.nodes:
        if isinstance(node, ast.Call):
            for argument in node.args:
                start, end = parsed.span(argument)
                is_short = end - start <= _MAX_ARGUMENT_CHARS
                if is_short and "\n" not in parsed.text[start:end]:
                    yield start, end


def _identifiers(parsed: _Parsed) -> Iterator[_Span]:
    """Yield spans from the middle of a long name to the end of its line."""
    for start, end in parsed.names_and_operators():
        name = parsed.text[start:end]
        if (
            name.isidentifier()
            and not keyword.iskeyword(name)
            and len(name) >= _SHORTEST_NAME_CHARS
        ):
            middle = start + len(name) // 2
            yield middle, parsed.line_end(middle)


def _docstrings(parsed: _Parsed) -> Iterator[_Span]:
    """Yield the first lines of docstrings, without the quotes."""
    for node in parsed.nodes:
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            continue
        first = node.body[0]
        if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
            start, end = parsed.span(first)
            if parsed.text.startswith('"""', start):
                line_end = min(parsed.line_end(start), end - 3)
                yield start + 3, line_end


_FINDERS: dict[Kind, Callable[[_Parsed], Iterator[_Span]]] = {
    Kind.REST_OF_LINE: _rests_of_lines,
    Kind.WHOLE_LINE: _whole_lines,
    Kind.LINE_AT_COLUMN_0: _lines_at_column_0,
    Kind.BLOCK: _blocks,
    Kind.ARGUMENT: _arguments,
    Kind.INSIDE_IDENTIFIER: _identifiers,
    Kind.DOCSTRING: _docstrings,
}


def choose_script_places(
    sources: Sequence[Source], count: int, seed: int
) -> dict[str, list[Place]]:
    """Choose `count` places of each kind and language in scripts, by the names of their suites.

    As in Python, places are taken from all files in turn.
    """
    draw = random.Random(seed)  # noqa: S311 - repeatable, not secret
    found: dict[str, list[list[Place]]] = {}
    ordered = sorted(sources, key=_language)
    for language, of_language in groupby(ordered, key=_language):
        for source in of_language:
            for kind, spans in _spans(source).items():
                places = [Place(kind, source.path, source.text, *span) for span in spans]
                found.setdefault(f"{kind}, {language}", []).append(places)
    chosen = {}
    for suite, of_files in sorted(found.items()):
        shuffled = [draw.sample(places, len(places)) for places in of_files if places]
        draw.shuffle(shuffled)
        chosen[suite] = _round_robin(shuffled, count)
    return chosen


def _language(source: Source) -> str:
    language = language_for(path=source.path)
    return "typescript" if language.id == "tsx" else language.id


def _spans(source: Source) -> dict[Kind, list[tuple[int, int]]]:
    language = language_for(path=source.path)
    if language.grammar is None:
        return {}
    tree = SyntaxTree(source.text, language)
    if tree.root.has_error:
        return {}
    rests, lines = set(), set()
    for node in _visited(tree.root):
        end = tree.end(node)
        line_end = source.text.find("\n", end)
        line_end = len(source.text) if line_end < 0 else line_end
        if not node.children or node.type in _TEXTS:
            if source.text[end:line_end].strip() and not is_comment(node):
                rests.add((end, line_end))
        elif node.type in _STATEMENTS and end == line_end:
            start = tree.start(node)
            before = source.text[source.text.rfind("\n", 0, start) + 1 : start]
            if not before.strip() and "\n" not in source.text[start:end]:
                lines.add((start, end))
    return {Kind.REST_OF_LINE: sorted(rests), Kind.WHOLE_LINE: sorted(lines)}


def _visited(root: tree_sitter.Node) -> Iterator[tree_sitter.Node]:
    """Yield all nodes except those inside texts and comments."""
    pending = [root]
    while pending:
        node = pending.pop()
        yield node
        if node.type not in _TEXTS and not is_comment(node):
            pending += node.children
