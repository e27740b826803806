"""Documentation comments of definitions, and comments that are directives to tools."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import tree_sitter

from assist_server.syntax.definition import Span
from assist_server.syntax.parser import SyntaxTree
from assist_server.syntax.tree_walk import ancestors, is_comment

_BLOCK = r"/\*\*(?![*/])"
_BEGINS = {
    "javascript": re.compile(_BLOCK),
    "typescript": re.compile(_BLOCK),
    "tsx": re.compile(_BLOCK),
    "java": re.compile(_BLOCK),
    "rust": re.compile(rf"{_BLOCK}|///(?!/)"),
    "c": re.compile(r"/\*[*!](?![*/<])|//[/!](?![/<])"),
    "cpp": re.compile(r"/\*[*!](?![*/<])|//[/!](?![/<])"),
    "go": re.compile(r"/\*|//"),
    "lua": re.compile(r"---(?!-)"),
}
# LDoc begins with three dashes and continues with two.
_CONTINUES = {**_BEGINS, "lua": re.compile(r"--(?!\[)")}
# A blank line below does not separate a comment from its definition if a tag shows what it is.
_TAGS_OF_PARTS = re.compile(r"[@\\](param|arg|returns?|throws|exception)\b")
_TAGS_OF_OTHERS = re.compile(
    r"[@\\](typedef|callback|function|method|name|event|file\w*|overload|license|module|fn|def\w*"
    r"|struct|class|page|packageDocumentation)\b"
)
# An unknown macro, the first half of a type, a linkage.
_SPLIT_OFF = re.compile(
    r"(?:::|[*&\"]|\b(?!else\b|do\b|return\b)[A-Za-z_]\w*|\b[A-Z_]\w*\([^()]*\))\s*$"
)
_CODE_BEFORE = re.compile(r"[ \t]*((?![#/*])[^\s;{}][^\n;{}]*)")
_MARK = r"(?:///?|/\*+!?|---?(?!-)|\#)"
_TOOLS = r"""
@ts- @flow @formatter @jsx @vite- @diagnostic \$Flow eslint- tslint: oxlint- biome- rome-
prettier- deno- dprint- jshint jslint jscs: istanbul\s c8\s v8\s node:coverage webpack[A-Z]
\#__ noinspection NOLINT NOSONAR CHECKSTYLE SUPPRESS clang-(?:format|tidy) cppcheck- lgtm\[
codechecker_ coverity\[ GCOVR_ LCOV_ IWYU\s nosemgrep \#?nosec lint: luacheck: stylua: selene:
cspell: spell-?checker: codespell:
"""

_NAMED = "|".join(_TOOLS.split())
# For any tool name: `some-tool: disable-next-line`, `tool-ignore`, `tool:skip`.
_INSTRUCTION = r"[\w@$\#./-]+[-:][ ]?(?:ignore|disable|enable|suppress|expect-|skip|off|on)\b"
_DIRECTIVE = re.compile(rf"{_MARK}[ \t]*(?:{_NAMED}|{_INSTRUCTION})", re.IGNORECASE)
# Go: `//go:noinline`, `//export F`, `// +build`; with a space before a word it is prose.
_GO = re.compile(r"//(?:[a-z0-9]+:[a-z0-9]|(?:export|extern|line)\b|[ \t]*\+[a-z])")


@dataclass(frozen=True)
class _Comment:
    start: int
    text: str
    blank_lines: int
    """Number of blank lines below it."""

    @property
    def end(self) -> int:
        return self.start + len(self.text)


def comment_above(tree: SyntaxTree, node: tree_sitter.Node) -> Span | None:
    """Return the documentation comment above `node`, or right before it.

    Directives and plain comments may be between the two.
    """
    begins, continues = _BEGINS[tree.language.id], _CONTINUES[tree.language.id]
    found: int | None = None
    end = 0
    for comment in _comments_above(tree, _beginning(tree, tree.start(node))):
        if comment.blank_lines and (end or not _belongs(tree, comment, begins)):
            break
        is_tool_comment = _is_directive(comment.text, tree.language.id)
        if is_tool_comment or not continues.match(comment.text):
            if end:
                break
            continue
        end = end or comment.end
        found = comment.start if begins.match(comment.text) else found
        if comment.text.startswith("/*"):
            break
    return None if found is None else Span(found, end)


def _belongs(tree: SyntaxTree, comment: _Comment, begins: re.Pattern[str]) -> bool:
    """Return whether a comment documents what follows it, even after blank lines."""
    if tree.language.id in {"go", "lua"} or not begins.match(comment.text):
        return False
    if tree.language.id == "rust":
        return True
    text = comment.text
    return _TAGS_OF_PARTS.search(text) is not None and _TAGS_OF_OTHERS.search(text) is None


def comment_within(tree: SyntaxTree, start: int, end: int) -> Span | None:
    """Return the first documentation comment between two offsets of a definition's header."""
    begins = _BEGINS.get(tree.language.id)
    for found in begins.finditer(tree.text, start, end) if begins else ():
        comment = _comment_at(tree, found.start())
        if comment is not None and tree.start(comment) == found.start():
            return Span(found.start(), found.start() + len(tree.node_text(comment).rstrip()))
    return None


def place_for_comment(tree: SyntaxTree, start: int) -> int:
    """Return the offset for a comment on the definition at `start`: above the directives."""
    place = _beginning(tree, start)
    for comment in _comments_above(tree, place):
        if comment.blank_lines:
            break
        if _is_directive(comment.text, tree.language.id):
            place = comment.start
    return place


def _beginning(tree: SyntaxTree, start: int) -> int:
    """Return where a definition begins, including what the grammar of C has split off."""
    if tree.language.id not in {"c", "cpp"}:
        return start
    begin = tree.text.rfind("\n", 0, start) + 1
    code = _CODE_BEFORE.fullmatch(tree.text, begin, start)
    is_split_off = code is not None and _SPLIT_OFF.search(code[1])
    return code.start(1) if code and is_split_off else start


def _comments_above(tree: SyntaxTree, offset: int) -> Iterator[_Comment]:
    """Yield the comments right above an offset, the nearest first, each beginning its line."""
    first, end = tree.start(tree.root), offset
    while (last := _last_visible(tree.text, end)) >= first:
        node = _comment_at(tree, last)
        if node is None or not _begins_line(tree.text, start := tree.start(node)):
            return
        blank_lines = max(tree.text.count("\n", last, end) - 1, 0)
        yield _Comment(start, tree.text[start : last + 1], blank_lines)
        end = start


def _last_visible(text: str, end: int) -> int:
    """Return the offset of the last non-blank character before `end`; -1 if there is none."""
    last = end - 1
    while last >= 0 and text[last].isspace():
        last -= 1
    return last


def _comment_at(tree: SyntaxTree, offset: int) -> tree_sitter.Node | None:
    around = ancestors(tree.node_at(offset, offset + 1))
    return next((node for node in around if is_comment(node)), None)


def _begins_line(text: str, offset: int) -> bool:
    return not text[text.rfind("\n", 0, offset) + 1 : offset].strip()


def _is_directive(comment: str, language_id: str) -> bool:
    """Return whether a comment, with its marks, is a directive to a tool."""
    if language_id == "go" and _GO.match(comment):
        return True
    return _DIRECTIVE.match(comment) is not None
