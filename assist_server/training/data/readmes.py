"""Pairs from READMEs: the first paragraph says what the rest is about."""

import re

from assist_server.training.data.documents import Document, pair_of

_LEAST_CHARS, _MOST_CHARS = 40, 320
_LEAST_LETTERS = 0.6
_IS_README = re.compile(r"(^|/)readme(\.(md|markdown))?$", re.IGNORECASE)
_NO_PROSE = re.compile(r"^\s*([#=|>*+\-!\[<`~]|\d+[.)]|\.\. )|://|^\s{4}|</?\w+")


def readme_pair(document: Document) -> Document | None:
    """Return a README's first paragraph and what follows it; None for other files."""
    origin = document.origin
    if not _IS_README.search(origin.path):
        return None
    parts = first_paragraph(document.text)
    if parts is None:
        return None
    return pair_of(
        origin.distribution, origin.version, origin.licence, f"paragraphs/{origin.path}", *parts
    )


def first_paragraph(text: str) -> tuple[str, str] | None:
    """Return the first paragraph of prose, on one line, and all that follows it."""
    place = 0
    for block in re.split(r"(\n[ \t]*\n)", text):
        place += len(block)
        prose = " ".join(block.split())
        letters = sum(map(str.isalpha, prose))
        is_prose = not any(map(_NO_PROSE.search, block.splitlines()))
        if (
            is_prose
            and _LEAST_CHARS <= len(prose) <= _MOST_CHARS
            and letters >= _LEAST_LETTERS * len(prose)
            and prose.endswith((".", "!"))
        ):
            return prose, text[place:].strip()
    return None
