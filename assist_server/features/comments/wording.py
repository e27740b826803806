"""A text as the lines of a comment that means nothing to any program."""

import re
import textwrap
import unicodedata

from assist_server.syntax.comment_marks import CommentMarks, Mark

COMMENT_COLUMNS = 88
_LEAST_COLUMNS = 20

_TOOLS_WORDS = re.compile(
    r"\w[\w.-]*\s?[:=]|noqa|nolint|nosec|pragma|\S+-(?:ignore|disable|enable|expect|format)\S*",
    re.IGNORECASE,
)
"""With these a comment begins that a tool obeys."""


def comment_lines(text: str, mark: Mark, marks: CommentMarks, indent: str) -> list[str]:
    """Write a text, which may be Markdown, as whole lines of a comment."""
    width = max(_LEAST_COLUMNS, COMMENT_COLUMNS - len(indent) - len(mark.start) - 1)
    plain = re.sub(r"[*`]|^#+ ", "", text, flags=re.MULTILINE).strip()
    said = [piece for line in plain.splitlines() for piece in _wrapped(_clean(line), width)]
    said = [_without_meaning(line, mark, marks) for line in said]
    if not mark.end:
        return [f"{indent}{mark.start} {line}".rstrip() for line in said]
    margin = indent + " " * (len(mark.start) + 1)
    first, *others = said
    lines = [f"{indent}{mark.start} {first}", *(f"{margin}{line}".rstrip() for line in others)]
    lines[-1] += f" {mark.end}"
    return lines


def _wrapped(line: str, width: int) -> list[str]:
    return textwrap.wrap(line, width, subsequent_indent="  " * line.startswith("- ")) or [""]


def _clean(line: str) -> str:
    """Return a line without characters that are not seen, and without what tools react to."""
    seen = "".join(one for one in line if unicodedata.category(one) not in {"Cc", "Cf", "Cs"})
    line = " ".join(seen.split())
    if not line.startswith("- "):
        line = re.sub(r"^[^\w(\"']+", "", line)
    return f"Summary: {line}" if _TOOLS_WORDS.match(line) else line


def _without_meaning(line: str, mark: Mark, marks: CommentMarks) -> str:
    for text in (*([mark.start, mark.end] if mark.end else []), *marks.forbidden):
        # One character is left out, more are drawn apart: "* /" ends nothing.
        line = line.replace(text, " ".join(text) if len(text) > 1 else " ")
    line = re.sub(r"coding([:=])", r"coding \1", line)
    return line.rstrip(" \\^_`?-")
