"""Convert the indentation to that of the document."""

import re
from dataclasses import replace

from assist_server.context.cursor import CursorContext
from assist_server.postprocess.candidate import Candidate
from assist_server.syntax.scope import Region
from assist_server.text.indentation import detect_indent_unit, indent_width, leading_whitespace

_INDENTED_LINE = re.compile(r"^(?:\t|  )[ \t]*\S", re.MULTILINE)
_TAB_SPACES = 4
# A blank beyond whole levels came with the first token, except in block comments and at labels.
_SLIP = re.compile(r" (?!\s|\*|(public|private|protected):)")


def match_indentation(candidate: Candidate, context: CursorContext) -> Candidate | None:
    """Indent with tabs or spaces as the document does, by whole levels.

    A document without any indented line decides nothing, so the model's indentation stays. The
    model's unit is taken from its first indented line: deeper, tabs may stand for eight columns
    (GNU style).
    """
    lines = candidate.text.splitlines(keepends=True)
    # The cursor's own line can be indented only if nothing but blanks precedes the cursor.
    first = 1 if context.line_prefix.strip() else 0
    indented = [line for line in lines[first:] if line.strip() and leading_whitespace(line)]
    if not indented or not _INDENTED_LINE.search(context.surroundings):
        return candidate
    if context.scope.region is not Region.CODE:
        return candidate
    unit = detect_indent_unit(context.surroundings)
    spaces = _spaces_per_tab(indented[0], context)
    lines[first:] = [_converted(line, unit, spaces) for line in lines[first:]]
    text = "".join(lines)
    is_slip = not first and _SLIP.match(text) and indent_width(context.line_prefix) % len(unit) == 0
    return replace(candidate, text=text[1:] if is_slip else text)


def _spaces_per_tab(first_indented: str, context: CursorContext) -> int | None:
    """Return how many spaces the model uses for a level; None if it uses tabs itself."""
    if "\t" in leading_whitespace(first_indented):
        return None
    level = leading_whitespace(context.line_prefix).count("\t") + bool(context.line_prefix.strip())
    width = len(leading_whitespace(first_indented))
    return next((size for size in (4, 2, 8, 3) if width == size * level), _TAB_SPACES)


def _converted(line: str, unit: str, spaces: int | None) -> str:
    indentation = leading_whitespace(line)
    text = line[len(indentation) :]
    if unit.startswith("\t") == (spaces is None):
        return line
    if spaces is None:
        return indentation.replace("\t", unit) + text
    if "\t" in indentation:
        return line
    levels, alignment = divmod(len(indentation), spaces)
    return "\t" * levels + " " * alignment + text
