"""A document as it was when a request arrived."""

from dataclasses import dataclass, replace
from functools import cached_property

from assist_server.syntax.languages import Language, language_for
from assist_server.syntax.parser import SyntaxTree
from assist_server.text.lines import LineIndex


@dataclass(frozen=True)
class Snapshot:
    """One version of one document; what is derived from it is computed once."""

    uri: str
    path: str
    """Where the file lies, relative to its project where that is known; shown to the model."""
    text: str
    language_id: str = ""
    version: int | None = None

    @cached_property
    def language(self) -> Language:
        """The language, by LSP languageId or file ending."""
        return language_for(self.language_id, self.path)

    @cached_property
    def lines(self) -> LineIndex:
        """Where the lines start."""
        return LineIndex(self.text)

    def after_edit(self, start: int, end: int, inserted: str, version: int | None) -> "Snapshot":
        """The next version, with characters `start` to `end` replaced; its lines are known."""
        text, lines = self.lines.after_edit(start, end, inserted)
        changed = replace(self, text=text, version=version)
        changed.__dict__["lines"] = lines  # where `cached_property` keeps it
        return changed

    @cached_property
    def syntax(self) -> SyntaxTree | None:
        """The syntax tree; None for languages without a grammar."""
        return SyntaxTree(self.text, self.language) if self.language.grammar else None
