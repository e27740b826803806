r"""Line ends: `\n` inside the program, and the document's own in the text written back.

A document may end its lines with `\r\n`, `\r` or `\n`, and mix them. Models are trained on texts
with `\n` only, so the program works on that form. Both forms have the same lines, so an offset in
one is converted to the other by its line and column.
"""

import re
from collections.abc import Iterable

from assist_server.text.edits import TextEdit, apply_edits
from assist_server.text.lines import LineIndex

BYTE_ORDER_MARK = "\ufeff"
"""Written by some editors before the first line; part of the file, not of its text."""

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\n|\r)|[^\r\n]+")


def with_line_feeds(text: str) -> str:
    r"""Return the text with `\n` for every line end; the same object if there is no other one."""
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def with_newline(text: str, newline: str) -> str:
    """Return the text with `newline` for every line end."""
    return with_line_feeds(text).replace("\n", newline)


def detect_newline(text: str) -> str:
    r"""Return the most frequent line end of a text; `\n` for a text of one line."""
    crlf = text.count("\r\n")
    counts = {"\n": text.count("\n") - crlf, "\r\n": crlf, "\r": text.count("\r") - crlf}
    return max(counts, key=lambda end: counts[end])


def split_lines(text: str) -> list[str]:
    r"""Return the lines, each with its end.

    Form feeds, U+2028 and the like do not end a line; `str.splitlines` would split there.
    """
    return _LINE.findall(text)


def edit_original(original: str, edits: Iterable[TextEdit]) -> str:
    """Apply edits of a text's form with line feeds to the original text.

    Its line ends stay, mixed ones too; inserted text gets the most frequent one.

    Raises:
        ValueError: two edits overlap, or one is outside the text.
    """
    theirs, ours = LineIndex(original), LineIndex(with_line_feeds(original))
    newline = detect_newline(original)

    def place(offset: int) -> int:
        line = ours.line_at(offset)
        return theirs.start_of(line) + offset - ours.start_of(line)

    moved = (
        TextEdit(place(edit.start), place(edit.end), with_newline(edit.new_text, newline))
        for edit in edits
    )
    return apply_edits(original, moved)
