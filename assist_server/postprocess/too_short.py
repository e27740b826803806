"""Drop candidates that are too short to be useful."""

from assist_server.context.cursor import CursorContext
from assist_server.postprocess.candidate import Candidate

_MIN_CHARS = 2


def drop_too_short(candidate: Candidate, _context: CursorContext) -> Candidate | None:
    """Drop a candidate of fewer than two non-blank characters.

    Accepting takes one key, so a single character, even a closing bracket, is typed as fast as it
    is accepted; editors mostly insert closing brackets themselves. Two characters (`):`) may stay.
    """
    return candidate if len("".join(candidate.text.split())) >= _MIN_CHARS else None
