"""Placeholders as tab stops, in the syntax of snippets."""

import re
from itertools import takewhile

from assist_server.features.documentation.phrases import PLACEHOLDER
from assist_server.text.edits import TextEdit, apply_edits

_SPECIAL = re.compile(r"[\\$}]")


def snippet_edit(text: str, edits: list[TextEdit]) -> TextEdit | None:
    """Return one edit that inserts a snippet with a tab stop for each placeholder.

    It inserts whole lines: editors adapt the indentation of a snippet to that before it, and may
    write tabs as blanks, so a snippet must contain no code. Return None if the edits change lines
    that are there, insert at several places, or leave no placeholder.
    """
    start = text.rfind("\n", 0, min(edit.start for edit in edits)) + 1
    end = text.find("\n", max(edit.end for edit in edits)) + 1
    if not end:  # the last line has no end, so no line can be inserted below
        return None
    moved = [TextEdit(one.start - start, one.end - start, one.new_text) for one in edits]
    before = text[start:end].splitlines(keepends=True)
    after = apply_edits(text[start:end], moved).splitlines(keepends=True)
    pairs = zip(before, after, strict=False)
    above = sum(1 for _ in takewhile(lambda both: both[0] == both[1], pairs))
    below = len(before) - above
    inserted = "".join(after[above : len(after) - below])
    is_insertion = after[len(after) - below :] == before[above:]
    if not (is_insertion and PLACEHOLDER.search(inserted)):
        return None
    place = start + len("".join(before[:above]))
    return TextEdit(place, place, _snippet(inserted))


def _snippet(text: str) -> str:
    pieces, done = [], 0
    for number, found in enumerate(PLACEHOLDER.finditer(text), start=1):
        words = found[0].removesuffix(".")  # the full stop stays after what the person writes
        pieces += [_escaped(text[done : found.start()]), f"${{{number}:{words}}}"]
        done = found.start() + len(words)
    return "".join([*pieces, _escaped(text[done:])])


def _escaped(text: str) -> str:
    return _SPECIAL.sub(r"\\\g<0>", text)
