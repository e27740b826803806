"""Leading white space, and the conventions that a text follows."""

import re
from collections import Counter
from itertools import pairwise

DEFAULT_INDENT = "    "

_LINE_END = re.compile(r"\r\n|\n|\r")


def leading_whitespace(line: str) -> str:
    """The blanks and tabs that a line begins with."""
    return line[: len(line) - len(line.lstrip(" \t"))]


def indent_width(line: str, tab_columns: int = 8) -> int:
    """The column where a line's text begins, tabs counted as Python's tokenizer counts them."""
    return len(leading_whitespace(line).expandtabs(tab_columns))


def detect_indent_unit(text: str) -> str:
    """One level of indentation as the text uses it: the most frequent step inwards.

    A step of one space is no level: it is the second line of a block comment, or alignment.
    """
    steps: Counter[str] = Counter()
    margins = [leading_whitespace(line) for line in _LINE_END.split(text) if line.strip()]
    for outer, inner in pairwise(["", *margins]):
        if inner.startswith(outer) and (step := inner[len(outer) :]) not in ("", " "):
            steps[step] += 1
    return steps.most_common(1)[0][0] if steps else DEFAULT_INDENT
