"""Placeholders for what only the person knows: short, easy to find, never the name again."""

import re

from assist_server.features.documentation.phrases import PhraseKind

_TEXT = "TODO: describe"
_RESULT = "TODO describe"
"""Without the colon, before which Google's convention expects a type."""
_RESULTS = frozenset({PhraseKind.RETURNS, PhraseKind.YIELDS})
PLACEHOLDER = re.compile(r"TODO:? describe\.?(?=\W*$)", re.MULTILINE)
"""What this program leaves for a person to fill in."""


def placeholder(kind: PhraseKind) -> str:
    """Return the placeholder of a phrase, before the convention's form is applied."""
    return _RESULT if kind in _RESULTS else _TEXT
