"""Facts about a text, and the Markdown that states them."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from assist_server.context.secrets import without_secrets
from assist_server.text.inert_markdown import inert_line

MAX_LISTED = 12
_MAX_QUOTED = 100
_MAX_SENTENCE = 160


@dataclass(frozen=True)
class Fact:
    """One item of a summary, about one line."""

    what: str
    """Markdown."""
    line: int
    """Number of the line in the document, from 1."""
    detail: str = ""
    """Markdown; follows the line number."""

    def __str__(self) -> str:
        """Return the item in Markdown."""
        detail = f": {self.detail}" if self.detail else ""
        return f"- {self.what} (line {self.line}){detail}"


@dataclass(frozen=True)
class Facts:
    """A summary: one sentence that says the most important thing, and a list."""

    headline: str
    items: tuple[Fact, ...] = ()
    left_out: int = 0
    """Number of items that could follow."""
    says_news: bool = False
    """Whether the headline is worth more than a short text, such as the place of an error."""
    says_purpose: bool = False
    """Whether the headline says what the text is for."""

    def to_markdown(self, most_chars: int | None = None) -> str:
        """Return the summary with as many items as it may have; a last line says what is left out.

        Args:
            most_chars: The summary has no more characters than this, unless the headline has.
        """
        count = min(len(self.items), MAX_LISTED)
        while count and most_chars is not None and len(self._first(count)) > most_chars:
            count -= 1
        return self._first(count)

    def _first(self, count: int) -> str:
        if not count:
            return self.headline
        left = len(self.items) - count + self.left_out
        lines = [self.headline, "", *map(str, self.items[:count])]
        return "\n".join([*lines, f"- and {left:,} more"] if left else lines)


def quoted(text: str, most_chars: int = _MAX_QUOTED) -> str:
    """Return a piece of the text as inline code, without secrets and on one line."""
    plain = _plain(text, most_chars) or " "
    marks = "`" * (1 + max((len(run) for run in re.findall(r"`+", plain)), default=0))
    pad = " " if plain[0] == "`" or plain[-1] == "`" else ""
    return f"{marks}{pad}{plain}{pad}{marks}"


def said(sentence: str, most_chars: int = _MAX_SENTENCE) -> str:
    """Return a sentence of the text on one line, without secrets and with no links that act."""
    return inert_line(_plain(sentence, most_chars))


def counted(count: int, what: str) -> str:
    """Return a count and its noun: `1 line`, `2,000 lines`, `3 classes`, `2 entries`."""
    if count == 1:
        return f"1 {what}"
    plural = f"{what[:-1]}ies" if re.search(r"[^aeiou]y$", what) else what
    plural += "" if plural != what else "es" if re.search(r"(?:s|ch|x)$", what) else "s"
    return f"{count:,} {plural}"


def listed(parts: Iterable[str]) -> str:
    """Return parts as a list in a sentence: `a, b and c`."""
    *firsts, last = list(parts) or [""]
    return f"{', '.join(firsts)} and {last}" if firsts else last


def _plain(text: str, most_chars: int) -> str:
    cut = text[: 4 * most_chars]
    seen = "".join(
        " " if unicodedata.category(one) in {"Cc", "Zl", "Zp"} else one
        for one in cut
        if unicodedata.category(one) not in {"Cf", "Cs"}
    )
    plain = " ".join(without_secrets(" ".join(seen.split())).split())
    if len(plain) > most_chars:
        return f"{plain[: most_chars - 1].rstrip()}…"
    return plain if len(text) == len(cut) else f"{plain}…"
