"""Trim blanks at line ends and empty lines at the end."""

import re

from assist_server.context.cursor import CursorContext
from assist_server.postprocess.candidate import Candidate, with_text

_BEFORE_LINE_END = re.compile(r"[ \t]+(?=[\r\n])")


def trim_trailing_space(candidate: Candidate, context: CursorContext) -> Candidate | None:
    """Remove blanks at line ends and empty lines at the end.

    A blank between the candidate and a word after the cursor is not at a line end; it stays.
    """
    text = _BEFORE_LINE_END.sub("", candidate.text)
    after = context.line_suffix[candidate.replaced_chars :]
    if not after.strip() or after[0].isspace():
        text = text.rstrip()
    return candidate if text == candidate.text else with_text(candidate, text)
