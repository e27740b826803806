"""Convert line ends to line feeds."""

from dataclasses import replace

from assist_server.context.cursor import CursorContext
from assist_server.postprocess.candidate import Candidate
from assist_server.text.newlines import with_line_feeds


def match_newlines(candidate: Candidate, _context: CursorContext) -> Candidate | None:
    r"""End lines in `\n`, as snapshots do; the document's own return when an edit is written."""
    text = with_line_feeds(candidate.text)
    return candidate if text == candidate.text else replace(candidate, text=text)
