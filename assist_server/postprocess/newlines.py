"""The document's line ends."""

import re
from dataclasses import replace

from assist_server.context.cursor import CursorContext
from assist_server.postprocess.candidate import Candidate
from assist_server.text.indentation import detect_newline

_LINE_END = re.compile(r"\r\n|\n|\r")


def match_newlines(candidate: Candidate, context: CursorContext) -> Candidate | None:
    r"""End lines as the document ends them: a model writes `\n` whatever the file has."""
    if not _LINE_END.search(candidate.text):
        return candidate
    newline = detect_newline(context.surroundings)
    return replace(candidate, text=_LINE_END.sub(newline, candidate.text))
