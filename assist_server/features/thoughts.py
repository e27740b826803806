"""Reasoning that some models write before their answer."""

import re

_OPENING = "<think>"
_THOUGHTS = re.compile(rf"\s*{_OPENING}.*?(</think>|\Z)\s*", re.DOTALL)


def without_thoughts(answer: str) -> str:
    """Return an answer without the model's thoughts, even if they have no end."""
    return _THOUGHTS.sub("", answer)


def may_be_thoughts(answer: str) -> bool:
    """Return whether the beginning of an answer may become the mark that opens thoughts."""
    return _OPENING.startswith(answer.strip())
