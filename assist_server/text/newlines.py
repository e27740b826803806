r"""Line ends: `\n` wherever the program works, and the document's own in what is written back.

A document may end its lines with `\r\n`, `\r` or `\n`, and mix them. A model has learnt from texts
with `\n` only, so this form is what everything works on. Both forms have the same lines, so a place
of the one is found in the other by its line and what stands before it there.
"""

import re
from collections.abc import Iterable

from assist_server.text.edits import TextEdit, apply_edits
from assist_server.text.lines import LineIndex

BYTE_ORDER_MARK = "\ufeff"
"""What some editors write before the first line; it belongs to the file, not to its text."""

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\n|\r)|[^\r\n]+")


def with_line_feeds(text: str) -> str:
    r"""Return the text with `\n` for every line end; the same object where there is no other."""
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def with_newline(text: str, newline: str) -> str:
    """Return the text with `newline` for every line end."""
    return with_line_feeds(text).replace("\n", newline)


def detect_newline(text: str) -> str:
    r"""Return the line end that the text uses most; `\n` for a text of one line."""
    crlf = text.count("\r\n")
    counts = {"\n": text.count("\n") - crlf, "\r\n": crlf, "\r": text.count("\r") - crlf}
    return max(counts, key=lambda end: counts[end])


def split_lines(text: str) -> list[str]:
    r"""Return the lines, each with its end.

    Form feeds, U+2028 and the like end no line; `str.splitlines` would cut there.
    """
    return _LINE.findall(text)


def edit_original(original: str, edits: Iterable[TextEdit]) -> str:
    """Return a text as it is stored after edits that mean its form with line feeds.

    Its own line ends stay, mixed ones too; what is inserted has the one that it uses most.

    Raises:
        ValueError: two edits overlap, or one lies outside the text.
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
