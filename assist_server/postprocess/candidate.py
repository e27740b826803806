"""A completion on its way from the model to the user."""

from collections.abc import Callable
from dataclasses import dataclass

from assist_server.context.cursor import CursorContext


@dataclass(frozen=True)
class Candidate:
    """Text to insert at the cursor, and how many characters behind the cursor it replaces."""

    text: str
    replaced_chars: int = 0


Filter = Callable[[Candidate, CursorContext], Candidate | None]
"""Returns the candidate, changed or not, or None when nothing should be shown."""
