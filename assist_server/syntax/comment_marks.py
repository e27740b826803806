"""How comments are written in a language; data and sources are in `comment_marks.toml`."""

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path, PurePath
from typing import Any

_DATA = Path(__file__).with_suffix(".toml")


@dataclass(frozen=True)
class Mark:
    """What a comment begins with, and what it ends with if that is not the line's end."""

    start: str
    end: str = ""


@dataclass(frozen=True)
class CommentMarks:
    """The comments of one language, and what is to be known of the places where they may stand."""

    name: str
    """The language as people write it."""
    marks: tuple[Mark, ...]
    """The first that fits is used; none where there are no comments."""
    lexer: str
    """Name of the lexer of Pygments that tells comments and program apart."""
    head: re.Pattern[str]
    """What has to stay at the top of a file."""
    attached: re.Pattern[str]
    """A line that belongs to the one below it."""
    goes_on: re.Pattern[str]
    """A line that the next one continues."""
    continues: re.Pattern[str]
    """A line that continues the one above it."""
    opaque: tuple[tuple[re.Pattern[str], str], ...]
    """Lines between which text is passed on as it is; the end's pattern names groups in braces."""
    forbidden: tuple[str, ...]
    """What has a meaning even inside of comments."""
    not_above: re.Pattern[str]
    """A line above which a comment would have a meaning."""
    indents: bool
    is_prose: bool


def find_comment_marks(language_id: str, path: str) -> CommentMarks | None:
    """Return the comments of a document's language; None where the language is not known."""
    table = _read_table()
    name = PurePath(path).name
    return (
        table.get(language_id.lower())
        or table.get(name)
        or table.get(PurePath(name).suffix.lower() or name)
    )


@cache
def _read_table() -> dict[str, CommentMarks]:
    """Read the data: comments by language identifier, file name and ending."""
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
        goes_on=pattern("goes_on", r"\\$"),
        continues=pattern("continues"),
        opaque=tuple(opaque),
        forbidden=tuple(fields.get("forbidden", ())),
        not_above=pattern("not_above"),
        indents=fields.get("indents", True),
        is_prose=fields.get("is_prose", False),
    )
