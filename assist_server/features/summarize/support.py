"""Numbers and names in a model's answer that do not occur in the text it is about."""

import re

_NUMBER = re.compile(r"\d+(?:[.,_]\d+)*")
_NUMBER_WORD = re.compile(
    r"\b(?:four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|thirty|forty|fifty|sixty"
    r"|hundred|thousand|million)\b",
    re.IGNORECASE,
)
"""Small numbers, half and twice are left out: they are often counted, and rightly."""
_ITEM_NUMBER = re.compile(r"^\s*\d+[.)] ", re.MULTILINE)
_IDENTIFIER = re.compile(
    r"\b(?:_+[A-Za-z]\w*|[A-Za-z]+_\w+|[A-Za-z][a-z]+[A-Z]\w*|[a-z]+[A-Z]\w*)\b"
)
_PROPER_NAME = re.compile(r"(?<![.!?:] )(?<![-*] )(?<!^)\b[A-Z][a-z]{2,}\b", re.MULTILINE)
"""Capitalised words that do not begin a sentence or a line."""


def unsupported(text: str, answer: str) -> list[str]:
    """Return the numbers and identifiers of an answer that are not in its text."""
    answer = _ITEM_NUMBER.sub("", answer)
    lower = text.lower()
    known = {_plain(word) for kind in (_NUMBER, _NUMBER_WORD) for word in kind.findall(text)}
    stated = [word for kind in (_NUMBER, _NUMBER_WORD) for word in kind.findall(answer)]
    return [
        *(each for each in stated if _plain(each) not in known),
        *(each for each in _IDENTIFIER.findall(answer) if each.lower() not in lower),
    ]


def unsupported_names(text: str, answer: str) -> list[str]:
    """Return the proper names of an English answer that are not in its text."""
    lower = text.lower()
    return [each for each in _PROPER_NAME.findall(answer) if each.lower() not in lower]


def _plain(number: str) -> str:
    """Return a number without separators, as `10,000` and `10_000` are the same."""
    return re.sub(r"[.,_]", "", number.lower())
