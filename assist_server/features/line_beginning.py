"""The indentation that a blank line inside a block lacks.

A model that stands at the margin there mostly says that the line is to stay blank. So it is asked
as if the indentation were typed, and the indentation is offered with what it writes.
"""

import re
from dataclasses import replace

from assist_server.context.cursor import CursorContext
from assist_server.text.indentation import detect_indent_unit, indent_width, leading_whitespace

_OPENS = re.compile(r"([:({\[]|\b(then|do|else|repeat)|=>|->)\s*((#|//|--).*)?$")
_CLOSES = re.compile(r"\s*([)}\]]|end\b|until\b)")
_DECORATES = re.compile(r"\s*@")
_ENDS_BLOCK = re.compile(r"\s*(return|raise|throw|break|continue|pass|goto)\b")


def with_indentation(context: CursorContext) -> CursorContext:
    """Return the place as it is once the missing indentation is typed; the same if none is."""
    margin = _missing(context)
    if not margin:
        return context
    start = context.offset
    snapshot = context.snapshot.after_edit(start, start, margin, context.snapshot.version)
    return replace(context, snapshot=snapshot, offset=start + len(margin))


def _missing(context: CursorContext) -> str:
    if context.line_prefix or context.line_suffix or not context.previous_lines:
        return ""
    above, below = context.previous_lines[-1], "".join(context.next_lines[:1])
    inner, outer = leading_whitespace(above), leading_whitespace(below)
    if _OPENS.search(above):
        is_deeper = indent_width(below) > indent_width(above)
        return outer if is_deeper else inner + detect_indent_unit(context.surroundings)
    if indent_width(below) < indent_width(above) and _CLOSES.match(below):
        return inner  # the block goes on up to there
    if not outer:  # the block may be over: what comes next may well begin at the margin
        return inner if _DECORATES.match(above) else ""
    is_after_gap = not context.snapshot.lines.line_text(context.line - 1).strip()
    may_be_over = indent_width(above) > indent_width(below)
    return outer if may_be_over and (is_after_gap or _ENDS_BLOCK.match(above)) else inner
