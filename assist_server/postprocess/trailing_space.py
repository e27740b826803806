"""Blanks and empty lines at the end."""

import re

from assist_server.context.cursor import CursorContext
from assist_server.postprocess.candidate import Candidate
from assist_server.postprocess.written_lines import with_text

_BEFORE_LINE_END = re.compile(r"[ \t]+(?=[\r\n])")


def trim_trailing_space(candidate: Candidate, context: CursorContext) -> Candidate | None:
    """Leave no blanks at line ends and no empty line at the end.

    A blank between the candidate and a word behind the cursor is not at a line end; it stays.
    """
    text = _BEFORE_LINE_END.sub("", candidate.text)
    behind = context.line_suffix[candidate.replaced_chars :]
    if not behind.strip() or behind[0].isspace():
        text = text.rstrip()
    return candidate if text == candidate.text else with_text(candidate, text)
