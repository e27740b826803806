"""Keep code as well-formed with the candidate as without it.

The lines around the cursor are parsed, mostly once. The result is also checked against the whole
document where that is not too long.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property
from itertools import chain, islice

from assist_server.context.cursor import CursorContext
from assist_server.context.indented_blocks import enclosing_lines, whole_statements
from assist_server.postprocess.brackets import open_before, scan
from assist_server.postprocess.candidate import Candidate
from assist_server.syntax.languages import Language
from assist_server.syntax.parser import SyntaxTree, adds_errors, count_broken
from assist_server.text.indentation import indent_width

_REACH_LINES, _FAR_REACH_LINES = 24, 80
_MAX_BEGINNINGS = 8
"""Number of beginnings to try, as each has to be parsed."""

_NAME = "x"
"""Placeholder for the expression that may be missing at the cursor."""

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
_OPEN_TAG = re.compile(r"^[ \t]*<([\w.]*)(?:\s(?:[^<>]|=>)*)?(?:(?<![=/])(>))?\s*$")
_WITH_TAGS = {"javascript", "typescript", "tsx"}
_DIRECTIVE_END = re.compile(r"^[ \t]*#[ \t]*(endif|else|elif)\b", re.MULTILINE)
_COMMENT = re.compile(r"/\*|--\[\[")
_COMMENTS = (("/*",), ("--[[",))
_MAX_LINES, _MAX_BROKEN_LINES = 1000, 4000
"""Longer documents take too long to parse as a whole at each keystroke. The second limit applies if
there are errors around the cursor, as the lines alone then say less."""

_MAX_WHOLE_CHECKS = 3

_OPENS_BODY = re.compile(r"^\s*[^#\s].*:\s*(#.*)?$")

_BODY_FOLLOWS = re.compile(r"\s*(\{|=>|:)")
"""Start of a body; without it, the head of a statement would take the next statement as body."""


def keep_well_formed(candidate: Candidate, context: CursorContext) -> Candidate | None:
    """Keep a candidate that adds no syntax error to those of the document.

    If the whole candidate adds one, it may replace more closers after the cursor. If that does not
    help, its longest beginning that adds none and ends with a whole token is kept.
    """
    gap = _Gap(context)
    if gap.parses_with(candidate) and gap.adds_no_error_elsewhere(candidate):
        return candidate
    beginnings = islice(gap.beginnings(candidate), _MAX_BEGINNINGS)
    options = [candidate, *_wider(candidate, context.line_suffix), *beginnings]
    # Options without any error come before those that only keep the errors already there.
    right = (option for option in options if gap.parses_with(option))
    allowed = (option for option in options if gap.allows(option))
    likely = islice(chain(right, allowed), _MAX_WHOLE_CHECKS)
    return next(filter(gap.adds_no_error_elsewhere, likely), None)


class _Gap:
    """The lines around the cursor, parsed with different texts in the gap at the cursor."""

    def __init__(self, context: CursorContext, narrower: "_Gap | None" = None) -> None:
        self._narrower = narrower
        self._language = context.snapshot.language
        self._context = context
        self._closing = ""
        self._tree: SyntaxTree | None = None
        self._counted: dict[tuple[str, int], int] = {}
        self._checked: dict[Candidate, bool] = {}
        if self._language.grammar is None:
            self._before, self._after = context.line_prefix, context.line_suffix
        else:
            self._cut_out()

    def _cut_out(self) -> None:
        """Set the lines around the cursor, and the heads and ends of the blocks around them."""
        text, offset = self._context.snapshot.text, self._context.offset
        start, end = self._statements or self._lines_near
        self._before, self._after = text[start:offset], text[offset:end]
        self._before = "".join(self._heads(text, start)) + self._before
        if end < len(text):
            heads = enclosing_lines(text, end, self._reach_chars)
            closers = self._closers_of(heads, self._before + self._after)
            self._closing = "\n" * bool(closers) + closers

    @cached_property
    def _statements(self) -> tuple[int, int] | None:
        """Return the statements around the cursor; None if not found or more lines are wanted."""
        if self._narrower or self._language.grammar is None:
            return None
        snapshot, line = self._context.snapshot, self._context.line
        start, end = snapshot.lines.start_of(line), snapshot.lines.end_of(line)
        by_definitions = self._language.blocks_by_indentation
        return whole_statements(snapshot.text, start, end, by_definitions=by_definitions)

    @property
    def _lines_near(self) -> tuple[int, int]:
        reach_lines = _FAR_REACH_LINES if self._narrower else _REACH_LINES
        return self._context.snapshot.part_near(self._context.line, reach_lines)

    @property
    def _reach_chars(self) -> int:
        """Return how far up to search for heads of blocks; of indented ones, few are needed."""
        return 4096 if self._language.blocks_by_indentation else 64 * 1024

    def parses_with(self, candidate: Candidate) -> bool:
        """Return whether there is no error with a candidate, and it cannot have hidden one."""
        if self._is_unfit(candidate) or self._errors_with(candidate):
            return False
        return not (_may_repair(candidate, self._context) and self._stays_broken)

    def allows(self, candidate: Candidate) -> bool:
        """Return whether a candidate adds no error; parse more lines only if these are broken."""
        if not self._stays_broken:
            return self.adds_no_error(candidate)
        # Perhaps the lines are broken only because they begin or end inside something.
        is_worse_here = self._statements is not None and not self.adds_no_error(candidate)
        return not is_worse_here and self._wider_gap.adds_no_error(candidate)

    @cached_property
    def _wider_gap(self) -> "_Gap":
        return _Gap(self._context, narrower=self)

    def adds_no_error(self, candidate: Candidate) -> bool:
        """Return whether a candidate adds no error."""
        text, replaced = candidate.text, candidate.replaced_chars
        if self._is_unfit(candidate):
            return False
        errors = self._errors_with(candidate)
        if not errors:
            return True
        if errors > self._plain_errors or not self._is_broken:
            return False
        # There was an error before; once all that is open is closed, there must not be another.
        found = scan(text, self._language, self._opened)
        own = [start for start in found.opened_at if start is not None]
        begins_block = text.rstrip().endswith("{") and own == [len(text.rstrip()) - 1]
        if own and not begins_block:
            return False
        closed = text + _closers(found.still_open)
        if self._errors(closed, replaced) > self._repaired_errors:
            return False
        return self._narrower is None or not self._narrower.is_worse_with(candidate)

    def _is_unfit(self, candidate: Candidate) -> bool:
        """Return whether a candidate changes the meaning of what follows without a syntax error."""
        if _leaves_comment_open(candidate.text, self._language):
            return True
        if self._separates_head_from_body(candidate):
            return True
        ends = candidate.text[-1:], self._context.line_suffix[candidate.replaced_chars :][:1]
        is_inside_name = _is_name_character(self._context.line_prefix[-1:])
        return not is_inside_name and all(map(_is_name_character, ends))

    def _separates_head_from_body(self, candidate: Candidate) -> bool:
        """Return whether the block below loses its head, which is no error to grammars."""
        head, tail = self._context.line_prefix, self._context.line_suffix
        body = "".join(self._context.next_lines[:1])
        if not (self._language.blocks_by_indentation and _OPENS_BODY.match(head + tail)):
            return False
        whole = head + candidate.text + tail[candidate.replaced_chars :]
        last = whole.rpartition("\n")[2]
        is_deeper = indent_width(body) > indent_width(last)
        return is_deeper and not self._opened and not _OPENS_BODY.match(last)

    def adds_no_error_elsewhere(self, candidate: Candidate) -> bool:
        """Return whether a candidate adds no error to the whole document, unless that is long."""
        if candidate not in self._checked:  # one may be an option for several reasons
            self._checked[candidate] = self._is_right_elsewhere(candidate)
        return self._checked[candidate]

    def _is_right_elsewhere(self, candidate: Candidate) -> bool:
        most_lines = _MAX_BROKEN_LINES if self._errors_with(candidate) else _MAX_LINES
        is_long = self._context.snapshot.lines.line_count > most_lines
        if self._language.grammar is None or is_long:
            return True
        text, offset = self._context.snapshot.text, self._context.offset
        whole = text[:offset] + candidate.text + text[offset + candidate.replaced_chars :]
        # Parsed from scratch: with errors, reusing an earlier tree may give a different one.
        after = SyntaxTree(whole, self._language)
        if not after.root.has_error:
            return True
        before = self._context.snapshot.syntax
        return before is None or not adds_errors(after, before)

    def is_worse_with(self, candidate: Candidate) -> bool:
        """Return whether a candidate adds an error to those already there."""
        return self._errors_with(candidate) > self._plain_errors

    @property
    def _is_broken(self) -> bool:
        """Return whether there are errors that no expression at the cursor removes."""
        return min(self._plain_errors, self._named_errors) > 0

    @property
    def _stays_broken(self) -> bool:
        """Return whether errors remain even if everything open at the cursor is closed."""
        return self._is_broken and min(self._repaired_errors, self._closed_errors) > 0

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
        if self._statements:
            return scan(self._before, self._language).still_open
        return open_before(self._context) or ()

    @cached_property
    def _plain_errors(self) -> int:
        return self._errors("")

    @cached_property
    def _named_errors(self) -> int:
        return self._errors(_NAME)

    @cached_property
    def _repaired_errors(self) -> int:
        return self._errors(_NAME + _closers(self._opened))

    @cached_property
    def _closed_errors(self) -> int:
        return self._errors(_closers(self._opened))

    def _errors_with(self, candidate: Candidate) -> int:
        return self._errors(candidate.text, candidate.replaced_chars)

    def _errors(self, text: str, replaced_chars: int = 0) -> int:
        key = text, replaced_chars
        if key not in self._counted:
            whole = self._before + text + self._after[replaced_chars:] + self._closing
            self._counted[key] = self._count(whole)
        return self._counted[key]

    def _count(self, whole: str) -> int:
        if self._language.grammar:
            self._tree = SyntaxTree(whole, self._language, earlier=self._tree)
            return count_broken(self._tree)
        found = scan(whole, self._language)
        return len(found.still_open) + (found.unopened is not None)

    def _heads(self, text: str, start: int) -> list[str]:
        """Return the heads of the blocks around a part; of indented blocks, only unfinished."""
        heads = enclosing_lines(text, start, self._reach_chars)
        if not self._language.blocks_by_indentation:
            return list(heads)
        return [line for line in heads if self._is_open_until(text, line, start)]

    def _is_open_until(self, text: str, line: str, end: int) -> bool:
        """Return whether a bracket of the last such line before `end` is still open there."""
        if not scan(line, self._language).still_open:
            return False
        return bool(scan(text[text.rindex(line, 0, end) : end], self._language).still_open)

    def _closers_of(self, heads: tuple[str, ...], part: str) -> str:
        """Return the text that closes the string or comment and the blocks open after a part."""
        found = scan(part, self._language)
        open_lines = {_line_at(part, start) for start in found.opened_at if start is not None}
        inner = found.still_open[-1:]
        closers = ["" if inner and inner[0] in _BRACKETS else _closers(inner)]
        for head in reversed(heads):
            if self._language.id in _WITH_TAGS and (tag := _OPEN_TAG.search(head)):
                closers.append(f"</{tag[1]}>" if tag[2] else "/>")
            if self._language.id == "lua" and _LUA_BLOCK.search(head):
                closers.append(" end")
            if not open_lines.isdisjoint(head.splitlines()):
                closers.append(_closers(scan(head, self._language).still_open))
        return "".join(closers)


def _line_at(text: str, offset: int) -> str:
    return text[text.rfind("\n", 0, offset) + 1 :].partition("\n")[0]


def _may_repair(candidate: Candidate, context: CursorContext) -> bool:
    """Return whether a candidate may close or hide an error that only the cut-out lines have."""
    opened = scan(context.line_prefix, context.snapshot.language).still_open
    found = scan(candidate.text, context.snapshot.language, opened)
    hides = found.still_open and found.still_open[-1] not in _BRACKETS and context.line_suffix
    ends_directive = _DIRECTIVE_END.search(candidate.text)
    return found.unopened is not None or bool(hides or ends_directive)


def _is_name_character(character: str) -> bool:
    return character.isalnum() or character == "_"


def _leaves_comment_open(text: str, language: Language) -> bool:
    """Return whether a text begins a comment that would end with the end of a later one."""
    return bool(_COMMENT.search(text)) and scan(text, language).still_open[-1:] in _COMMENTS


def _wider(candidate: Candidate, suffix: str) -> Iterator[Candidate]:
    """Yield the candidate repeatedly, replacing one more closer after the cursor each time."""
    end = candidate.replaced_chars
    while match := _CLOSER.match(suffix, end):
        end = match.end()
        yield replace(candidate, replaced_chars=end)


def _closers(opened: tuple[str, ...]) -> str:
    return "".join(_CLOSER_OF.get(opener, "") for opener in reversed(opened))
