"""A document as it was when a request arrived."""

import re
from dataclasses import dataclass, replace
from functools import cached_property

from assist_server.syntax.comment_marks import find_comment_marks
from assist_server.syntax.languages import Language, language_for
from assist_server.syntax.parser import SyntaxTree
from assist_server.text.lines import LineIndex
from assist_server.text.newlines import detect_newline, with_line_feeds

_LONG_LINES = 1000
"""A shorter document is parsed as a whole, which takes a few milliseconds."""

_PART_STARTS = tuple(
    re.compile(pattern, re.MULTILINE)
    for pattern in (
        r"^@|^((async )?def|class)\b|^[^\W\d].*[({\[][ \t]*$",
        r"^[ \t]+((async )?def|class)\b|^[ \t].*\{[ \t]*$",
        r"^[^\W\d]",
    )
)
"""Where a part of a document should begin: at the margin, and where no prose looks like it."""


@dataclass(frozen=True)
class Snapshot:
    """One version of one document; what is derived from it is computed once."""

    uri: str
    path: str
    """Where the file lies, relative to its project where that is known; shown to the model."""
    text: str
    r"""Lines end in `\n` only, whatever the given text had: so a model has learnt them."""
    language_id: str = ""
    version: int | None = None
    newline: str = ""
    """The line end that the document uses most, for what is written back into it."""

    def __post_init__(self) -> None:
        """Note how lines end, and have them end in the one way."""
        given = self.text
        object.__setattr__(self, "text", with_line_feeds(given))
        object.__setattr__(self, "newline", self.newline or detect_newline(given))

    @cached_property
    def language(self) -> Language:
        """Return the language, by LSP languageId or file ending."""
        return language_for(self.language_id, self.path)

    @cached_property
    def is_prose(self) -> bool:
        """Return whether the document is text for people; so are languages that are not known."""
        marks = find_comment_marks(self.language_id, self.path)
        return self.language.grammar is None and (marks is None or marks.is_prose)

    @cached_property
    def lines(self) -> LineIndex:
        """Return where the lines start."""
        return LineIndex(self.text)

    def after_edit(self, start: int, end: int, inserted: str, version: int | None) -> "Snapshot":
        """Return the next version, with characters `start` to `end` replaced; its lines known."""
        text, lines = self.lines.after_edit(start, end, with_line_feeds(inserted))
        changed = replace(self, text=text, version=version)
        changed.__dict__["lines"] = lines  # where `cached_property` keeps it
        return changed

    @cached_property
    def syntax(self) -> SyntaxTree | None:
        """Return the syntax tree; None for languages without a grammar."""
        return SyntaxTree(self.text, self.language) if self.language.grammar else None

    def syntax_near(self, line: int, reach_lines: int) -> SyntaxTree | None:
        """Return the syntax around a line, at a cost that does not grow with the document.

        Of a long document only a part is parsed: from a statement at the margin, at most
        `reach_lines` above, or from a definition or block, to as many lines below. What surrounds
        that part stays unknown; a part that begins or ends inside a string may be misread.
        """
        if self.lines.line_count <= _LONG_LINES or self.language.grammar is None:
            return self.syntax
        return SyntaxTree(self.text, self.language, *self.part_near(line, reach_lines))

    def part_near(self, line: int, reach_lines: int) -> tuple[int, int]:
        """Return the offsets of the lines around one, from where a statement should begin."""
        lines = self.lines
        first = lines.start_of(max(0, line - reach_lines))
        end = lines.start_of(min(line + reach_lines, lines.line_count - 1))
        if line + reach_lines >= lines.line_count:
            end = len(self.text)
        found = (one.search(self.text, first, lines.end_of(line)) for one in _PART_STARTS if first)
        return next((match.start() for match in found if match), first), end
