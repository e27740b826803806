"""Unified diffs of files."""

import difflib
import re


def unified_diff(path: str, source: str, changed: str) -> str:
    """Return the diff between two texts of a file, as `patch` and `git apply` take it."""
    path = path.lstrip("/")  # as Git does
    # For them, lines end at \n only, not at form feeds and the like.
    before, after = (re.findall(r"[^\n]*\n|[^\n]+", text) for text in (source, changed))
    lines = difflib.unified_diff(before, after, f"a/{path}", f"b/{path}")
    return "".join(
        line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines
    )
