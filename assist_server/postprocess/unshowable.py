"""Text that no editor can show as what it is."""

import re

from assist_server.context.cursor import CursorContext
from assist_server.postprocess.candidate import Candidate

_UNSHOWABLE = re.compile(
    "[\\x00-\\x08\\x0b-\\x0c\\x0e-\\x1f\\x7f-\\x9f"  # control characters but tabs and line ends
    "\\u2028\\u2029"  # line ends to some editors and none to LSP
    "\\u202a-\\u202e\\u2066-\\u2069"  # change the direction: the code is not what it looks like
    "\\ud800-\\udfff"  # halves of characters, which JSON cannot carry
    "\\ufffd]"  # bytes that were no text
)


def drop_unshowable(candidate: Candidate, _context: CursorContext) -> Candidate | None:
    """Drop a candidate that holds control characters or broken text.

    A model that writes such things is off the rails, so nothing is kept of the rest.
    """
    return None if _UNSHOWABLE.search(candidate.text) else candidate
