"""Text that no editor can show as what it is."""

import re

from assist_server.context.cursor import CursorContext
from assist_server.postprocess.candidate import Candidate

_UNSHOWABLE = re.compile(
    "[\\x00-\\x08\\x0b-\\x0c\\x0e-\\x1f\\x7f-\\x9f"  # control characters but tabs and line ends
    "\\u2028\\u2029"  # line ends to some editors and none to LSP
    "\\u202a-\\u202e\\u2066-\\u2069"  # change the direction: the code is not what it looks like
    "\\ud800-\\udfff"  # halves of characters, which JSON cannot carry
    "\\ufffd"  # bytes that were no text
    # nothing to see, or a blank that is none to a compiler
    "\\u00a0\\u00ad\\u034f\\u061c\\u115f\\u1160\\u1680\\u17b4\\u17b5\\u180b-\\u180f"
    "\\u2000-\\u200c\\u200e\\u200f\\u202f\\u205f-\\u2065\\u206a-\\u206f\\u2800\\u3164"
    "\\ufe00-\\ufe0e\\ufeff\\uffa0\\ufff0-\\ufffb\\U000e0000-\\U000e0fff]"
    # what joins and colours emoji, anywhere else
    "|(?<![\\u203c-\\u3299\\U0001f000-\\U0001faff#*0-9])\\ufe0f"
    "|(?<![\\ufe0f\\u2600-\\u27bf\\U0001f000-\\U0001faff])\\u200d"
    "|\\u200d(?![\\u2600-\\u27bf\\U0001f000-\\U0001faff])"
)


def drop_unshowable(candidate: Candidate, _context: CursorContext) -> Candidate | None:
    """Drop a candidate that holds invisible characters or broken text.

    A model that writes such things is off the rails, so nothing is kept of the rest.
    """
    return None if _UNSHOWABLE.search(candidate.text) else candidate
