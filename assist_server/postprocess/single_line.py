"""Keep one line where only one fits."""

import re

from assist_server.context.cursor import CursorContext
from assist_server.postprocess.candidate import Candidate, with_text

_LINE_END = re.compile(r"[\r\n]")


def keep_first_line(candidate: Candidate, context: CursorContext) -> Candidate | None:
    """Keep the first line, unless a block has just begun at the cursor.

    A model that begins with a line break takes the line for complete; then nothing is shown.
    """
    end = _LINE_END.search(candidate.text)
    if end is None or context.is_multi_line:
        return candidate
    return with_text(candidate, candidate.text[: end.start()])
