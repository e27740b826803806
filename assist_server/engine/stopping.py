"""Conditions on the text that end a generation early and so save tokens.

What can stop a model is here; what edits a finished text is in `postprocess`.
"""

import re
from collections.abc import Sequence

from assist_server.engine.request import StopRule
from assist_server.text.indentation import indent_width

_CLOSER_LINE = re.compile(r"[)\]}]+[;,]?|end")


def stop_at_line_end(text: str) -> int | None:
    """End with the first line."""
    return _first_of(text, ("\n", "\r"))


def stop_behind_words(text: str) -> int | None:
    """End with the first line that has words in it, for prose that may begin on a new line."""
    start = len(text) - len(text.lstrip())
    end = _first_of(text[start:], ("\n", "\r"))
    return None if end is None else start + end


def stop_at_strings(strings: Sequence[str]) -> StopRule:
    """End before any of `strings`."""

    def rule(text: str) -> int | None:
        return _first_of(text, strings)

    return rule


def stop_at_dedent(indent_columns: int, *, keeps_closer: bool = False) -> StopRule:
    """End before a line, other than the first, that begins left of `indent_columns`.

    Args:
        indent_columns: Where the block's lines begin.
        keeps_closer: Whether that line still belongs to the text if it only closes the block.
    """

    def rule(text: str) -> int | None:
        start = text.find("\n") + 1
        while start:
            end = text.find("\n", start)
            line = text[start : end if end >= 0 else len(text)]
            if line.strip() and indent_width(line) < indent_columns:
                is_closer = keeps_closer and _CLOSER_LINE.fullmatch(line.strip())
                return start + len(line) if is_closer else start - 1
            start = end + 1
        return None

    return rule


def kept_length(text: str, rules: Sequence[StopRule]) -> int | None:
    """The shortest length that any rule asks for; None when none wants to stop."""
    lengths = [length for rule in rules if (length := rule(text)) is not None]
    return min(lengths, default=None)


def _first_of(text: str, strings: Sequence[str]) -> int | None:
    places = [place for string in strings if (place := text.find(string)) >= 0]
    return min(places, default=None)
