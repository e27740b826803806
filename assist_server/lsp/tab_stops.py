"""Placeholders as tab stops, in the syntax of snippets."""

import re

from assist_server.features.documentation.phrases import PLACEHOLDER
from assist_server.text.edits import TextEdit, apply_edits

_SPECIAL = re.compile(r"[\\$}]")


def snippet_edit(text: str, edits: list[TextEdit]) -> TextEdit | None:
    """Return one edit whose text is a snippet with a tab stop for each placeholder.

    It does what all the edits do, so that one press of a key leads from each tab stop to the next.
    It begins at the start of a line: elsewhere, editors would indent its lines once more. Return
    None if the edits insert no placeholder.
    """
    if not any(PLACEHOLDER.search(edit.new_text) for edit in edits):
        return None
    start = text.rfind("\n", 0, min(edit.start for edit in edits)) + 1
    end = max(edit.end for edit in edits)
    moved = [TextEdit(one.start - start, one.end - start, one.new_text) for one in edits]
    return TextEdit(start, end, _snippet(apply_edits(text[start:end], moved)))


def _snippet(text: str) -> str:
    pieces, done = [], 0
    for number, found in enumerate(PLACEHOLDER.finditer(text), start=1):
        words = found[0].removesuffix(".")  # the full stop stays after what the person writes
        pieces += [_escaped(text[done : found.start()]), f"${{{number}:{words}}}"]
        done = found.start() + len(words)
    return "".join([*pieces, _escaped(text[done:])])


def _escaped(text: str) -> str:
    return _SPECIAL.sub(r"\\\g<0>", text)
