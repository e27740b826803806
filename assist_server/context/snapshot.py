"""A document's URI, version and text, frozen for one request."""

import re
from dataclasses import dataclass, replace
from functools import cached_property

from assist_server.syntax.comment_marks import find_comment_marks
from assist_server.syntax.languages import Language, language_for
from assist_server.syntax.parser import SyntaxTree
from assist_server.text.lines import LineIndex
from assist_server.text.newlines import detect_newline, with_line_feeds

_LONG_LINES = 1000
"""Documents up to this length are parsed whole, which takes a few milliseconds."""

_PART_STARTS = tuple(
    re.compile(pattern, re.MULTILINE)
    for pattern in (
        r"^@|^((async )?def|class)\b|^[^\W\d].*[({\[][ \t]*$",
        r"^[ \t]+((async )?def|class)\b|^[ \t].*\{[ \t]*$",
        r"^[^\W\d]",
    )
)
"""Preferred first lines for a part of a document, best first; prose rarely looks like them."""


@dataclass(frozen=True)
class Snapshot:
    """One version of one document; derived values are computed once."""

    uri: str
    path: str
    """Path of the file, relative to its project where that is known; shown to the model."""
    text: str
    r"""Lines end in `\n`, whatever the given text had, as in the models' training data."""
    language_id: str = ""
    version: int | None = None
    newline: str = ""
    """The most frequent line end of the document, for text that is written back into it."""
    project: str = ""
    """The name of the project's folder, shown to the model; empty for a file outside of one."""

    def __post_init__(self) -> None:
        """Record how lines end, and convert them to line feeds."""
        given = self.text
        object.__setattr__(self, "text", with_line_feeds(given))
        object.__setattr__(self, "newline", self.newline or detect_newline(given))

    @cached_property
    def language(self) -> Language:
        """Return the language, by LSP languageId or file extension."""
        return language_for(self.language_id, self.path)

    @cached_property
    def is_prose(self) -> bool:
        """Return whether the document is text for people; so are languages that are not known."""
        marks = find_comment_marks(self.language_id, self.path)
        return self.language.grammar is None and (marks is None or marks.is_prose)

    @cached_property
    def lines(self) -> LineIndex:
        """Return the index of the line starts."""
        return LineIndex(self.text)

    def after_edit(self, start: int, end: int, inserted: str, version: int | None) -> "Snapshot":
        """Return the next version, with characters `start` to `end` replaced and lines indexed."""
        text, lines = self.lines.after_edit(start, end, with_line_feeds(inserted))
        changed = replace(self, text=text, version=version)
        changed.__dict__["lines"] = lines  # where `cached_property` stores it
        return changed

    @cached_property
    def syntax(self) -> SyntaxTree | None:
        """Return the syntax tree; None for languages without a grammar."""
        return SyntaxTree(self.text, self.language) if self.language.grammar else None

    def syntax_near(self, line: int, reach_lines: int) -> SyntaxTree | None:
        """Return the syntax around a line, at a cost that does not grow with the document.

        Only a part of a long document is parsed: it begins at a top-level statement, definition or
        block at most `reach_lines` above and ends as many lines below. The tree knows nothing
        of the code around it; a part that begins or ends inside a string may be misparsed.
        """
        if self.lines.line_count <= _LONG_LINES or self.language.grammar is None:
            return self.syntax
        return SyntaxTree(self.text, self.language, *self.part_near(line, reach_lines))

    def part_near(self, line: int, reach_lines: int) -> tuple[int, int]:
        """Return the offsets of the lines around one, beginning where a statement probably does."""
        lines = self.lines
        first = lines.start_of(max(0, line - reach_lines))
        end = lines.start_of(min(line + reach_lines, lines.line_count - 1))
        if line + reach_lines >= lines.line_count:
            end = len(self.text)
        found = (one.search(self.text, first, lines.end_of(line)) for one in _PART_STARTS if first)
        return next((match.start() for match in found if match), first), end
