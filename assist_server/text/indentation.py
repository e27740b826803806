"""Leading white space, and the indentation unit of a text."""

import re
from collections import Counter
from itertools import pairwise

DEFAULT_INDENT = "    "

_LINE_END = re.compile(r"\r\n|\n|\r")


def leading_whitespace(line: str) -> str:
    """Return the blanks and tabs at the start of a line."""
    return line[: len(line) - len(line.lstrip(" \t"))]


def indent_width(line: str, tab_columns: int = 8) -> int:
    """Return the column of a line's first character, with tabs as in Python's tokenizer."""
    return len(leading_whitespace(line).expandtabs(tab_columns))


def detect_indent_unit(text: str) -> str:
    """Return one level of indentation in a text: the most frequent increase.

    An increase of one space is ignored: it is the second line of a block comment, or alignment.
    So is alignment with what follows a bracket.
    """
    steps: Counter[str] = Counter()
    lines = [line for line in _LINE_END.split(text) if line.strip()]
    for above, line in pairwise(["", *lines]):
        outer, inner = leading_whitespace(above), leading_whitespace(line)
        if _is_aligned(above, len(inner)):
            continue
        if inner.startswith(outer) and (step := inner[len(outer) :]) not in ("", " "):
            steps[step] += 1
    return steps.most_common(1)[0][0] if steps else DEFAULT_INDENT


_CLOSERS = {"(": ")", "[": "]", "{": "}"}


def _is_aligned(above: str, column: int) -> bool:
    """Return whether a column is that of what follows an open bracket in the line above."""
    bracket, rest = above[column - 1 : column], above[column:].rstrip()
    closer = _CLOSERS.get(bracket)
    if closer is None or not rest or rest[0].isspace():
        return False
    return rest.count(closer) <= rest.count(bracket)
