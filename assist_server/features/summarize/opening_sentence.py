"""The first sentence of documentation that is there."""

import re

from assist_server.features.summarize.boilerplate import is_boilerplate
from assist_server.features.summarize.sentences import split_sentences

_MOST_CHARS = 120
_MARKS = re.compile(r"^[\s/*#\-!;%<|]+|\*/\s*$")
_SUMMARY_TAG = re.compile(r"[@\\](?:brief|short|summary|description|desc)\b\s*|</?summary>\s*")
_FIELD = re.compile(
    r"""
      [@\\:]\w                        # @param, \return, :param x:
    | \{@?\w+\}?\s*$                  # {@inheritDoc}
    | (?:args|arguments|parameters|params|returns?|yields|raises|throws|attributes|examples?|note)
      s?:?\s*$                        # Args:, Returns
    | [-=~]{3,}\s*$
    """,
    re.VERBOSE | re.IGNORECASE,
)


def opening_sentence(documentation: str) -> str:
    """Return the first sentence of a docstring or comment; empty where it has none of its own."""
    lines: list[str] = []
    for raw in re.sub(r"^[rbuRBU]{0,2}(\"\"\"|''')", "", documentation).splitlines():
        line = _SUMMARY_TAG.sub("", _MARKS.sub("", raw)).strip("\"' ")
        if _FIELD.match(line) or (lines and not line):
            break
        lines += [line] if line else []
    sentences = split_sentences(" ".join(lines))
    if not sentences or is_boilerplate(sentences[0]):
        return ""
    return sentences[0][:_MOST_CHARS]
