"""Drop text that an editor cannot show as it is."""

import re

from assist_server.context.cursor import CursorContext
from assist_server.postprocess.candidate import Candidate

_UNSHOWABLE = re.compile(
    "[\\x00-\\x08\\x0b-\\x0c\\x0e-\\x1f\\x7f-\\x9f"  # control characters except tabs and line ends
    "\\u2028\\u2029"  # line ends to some editors and none to LSP
    "\\u202a-\\u202e\\u2066-\\u2069"  # change the direction and with it the look of the code
    "\\ud800-\\udfff"  # halves of characters, which JSON cannot carry
    "\\ufffd"  # bytes that were not text
    # invisible, or a blank to the eye but not to a compiler
    "\\u00a0\\u00ad\\u034f\\u061c\\u115f\\u1160\\u1680\\u17b4\\u17b5\\u180b-\\u180f"
    "\\u2000-\\u200c\\u200e\\u200f\\u202f\\u205f-\\u2065\\u206a-\\u206f\\u2800\\u3164"
    "\\ufe00-\\ufe0e\\ufeff\\uffa0\\ufff0-\\ufffb\\U000e0000-\\U000e0fff]"
    # joiners and colours of emoji, elsewhere
    "|(?<![\\u203c-\\u3299\\U0001f000-\\U0001faff#*0-9])\\ufe0f"
    "|(?<![\\ufe0f\\u2600-\\u27bf\\U0001f000-\\U0001faff])\\u200d"
    "|\\u200d(?![\\u2600-\\u27bf\\U0001f000-\\U0001faff])"
)


def drop_unshowable(candidate: Candidate, _context: CursorContext) -> Candidate | None:
    """Drop a candidate that contains invisible characters or broken text.

    The rest of such an answer is not to be trusted either.
    """
    return None if has_unshowable(candidate.text) else candidate


def has_unshowable(text: str) -> bool:
    """Return whether a text contains invisible characters or broken text."""
    return _UNSHOWABLE.search(text) is not None
