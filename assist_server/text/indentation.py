"""Leading white space, and the conventions that a text follows."""

import re
from collections import Counter
from itertools import pairwise

DEFAULT_INDENT = "    "


def leading_whitespace(line: str) -> str:
    """The blanks and tabs that a line begins with."""
    return line[: len(line) - len(line.lstrip(" \t"))]


def indent_width(line: str, tab_columns: int = 8) -> int:
    """The column where a line's text begins, tabs counted as Python's tokenizer counts them."""
    return len(leading_whitespace(line).expandtabs(tab_columns))


def detect_indent_unit(text: str) -> str:
    """One level of indentation as the text uses it: the most frequent step inwards."""
    steps: Counter[str] = Counter()
    lines = [line for line in text.splitlines() if line.strip()]
    for outer, inner in pairwise(lines):
        before, after = leading_whitespace(outer), leading_whitespace(inner)
        if after.startswith(before) and after != before:
            steps[after[len(before) :]] += 1
    return steps.most_common(1)[0][0] if steps else DEFAULT_INDENT


def detect_newline(text: str) -> str:
    """The line end that the text uses most; `\\n` for a text of one line."""
    counts = Counter(re.findall(r"\r\n|\n|\r", text))
    return counts.most_common(1)[0][0] if counts else "\n"
