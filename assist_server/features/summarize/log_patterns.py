"""Messages of a log that differ only in their variable parts, and how often each occurs.

A small form of Drain: He et al., "Drain: An Online Log Parsing Approach with Fixed Depth Tree"
(2017). Messages of one length and one first word are compared word by word.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_MAX_WORDS = 30
_MAX_CHARS = 300
_MAX_PATTERNS = 5_000
_MAX_COMPARED = 12
"""Number of patterns with which a message is compared."""

_MIN_EQUAL = 0.6
"""Share of words that two messages of one pattern have in common."""

_QUOTED = re.compile(r'"[^"]{0,200}"|(?<!\w)\'[^\']{0,200}\'')
_WITH_DIGIT = re.compile(r"\d|^\*+$")
ANY = "*"


@dataclass
class Pattern:
    """A message with `*` for what varies."""

    words: list[str]
    line: int
    """Number of the line of the first message."""
    level: str
    count: int = 1

    @property
    def text(self) -> str:
        """Return the message with one `*` for neighbouring parts that vary."""
        text = " ".join(self.words)
        return re.sub(r"\*(?: \*)+", ANY, text)

    def similarity(self, words: list[str]) -> float:
        """Return the share of equal words among those that do not vary in both."""
        pairs = [pair for pair in zip(self.words, words, strict=True) if pair != (ANY, ANY)]
        return sum(one == other for one, other in pairs) / len(pairs) if pairs else 1.0

    def add(self, words: list[str]) -> None:
        """Count a message."""
        self.words = [
            one if one == other else ANY for one, other in zip(self.words, words, strict=True)
        ]
        self.count += 1


class Patterns:
    """The patterns of the messages so far."""

    def __init__(self) -> None:
        """Create an empty collection."""
        self._groups: dict[tuple[str, int, str], list[Pattern]] = {}
        self._known: dict[tuple[str, str], Pattern] = {}
        """Patterns by level and masked message."""
        self._count = 0

    def __iter__(self) -> Iterator[Pattern]:
        """Yield the patterns."""
        for group in self._groups.values():
            yield from group

    def add(self, message: str, line: int, level: str) -> None:
        """Count a message under the pattern that is most like it."""
        text = _QUOTED.sub(ANY, message[:_MAX_CHARS])
        words = [ANY if _WITH_DIGIT.search(word) else word for word in text.split()[:_MAX_WORDS]]
        if not words:
            return
        key = (level, " ".join(words))
        if key in self._known:
            self._known[key].count += 1
            return
        group = self._groups.setdefault((level, len(words), words[0]), [])
        best = max(group[-_MAX_COMPARED:], key=lambda one: one.similarity(words), default=None)
        if best is not None and best.similarity(words) >= _MIN_EQUAL:
            best.add(words)
        elif self._count < _MAX_PATTERNS:
            best = Pattern(words, line, level)
            group.append(best)
            self._count += 1
        else:
            return
        self._known[key] = best
