"""Drop unexpected indentation in an empty document, or where indentation makes blocks."""

import re
from dataclasses import replace

from assist_server.context.cursor import CursorContext
from assist_server.postprocess.brackets import open_before
from assist_server.postprocess.candidate import Candidate
from assist_server.syntax.scope import Region
from assist_server.text.indentation import indent_width, leading_whitespace

_OPENS_OR_GOES_ON = re.compile(r"(:\s*(#.*)?|\\)$")


def drop_unexpected_indent(candidate: Candidate, context: CursorContext) -> Candidate | None:
    """Begin in the column of the line above, unless that opens a block or is incomplete.

    In an empty document, lines begin at column 0. The following lines move by the same amount.
    Nothing is kept inside the indentation of code, which would move to another column.
    """
    if _is_inside_indentation(context):
        return None
    indentation = leading_whitespace(candidate.text)
    is_free = context.previous_lines and not context.snapshot.language.blocks_by_indentation
    is_blank = not candidate.text.strip()
    if is_blank or not indentation or is_free or context.line_prefix.strip():
        return candidate
    most = _most_columns(context)
    excess = None if most is None else indent_width(context.line_prefix + indentation) - most
    if not excess or excess < 0:
        return candidate
    pattern = re.compile(rf"^[ \t]{{1,{min(excess, len(indentation))}}}", re.MULTILINE)
    return replace(candidate, text=pattern.sub("", candidate.text))


def _is_inside_indentation(context: CursorContext) -> bool:
    """Return whether the cursor is before the end of the indentation of a statement."""
    after = context.line_suffix
    is_before_code = not context.line_prefix.strip() and after[:1].isspace() and after.strip()
    return (
        context.snapshot.language.blocks_by_indentation
        and bool(is_before_code)
        and _columns_matter(context)
    )


def _columns_matter(context: CursorContext) -> bool:
    """Return whether the cursor is in code and outside brackets, where columns make blocks."""
    return context.scope.region is Region.CODE and open_before(context) == ()


def _most_columns(context: CursorContext) -> int | None:
    """Return the deepest column where a line may begin at the cursor; None if it is unknown."""
    above = [x for x in context.previous_lines if not x.lstrip().startswith("#")]
    if not above:
        return None if context.previous_lines[2:] else 0
    if _OPENS_OR_GOES_ON.search(above[-1]) or not _columns_matter(context):
        return None
    return indent_width(above[-1])
