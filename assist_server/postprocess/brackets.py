"""Which brackets and quotes a piece of code opens and closes, without a parser.

A completion is a fragment, so a grammar has little to say about it. This scanner knows brackets,
strings and comments, and takes what was open before the fragment as its starting point.
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
_STATEMENT_START = re.compile(r"[^\W\d](?!\w*:\s*$)")
_UNFINISHED_LINE = re.compile(r"[(\[{,]\s*$")


@dataclass(frozen=True)
class Closer:
    """A closing bracket or quote in a scanned text."""

    start: int
    text: str
    opened_at: int | None
    """Where in the same text its opener stands; None when that came before the text."""


@dataclass(frozen=True)
class Scan:
    """What scanning a text found."""

    still_open: tuple[str, ...]
    """Brackets, quotes and comment marks that are open at the end, the innermost last."""
    opened_at: tuple[int | None, ...]
    """Where each of these stands in the text; None for what was open before it."""
    closers: tuple[Closer, ...]
    unopened: int | None
    """Where the first closing bracket stands that nothing opens."""

    @property
    def outer_closers(self) -> tuple[Closer, ...]:
        """The closers of what was open before the text."""
        return tuple(closer for closer in self.closers if closer.opened_at is None)


def scan(text: str, language: Language, opened: tuple[str, ...] = ()) -> Scan:
    """Scan `text`, which begins where the brackets, quotes and comments in `opened` are open."""
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
    # The break that ends a line comment or an unfinished string closes nothing worth a mention.
    shown = tuple(one for one in closers if one.text.strip())
    return Scan(still_open, opened_at, shown, unopened)


def open_before(context: CursorContext) -> tuple[str, ...] | None:
    """What is open at the cursor since its top-level statement began; None when that is far off."""
    lines, language = context.snapshot.lines, context.snapshot.language
    earliest = max(0, context.line - _STATEMENT_LINES)
    for number in range(context.line, earliest - 1, -1):
        before = lines.line_text(number - 1) if number else ""
        if number == 0 or (
            _STATEMENT_START.match(lines.line_text(number)) and not _UNFINISHED_LINE.search(before)
        ):
            statement = context.snapshot.text[lines.start_of(number) : context.offset]
            return scan(statement, language).still_open
    return None


def _depth_of(opener: str | None, stack: list[tuple[str, int | None]]) -> int:
    """How many entries end with the nearest `opener`, or with the innermost for None; 0: none."""
    if opener is None:
        return 1
    openers = [entry for entry, _ in reversed(stack)]
    return openers.index(opener) + 1 if opener in openers else 0


@dataclass(frozen=True)
class _Lexicon:
    """How a language writes strings and comments."""

    code: re.Pattern[str]
    """The next bracket, or opening of a string or comment, in code."""
    ends: Mapping[str, re.Pattern[str]]
    """For each opening of a string or comment: what may end it, and escapes, which do not."""

    def tokens(self, text: str, innermost: str) -> Iterator[tuple[int, str]]:
        """(start, token) of all that opens or closes something, `innermost` being open first."""
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
        # A quote opens one character there; otherwise it is a lifetime or separates digits.
        skipped.append(_QUOTED_CHARACTER)
    elif language_id != "plaintext":  # in prose it is an apostrophe
        ends["'"] = _span_end("'", crosses_lines=False)
    if language_id == "python":
        ends["'''"] = _span_end("'''", crosses_lines=True)
    openings = sorted(ends, key=len, reverse=True)
    spans = "|".join(map(re.escape, openings))
    code = re.compile(rf"{'|'.join(skipped)}|(?P<token>{spans}|[()\[\]{{}}])")
    return _Lexicon(code, ends)
