"""What an answer about a text says without support in the text."""

import re

_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_NUMBER_WORD = re.compile(
    r"\b(?:two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|thirty|forty|fifty"
    r"|sixty|hundred|thousand|million|half|twice)\b",
    re.IGNORECASE,
)
_ITEM_NUMBER = re.compile(r"^\s*\d+[.)] ", re.MULTILINE)
_NAME = re.compile(
    r"\b(?:[A-Za-z]+_\w+|[a-z]+[A-Z]\w*|(?<![.!?:] )(?<![-*] )(?<!^)[A-Z][a-z]{2,})\b",
    re.MULTILINE,
)
"""Identifiers, and capitalised words that do not begin a sentence or a line."""


def unsupported(text: str, answer: str) -> list[str]:
    """Return the numbers and names of an answer that are not in its text."""
    answer = _ITEM_NUMBER.sub("", answer)
    lower = text.lower()
    numbers = {word.lower() for kind in (_NUMBER, _NUMBER_WORD) for word in kind.findall(text)}
    stated = [word for kind in (_NUMBER, _NUMBER_WORD) for word in kind.findall(answer)]
    return [
        *(each for each in stated if each.lower() not in numbers),
        *(each for each in _NAME.findall(answer) if each.lower() not in lower),
    ]
