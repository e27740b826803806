"""Closers that stand after the cursor because their openers were typed before it.

Editors insert `)` after the cursor when `(` is typed, and let the user type over it. A model that
saw them come and go would have to read its prompt anew each time, as they change what follows. So
they are left out of the prompt: the model writes its closers itself, and post-processing, which
sees the document as it is, lets these replace the ones that are there.
"""

import re

from assist_server.context.cursor import CursorContext
from assist_server.postprocess.brackets import scan
from assist_server.syntax.languages import PLAIN_TEXT, Language

_CLOSERS = {"(": ")", "[": "]", "{": "}", **{mark: mark for mark in ('"', "'", "`", '"""', "'''")}}
_ONLY_CLOSERS = re.compile(r"[)\]}\"'`\s]+")
_LONGEST_LINE = 2000


def auto_closed_chars(context: CursorContext) -> int:
    """How many characters after the cursor close, one after the other, what its line has opened.

    None where the line goes on with anything but closers.
    """
    suffix = context.line_suffix
    if not _ONLY_CLOSERS.fullmatch(suffix) or len(context.line_prefix) > _LONGEST_LINE:
        return 0
    length = 0
    for opener in reversed(_opened(context.line_prefix, context.snapshot.language)):
        closer = _CLOSERS.get(opener, "")
        rest = suffix[length:].lstrip(" \t")
        if closer.startswith(rest.rstrip()):  # a triple quote may be closed in part
            closer = rest.rstrip()
        if not closer or not rest.startswith(closer):
            break
        length = len(suffix) - len(rest) + len(closer)
    return length


def _opened(line: str, language: Language) -> tuple[str, ...]:
    """What is open at the end of a line, brackets in an open string or comment included."""
    found = scan(line, language)
    if not found.still_open or found.still_open[-1] in {"(", "[", "{"}:
        return found.still_open
    inside = line[(found.opened_at[-1] or 0) + len(found.still_open[-1]) :]
    return found.still_open + scan(inside, PLAIN_TEXT).still_open
