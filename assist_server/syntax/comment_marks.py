"""Comment syntax of many languages; data and sources are in `comment_marks.toml`."""

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path, PurePath
from typing import Any

_DATA = Path(__file__).with_suffix(".toml")


@dataclass(frozen=True)
class Mark:
    """The start of a comment, and its end if that is not the line's end."""

    start: str
    end: str = ""


@dataclass(frozen=True)
class CommentMarks:
    """Comment syntax of one language, and rules about where comments are allowed."""

    name: str
    """Display name of the language."""
    marks: tuple[Mark, ...]
    """The first usable one is taken; empty for languages without comments."""
    lexer: str
    """Name of the Pygments lexer that separates comments from code."""
    head: re.Pattern[str]
    """Matches what must stay at the top of a file."""
    attached: re.Pattern[str]
    """Matches a line that belongs to the one below it."""
    continued: re.Pattern[str]
    """Matches a line that the next one continues."""
    continues: re.Pattern[str]
    """Matches a line that continues the one above it."""
    opaque: tuple[tuple[re.Pattern[str], str], ...]
    """First and last lines of verbatim text; the last one's pattern names groups in braces."""
    forbidden: tuple[str, ...]
    """Text that has a meaning even inside comments."""
    not_above: re.Pattern[str]
    """Matches a line above which a comment would have a meaning."""
    indents: bool
    is_prose: bool


def find_comment_marks(language_id: str, path: str) -> CommentMarks | None:
    """Return the comment syntax of a document's language; None for an unknown language."""
    table = _read_table()
    name = PurePath(path).name
    return (
        table.get(language_id.lower())
        or table.get(name)
        or table.get(PurePath(name).suffix.lower() or name)
    )


@cache
def _read_table() -> dict[str, CommentMarks]:
    """Return comment syntax by language identifier, file name and extension."""
    content = tomllib.loads(_DATA.read_text(encoding="utf-8"))
    table: dict[str, CommentMarks] = {}
    for name, fields in content.items():
        marks = _parse(name, fields)
        table |= dict.fromkeys([*fields["ids"], *fields.get("files", ())], marks)
    return table


def _parse(name: str, fields: dict[str, Any]) -> CommentMarks:
    def pattern(field: str, default: str = "(?!)") -> re.Pattern[str]:
        return re.compile(fields.get(field, default))

    marks = (Mark(one) if isinstance(one, str) else Mark(*one) for one in fields.get("marks", ()))
    opaque = ((re.compile(start), end) for start, end in fields.get("opaque", ()))
    return CommentMarks(
        name=name,
        marks=tuple(marks),
        lexer=fields.get("lexer", ""),
        head=pattern("head"),
        attached=pattern("attached"),
        continued=pattern("continued", r"\\$"),
        continues=pattern("continues"),
        opaque=tuple(opaque),
        forbidden=tuple(fields.get("forbidden", ())),
        not_above=pattern("not_above"),
        indents=fields.get("indents", True),
        is_prose=fields.get("is_prose", False),
    )
