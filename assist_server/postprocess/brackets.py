"""The brackets and quotes that a piece of code opens and closes, found without a parser.

A completion is a fragment, which a grammar cannot parse. This scanner knows brackets, strings and
comments, and starts with those that were open before the fragment.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from assist_server.context.cursor import CursorContext
from assist_server.syntax.languages import Language

_OPENER_OF = {")": "(", "]": "[", "}": "{"}
_QUOTED_CHARACTER = r"'(?:\\[^'\r\n]*|[^'\\\r\n])'"
_STATEMENT_LINES = 500
_STATEMENT_START = re.compile(r"^[^\W\d](?!\w*:[ \t]*$)", re.MULTILINE)
_UNFINISHED_LINE = re.compile(r"[(\[{,]\s*$")


@dataclass(frozen=True)
class Closer:
    """A closing bracket or quote in a scanned text."""

    start: int
    text: str
    opened_at: int | None
    """Offset of its opener in the same text; None if that came before the text."""


@dataclass(frozen=True)
class Scan:
    """Result of scanning a text."""

    still_open: tuple[str, ...]
    """Brackets, quotes and comment marks left open at the end, the innermost last."""
    opened_at: tuple[int | None, ...]
    """Offset of each of these in the text; None for those open before it."""
    closers: tuple[Closer, ...]
    unopened: int | None
    """Offset of the first closing bracket without an opening one."""

    @property
    def outer_closers(self) -> tuple[Closer, ...]:
        """Return the closers of brackets and quotes that were open before the text."""
        return tuple(closer for closer in self.closers if closer.opened_at is None)


def scan(text: str, language: Language, opened: tuple[str, ...] = ()) -> Scan:
    """Scan `text`, at whose start the brackets, quotes and comments in `opened` are open."""
    lexicon = _lexicon_of(language.id, language.line_comment)
    stack: list[tuple[str, int | None]] = [(opener, None) for opener in opened]
    closers: list[Closer] = []
    unopened: int | None = None
    for start, token in lexicon.tokens(text, opened[-1] if opened else ""):
        if token not in _OPENER_OF and not (stack and stack[-1][0] in lexicon.ends):
            stack.append((token, start))
        elif depth := _depth_of(_OPENER_OF.get(token), stack):
            closers.append(Closer(start, token, stack[-depth][1]))
            del stack[-depth:]
        elif unopened is None:
            unopened = start
    still_open, opened_at = tuple(opener for opener, _ in stack), tuple(at for _, at in stack)
    # The line break that ends a line comment or an unfinished string does not count as a closer.
    shown = tuple(one for one in closers if one.text.strip())
    return Scan(still_open, opened_at, shown, unopened)


def open_before(context: CursorContext) -> tuple[str, ...] | None:
    """Return what the statement at the cursor has left open; None if it begins too far above."""
    text, lines = context.snapshot.text, context.snapshot.lines
    first = max(0, context.line - _STATEMENT_LINES)
    start = 0 if first == 0 else None
    starts = _STATEMENT_START.finditer(text, lines.start_of(first), lines.end_of(context.line))
    for match in reversed(list(starts)):
        line_above = text[text.rfind("\n", 0, max(match.start() - 1, 0)) + 1 : match.start()]
        if not _UNFINISHED_LINE.search(line_above):
            start = match.start()
            break
    if start is None:
        return None
    return scan(text[start : context.offset], context.snapshot.language).still_open


def _depth_of(opener: str | None, stack: list[tuple[str, int | None]]) -> int:
    """Return how many entries end with the nearest `opener`, or the innermost for None; else 0."""
    if opener is None:
        return 1
    openers = [entry for entry, _ in reversed(stack)]
    return openers.index(opener) + 1 if opener in openers else 0


@dataclass(frozen=True)
class _Lexicon:
    """Syntax of strings and comments in a language."""

    code: re.Pattern[str]
    """Matches the next bracket or opening of a string or comment in code."""
    ends: Mapping[str, re.Pattern[str]]
    """The end of each string or comment, by its opening; escapes match too, but are no token."""

    def tokens(self, text: str, innermost: str) -> Iterator[tuple[int, str]]:
        """Yield (start, token) of openers and closers; `innermost` is open at the start."""
        position = 0
        while True:
            pattern = self.ends.get(innermost, self.code)
            match = pattern.search(text, position)
            if match is None:
                return
            position = match.end()
            if token := match["token"]:
                innermost = "" if innermost in self.ends else token
                yield match.start(), token


def _span_end(closer: str, *, crosses_lines: bool, escapes: bool = True) -> re.Pattern[str]:
    escape = r"\\(?:\r\n|[\s\S])|" if escapes else ""
    line_break = "" if crosses_lines else r"|[\r\n]"
    return re.compile(rf"{escape}(?P<token>{re.escape(closer)}{line_break})")


@cache
def _lexicon_of(language_id: str, line_comment: str) -> _Lexicon:
    ends = {line_comment: re.compile(r"(?P<token>[\r\n])")}
    skipped = [r"\\."]
    if line_comment == "//":
        ends["/*"] = _span_end("*/", crosses_lines=True, escapes=False)
    if language_id in {"python", "java"}:
        ends['"""'] = _span_end('"""', crosses_lines=True)
    if language_id == "lua":
        ends["--[["] = ends["[["] = _span_end("]]", crosses_lines=True, escapes=False)
    ends['"'] = _span_end('"', crosses_lines=language_id == "rust")
    if language_id in {"javascript", "typescript", "tsx", "go"}:
        ends["`"] = _span_end("`", crosses_lines=True, escapes=language_id != "go")
    if language_id in {"rust", "c", "cpp", "java", "go"}:
        # There a quote encloses one character; otherwise it is a lifetime or separates digits.
        skipped.append(_QUOTED_CHARACTER)
    elif language_id != "plaintext":  # in prose it is an apostrophe
        ends["'"] = _span_end("'", crosses_lines=False)
    if language_id == "python":
        ends["'''"] = _span_end("'''", crosses_lines=True)
    openings = sorted(ends, key=len, reverse=True)
    spans = "|".join(map(re.escape, openings))
    code = re.compile(rf"{'|'.join(skipped)}|(?P<token>{spans}|[()\[\]{{}}])")
    return _Lexicon(code, ends)
