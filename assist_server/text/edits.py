"""Edits of a text, with character offsets."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class TextEdit:
    """Replace the characters from `start` up to `end` with `new_text`."""

    start: int
    end: int
    new_text: str


def apply_edits(text: str, edits: Iterable[TextEdit]) -> str:
    """Return the text after all `edits`, whose offsets refer to the original text.

    Raises:
        ValueError: two edits overlap, or one is outside the text.
    """
    pieces: list[str] = []
    done = 0
    for edit in sorted(edits, key=lambda edit: (edit.start, edit.end)):
        if not done <= edit.start <= edit.end <= len(text):
            raise ValueError(f"edit {edit.start}:{edit.end} overlaps another or leaves the text")
        pieces += [text[done : edit.start], edit.new_text]
        done = edit.end
    return "".join([*pieces, text[done:]])
