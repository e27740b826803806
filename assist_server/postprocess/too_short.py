"""Candidates that are not worth a look."""

from assist_server.context.cursor import CursorContext
from assist_server.postprocess.candidate import Candidate

_MIN_CHARS = 2


def drop_too_short(candidate: Candidate, _context: CursorContext) -> Candidate | None:
    """Drop what holds fewer than two characters that are not blank.

    Accepting takes one key, so a single character, a closing bracket too, is typed as fast as it is
    accepted; editors mostly insert closing brackets themselves. Two characters (`):`) may stay.
    """
    return candidate if len("".join(candidate.text.split())) >= _MIN_CHARS else None
