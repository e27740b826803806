"""End the candidate with the block at the cursor."""

import re

from assist_server.context.cursor import CursorContext
from assist_server.postprocess.brackets import scan
from assist_server.postprocess.candidate import Candidate, WrittenLine, with_text, written_lines
from assist_server.text.indentation import indent_width

_CLOSING_LINE = {"lua": re.compile(r"\s*(end|until)\b")}
_CLOSING_BRACKET = re.compile(r"\s*[)\]}]")
# Lines in the column of the block's opening line that continue its statement.
_CLAUSE_BY_INDENTATION = re.compile(r"\s*(else|elif|except|finally)\b.*:")
_CLAUSE = re.compile(
    r"\s*((else|elseif|catch|finally|case)\b"
    r"|(default|public|private|protected)\s*(:|->)"
    r"|[)\]}].*[(\[{]\s*$)"
)


def stay_in_scope(candidate: Candidate, context: CursorContext) -> Candidate | None:
    """Stop before the first line outside the block at the cursor.

    Where blocks end with a line of their own, that line is kept unless the document has it already.
    """
    if not context.is_multi_line:
        return candidate
    outer, block = _outer_columns(context), None
    for line in written_lines(candidate, context):
        width = indent_width(line.text)
        if line.is_first and context.line_prefix.strip():
            continue
        if width > outer and width >= (block or 0):
            block = block or width
        elif _is_in_string(candidate.text[: line.start], context):
            continue
        elif width == outer and _goes_on(line, context):
            block = None  # the next clause may be indented by another amount
        else:
            closes = width == outer and _closes(line, context)
            return with_text(candidate, candidate.text[: line.end if closes else line.start])
    return candidate


def _outer_columns(context: CursorContext) -> int:
    """Return the column of the line that opened the block at the cursor; -1 without one."""
    if context.line_prefix.strip():
        return indent_width(context.line_prefix)
    above = indent_width(context.previous_lines[-1]) if context.previous_lines else -1
    return min(above, context.indent_columns - 1)


def _goes_on(line: WrittenLine, context: CursorContext) -> bool:
    """Return whether `line` begins another clause of the statement, such as `else`."""
    is_indented = context.snapshot.language.blocks_by_indentation
    clause = _CLAUSE_BY_INDENTATION if is_indented else _CLAUSE
    return clause.match(line.text) is not None


def _closes(line: WrittenLine, context: CursorContext) -> bool:
    """Return whether `line` ends the block and the document does not."""
    if context.snapshot.language.blocks_by_indentation:
        return False
    closing = _CLOSING_LINE.get(context.snapshot.language.id, _CLOSING_BRACKET)
    if closing.match(line.text) is None:
        return False
    width = indent_width(line.text)
    return not any(closing.match(x) and indent_width(x) == width for x in context.next_lines[:1])


def _is_in_string(text: str, context: CursorContext) -> bool:
    """Return whether `text` leaves a string or comment of several lines open at its end."""
    innermost = scan(text, context.snapshot.language).still_open[-1:]
    return innermost not in ((), ("(",), ("[",), ("{",))
