"""Whether a model's phrase says more than the name, and is about what the function does.

A small model writes fluent falsehoods. Words of a true phrase mostly stand in the function; a
phrase with only the words of the name tells nothing.
"""

import re

from assist_server.features.documentation.phrases import PhraseKind, PhraseRequest
from assist_server.features.documentation.words import spell_out, split_name

MIN_NEW_WORDS = 1
MIN_SHARE_IN_BODY = 0.8
"""Share of a phrase's words that stand in the function: see `benchmarks/documentation_sheet.py`."""

_EMPTY_WORD_LIST = """
a about all also an and any are as at be been being but by can context data do does each else
for from function get given gets has how have if in information instance into is it item its itself
list method need needs new not number object of on or other our out parameter result return
returned returns set should some specific specified string such than that the their them then
there these this those to use used uses using value values was were what when where whether
which while will with you your provided current corresponding certain default based following
optional want passed contains name
"""
_EMPTY_WORDS = frozenset(_EMPTY_WORD_LIST.split())
_WORD = re.compile(r"[^\W\d_]+")
_ENDINGS = re.compile(r"(?:ations?|ings?|ers?|ors?|ies|ied|es|ed|s|e|y)$")
_SHORTEST_STEM = 3
_LONGEST_STEM = 6


def stem(word: str) -> str:
    """Return a word without its ending: reads, reading and reader become one."""
    short = _ENDINGS.sub("", word.lower())
    return (short if len(short) >= _SHORTEST_STEM else word.lower())[:_LONGEST_STEM]


def stems(text: str) -> frozenset[str]:
    """Return the stems of all words in a text, those in identifiers included."""
    words = (word for name in re.findall(r"\w+", text) for word in split_name(name))
    return frozenset(stem(part) for word in words for part in (word, *spell_out([word]).split()))


_ACCESSOR = re.compile(r"_*(?:get|set|is|has)(?=[A-Z_])", re.IGNORECASE)
"""The beginning of the names of methods about a part of their object."""


def content_words(phrase: str) -> list[str]:
    """Return the stems of the words that carry a meaning."""
    words = [word.lower() for word in _WORD.findall(phrase)]
    return [stem(word) for word in words if len(word) > 1 and word not in _EMPTY_WORDS]


def new_words(phrase: str, request: PhraseRequest) -> list[str]:
    """Return the words of a phrase that say more than the name.

    The class of a method is new in a summary: adding to the inventory is more than adding. But the
    size of the writer is no more than the size.
    """
    known = _words_of_signature(request)
    if request.kind is PhraseKind.SUMMARY:
        definition = request.definition
        names = definition.name, *(one.name for one in definition.parameters)
        known = stems(" ".join(names))
        if _ACCESSOR.match(definition.name):
            known |= stems(definition.parent or "")
    return [word for word in content_words(phrase) if word not in known]


def share_in(phrase: str, request: PhraseRequest, body: str) -> float:
    """Return the share of a phrase's words that stand in names, types or the body."""
    words = content_words(phrase)
    there = stems(body) | _words_of_signature(request)
    return sum(word in there for word in words) / len(words) if words else 0.0


def is_plausible(phrase: str, request: PhraseRequest, body: str) -> bool:
    """Return whether to use a model's phrase."""
    if request.kind in {PhraseKind.RAISES, PhraseKind.YIELDS}:
        return False
    says_more = len(new_words(phrase, request)) >= MIN_NEW_WORDS
    return says_more and share_in(phrase, request, body) >= MIN_SHARE_IN_BODY


def _words_of_signature(request: PhraseRequest) -> frozenset[str]:
    definition = request.definition
    own = [one for one in definition.parameters if one.name == request.subject]
    parts: tuple[str | None, ...] = (
        definition.name, definition.parent, request.subject, definition.returns,
        *(one.annotation for one in own),
    )  # fmt: skip
    if request.kind is PhraseKind.SUMMARY:
        parts = (*parts, *(one.name for one in definition.parameters))
    return stems(" ".join(part for part in parts if part))
