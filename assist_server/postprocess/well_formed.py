"""Code that is as well-formed with the candidate as without it.

Only the lines around the cursor are parsed, whatever the document's length, and mostly once. Where
they cannot be read even without a candidate, what they tell is held against the whole document.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property
from itertools import islice

from assist_server.context.cursor import CursorContext
from assist_server.context.enclosing_lines import enclosing_lines
from assist_server.postprocess.brackets import open_before, scan
from assist_server.postprocess.candidate import Candidate
from assist_server.postprocess.written_lines import with_text
from assist_server.syntax.languages import Language
from assist_server.syntax.parser import SyntaxTree
from assist_server.syntax.tokens import adds_errors, count_errors

_REACH_LINES, _FAR_REACH_LINES = 24, 200
_MOST_BEGINNINGS = 8
"""How many beginnings are tried, as each has to be parsed."""

_NAME = "x"
"""Stands for the expression that may be missing at the cursor."""

_BRACKETS = ("(", "[", "{")
_QUOTES = ('"', "'", "`", '"""', "'''")
_CLOSER_OF = {
    "(": ")",
    "[": "]",
    "{": "}",
    "/*": "*/",
    "--[[": "]]",
    "[[": "]]",
    **dict(zip(_QUOTES, _QUOTES, strict=True)),
}
_CLOSER = re.compile(r"[ \t]*[)\]}\"'`>;,]")
_TOKEN_END = re.compile(r"(?<=\w)(?!\w)|(?<=[^\w\s])")
_FIRST_LINE = re.compile(r"\s*[^\n]*")
_LUA_BLOCK = re.compile(r"\b(then|do|else)\b|\bfunction\b[^()]*\([^()]*\)\s*(--.*)?$")
_DIRECTIVE_END = re.compile(r"^[ \t]*#[ \t]*(endif|else|elif)\b", re.MULTILINE)
_COMMENT = re.compile(r"/\*|--\[\[")
_COMMENTS = (("/*",), ("--[[",))
_MOST_LINES = 1000
"""A longer document takes too long to be parsed as a whole."""

_BODY_FOLLOWS = re.compile(r"\s*(\{|=>|:)")
"""Without its body, the head of a statement would take the next statement for it."""


def keep_well_formed(candidate: Candidate, context: CursorContext) -> Candidate | None:
    """Keep what adds no syntax error to those of the document as it is.

    Where the whole adds one, it may replace closers after the cursor; else its longest beginning is
    kept that adds none and ends where a token does.
    """
    near = _Gap(context, _REACH_LINES)
    is_right = near.is_right_with(candidate)
    if is_right and not (_may_repair(candidate, context) and near.is_broken):
        return candidate
    # It is broken perhaps only as its lines begin or end inside something.
    gap = _Gap(context, _FAR_REACH_LINES, near) if near.is_broken else near
    for option in (candidate, *_wider(candidate, context.line_suffix)):
        if gap.holds(option):
            return option
    for beginning in islice(gap.beginnings(candidate), _MOST_BEGINNINGS):
        if gap.holds(beginning):
            return with_text(beginning, beginning.text)
    return None


class _Gap:
    """The lines around the cursor, with texts in place of the gap there."""

    def __init__(
        self, context: CursorContext, reach_lines: int, nearer: "_Gap | None" = None
    ) -> None:
        self._nearer = nearer
        self._language = context.snapshot.language
        self._context = context
        self._closing = ""
        self._tree: SyntaxTree | None = None
        if self._language.grammar is None:
            self._before, self._after = context.line_prefix, context.line_suffix
        else:
            self._cut_out(reach_lines)

    def _cut_out(self, reach_lines: int) -> None:
        """Take the lines around the cursor, and what opens and closes the blocks around them."""
        text, offset = self._context.snapshot.text, self._context.offset
        start, end = self._context.snapshot.part_near(self._context.line, reach_lines)
        self._before, self._after = text[start:offset], text[offset:end]
        heads = self._openers_of(enclosing_lines(text, start, self._reach_chars))
        self._before = "".join(heads) + self._before
        if end < len(text):
            inner = scan(self._before + self._after, self._language).still_open[-1:]
            span = "" if inner and inner[0] in _BRACKETS else _closers(inner)
            tail = self._openers_of(enclosing_lines(text, end, self._reach_chars))
            closers = span + self._closers_of(tail)
            self._closing = "\n" * bool(closers) + closers

    @property
    def _reach_chars(self) -> int:
        """How far up the heads of blocks are looked for; indented blocks do without them."""
        return 4096 if self._language.blocks_by_indentation else 64 * 1024

    def is_right_with(self, candidate: Candidate) -> bool:
        """Return whether there is no error at all with a candidate."""
        if self._is_unfit(candidate):
            return False
        return not self._errors(candidate.text, candidate.replaced_chars)

    def holds(self, candidate: Candidate) -> bool:
        """Return whether a candidate adds no error."""
        text, replaced = candidate.text, candidate.replaced_chars
        if self._is_unfit(candidate):
            return False
        errors = self._errors(text, replaced)
        if not errors:
            return True
        if errors > self._plain_errors or not self.is_broken:
            return False
        # Something else is wrong; the candidate has to be right when what is open is closed.
        found = scan(text, self._language, self._opened)
        own = [start for start in found.opened_at if start is not None]
        begins_block = text.rstrip().endswith("{") and own == [len(text.rstrip()) - 1]
        if own and not begins_block:
            return False
        closed = text + _closers(found.still_open)
        if self._errors(closed, replaced) > self._mended_errors:
            return False
        return self._holds_elsewhere(candidate)

    def _is_unfit(self, candidate: Candidate) -> bool:
        """Return whether a candidate changes what stands after it, though nothing is malformed."""
        if _leaves_comment_open(candidate.text, self._language):
            return True
        ends = candidate.text[-1:], self._context.line_suffix[candidate.replaced_chars :][:1]
        is_inside_name = _is_of_name(self._context.line_prefix[-1:])
        return not is_inside_name and all(map(_is_of_name, ends))

    def _holds_elsewhere(self, candidate: Candidate) -> bool:
        """Return whether a candidate adds no error to the whole, or near the cursor if long."""
        text, offset = self._context.snapshot.text, self._context.offset
        if self._nearer and self._nearer.is_worse_with(candidate):
            return False
        is_long = self._context.snapshot.lines.line_count > _MOST_LINES
        if self._language.grammar is None or is_long:
            return True
        before = self._context.snapshot.syntax
        whole = text[:offset] + candidate.text + text[offset + candidate.replaced_chars :]
        # Parsed anew: with errors, what is left of an earlier tree may be read another way.
        return before is None or not adds_errors(SyntaxTree(whole, self._language), before)

    def is_worse_with(self, candidate: Candidate) -> bool:
        """Return whether a candidate adds an error to those that are there anyway."""
        return self._errors(candidate.text, candidate.replaced_chars) > self._plain_errors

    @property
    def is_broken(self) -> bool:
        """Whether no expression at the cursor alone makes it right."""
        return min(self._plain_errors, self._named_errors) > 0

    def beginnings(self, candidate: Candidate) -> Iterator[Candidate]:
        """Yield shorter candidates, the longest first: whole lines, then parts of the first."""
        text = candidate.text
        first = _FIRST_LINE.match(text)
        lines = [match.start() for match in re.finditer("\n", text)]
        tokens = _TOKEN_END.finditer(first.group()) if first else ()
        for end in [*reversed(lines), *reversed([match.start() for match in tokens])]:
            if text[:end].strip() and end < len(text) and not _BODY_FOLLOWS.match(text, end):
                found = scan(text[:end], self._language, self._opened)
                if all(start is None for start in found.opened_at):
                    replaced = candidate.replaced_chars if found.outer_closers else 0
                    yield Candidate(text[:end], replaced)

    @cached_property
    def _opened(self) -> tuple[str, ...]:
        return open_before(self._context) or ()

    @cached_property
    def _plain_errors(self) -> int:
        return self._errors("")

    @cached_property
    def _named_errors(self) -> int:
        return self._errors(_NAME)

    @cached_property
    def _mended_errors(self) -> int:
        return self._errors(_NAME + _closers(self._opened))

    def _errors(self, text: str, replaced_chars: int = 0) -> int:
        whole = self._before + text + self._after[replaced_chars:] + self._closing
        if self._language.grammar:
            self._tree = SyntaxTree(whole, self._language, earlier=self._tree)
            return count_errors(self._tree)
        found = scan(whole, self._language)
        return len(found.still_open) + (found.unopened is not None)

    def _openers_of(self, lines: tuple[str, ...]) -> list[str]:
        """Return the lines that are needed; blocks by indentation are read without their heads."""
        needs_all = not self._language.blocks_by_indentation
        return [line for line in lines if needs_all or scan(line, self._language).still_open]

    def _closers_of(self, lines: list[str]) -> str:
        """Return what closes the blocks that some lines have opened."""
        closers = []
        for line in reversed(lines):
            if self._language.id == "lua" and _LUA_BLOCK.search(line):
                closers.append(" end")
            closers.append(_closers(scan(line, self._language).still_open))
        return "".join(closers)


def _may_repair(candidate: Candidate, context: CursorContext) -> bool:
    """Return whether a candidate may close or hide what only its lines, cut out, have too much."""
    opened = scan(context.line_prefix, context.snapshot.language).still_open
    found = scan(candidate.text, context.snapshot.language, opened)
    hides = found.still_open and found.still_open[-1] not in _BRACKETS and context.line_suffix
    ends_directive = _DIRECTIVE_END.search(candidate.text)
    return found.unopened is not None or bool(hides or ends_directive)


def _is_of_name(character: str) -> bool:
    return character.isalnum() or character == "_"


def _leaves_comment_open(text: str, language: Language) -> bool:
    """Return whether a text begins a comment whose end would be that of a later one."""
    return bool(_COMMENT.search(text)) and scan(text, language).still_open[-1:] in _COMMENTS


def _wider(candidate: Candidate, suffix: str) -> Iterator[Candidate]:
    """Yield the candidate with more and more of the closers after the cursor replaced."""
    end = candidate.replaced_chars
    while match := _CLOSER.match(suffix, end):
        end = match.end()
        yield replace(candidate, replaced_chars=end)


def _closers(opened: tuple[str, ...]) -> str:
    return "".join(_CLOSER_OF.get(opener, "") for opener in reversed(opened))
