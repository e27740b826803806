"""Where only one line fits."""

import re

from assist_server.context.cursor import CursorContext
from assist_server.postprocess.candidate import Candidate
from assist_server.postprocess.written_lines import with_text

_LINE_END = re.compile(r"[\r\n]")


def keep_first_line(candidate: Candidate, context: CursorContext) -> Candidate | None:
    """Keep the first line, unless the cursor stands where a block has just begun.

    A model that begins with a line break says that the line is complete; nothing is shown then.
    """
    end = _LINE_END.search(candidate.text)
    if end is None or context.is_multi_line:
        return candidate
    return with_text(candidate, candidate.text[: end.start()])
