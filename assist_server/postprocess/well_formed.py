"""Code that is as well-formed with the candidate as without it.

Only the lines around the cursor are parsed, whatever the document's length, and mostly once.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property
from itertools import islice

from assist_server.context.cursor import CursorContext
from assist_server.postprocess.brackets import open_before, scan
from assist_server.postprocess.candidate import Candidate
from assist_server.postprocess.written_lines import with_text
from assist_server.syntax.parser import SyntaxTree
from assist_server.syntax.tokens import count_errors

_REACH_LINES, _FAR_REACH_LINES = 24, 200
_MOST_BEGINNINGS = 8
"""How many beginnings are tried, as each has to be parsed."""

_NAME = "x"
"""Stands for the expression that may be missing at the cursor."""

_QUOTES = ('"', "'", "`", '"""', "'''")
_CLOSER_OF = {"(": ")", "[": "]", "{": "}", **dict(zip(_QUOTES, _QUOTES, strict=True))}
_CLOSER = re.compile(r"[ \t]*[)\]}\"'`>;,]")
_TOKEN_END = re.compile(r"(?<=\w)(?!\w)|(?<=[^\w\s])")
_FIRST_LINE = re.compile(r"\s*[^\n]*")
_BODY_FOLLOWS = re.compile(r"\s*(\{|=>|:)")
"""Without its body, the head of a statement would take the next statement for it."""


def keep_well_formed(candidate: Candidate, context: CursorContext) -> Candidate | None:
    """Keep what adds no syntax error to those of the document as it is.

    Where the whole adds one, it may replace closers after the cursor; else its longest beginning is
    kept that adds none and ends where a token does.
    """
    gap = _Gap(context, _REACH_LINES)
    if gap.is_right_with(candidate):
        return candidate
    if gap.is_broken:  # perhaps only as its lines begin or end inside something
        gap = _Gap(context, _FAR_REACH_LINES)
    if gap.holds(candidate):
        return candidate
    for wider in _wider(candidate, context.line_suffix):
        if gap.holds(wider):
            return wider
    for beginning in islice(gap.beginnings(candidate), _MOST_BEGINNINGS):
        if gap.holds(beginning):
            return with_text(beginning, beginning.text)
    return None


class _Gap:
    """The lines around the cursor, with texts in place of the gap there."""

    def __init__(self, context: CursorContext, reach_lines: int) -> None:
        snapshot, offset = context.snapshot, context.offset
        self._language = snapshot.language
        self._context = context
        if self._language.grammar is None:
            self._before, self._after, is_cut = context.line_prefix, context.line_suffix, False
        else:
            start, end = snapshot.part_near(context.line, reach_lines)
            self._before, self._after = snapshot.text[start:offset], snapshot.text[offset:end]
            is_cut = end < len(snapshot.text) and not self._language.blocks_by_indentation
        self._closing = self._braces() if is_cut else ""

    def is_right_with(self, candidate: Candidate) -> bool:
        """Return whether there is no error at all with a candidate."""
        return not self._errors(candidate.text, candidate.replaced_chars)

    def holds(self, candidate: Candidate) -> bool:
        """Return whether a candidate adds no error."""
        text, replaced = candidate.text, candidate.replaced_chars
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
        return self._errors(text + _closers(found.still_open), replaced) <= self._mended_errors

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
            return count_errors(SyntaxTree(whole, self._language))
        found = scan(whole, self._language)
        return len(found.still_open) + (found.unopened is not None)

    def _braces(self) -> str:
        """Return what closes the blocks that go on after the lines that are parsed."""
        still_open = scan(self._before + self._after, self._language).still_open
        return "\n" + "}" * still_open.count("{")


def _wider(candidate: Candidate, suffix: str) -> Iterator[Candidate]:
    """Yield the candidate with more and more of the closers after the cursor replaced."""
    end = candidate.replaced_chars
    while match := _CLOSER.match(suffix, end):
        end = match.end()
        yield replace(candidate, replaced_chars=end)


def _closers(opened: tuple[str, ...]) -> str:
    return "".join(_CLOSER_OF.get(opener, "") for opener in reversed(opened))
