"""The prose of a documentation: what is asked for, and what of an answer can be used."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

from assist_server.syntax.definition import Definition


class PhraseKind(StrEnum):
    """What a phrase is about."""

    SUMMARY = "summary"
    PARAMETER = "parameter"
    ATTRIBUTE = "attribute"
    RETURNS = "returns"
    YIELDS = "yields"
    RAISES = "raises"


@dataclass(frozen=True)
class PhraseForm:
    """How a convention writes its phrases."""

    is_capitalised: bool = True
    has_full_stop: bool = True
    is_imperative: bool = True
    """Whether a summary tells the function what to do ("Return ...", not "Returns ...")."""


@dataclass(frozen=True)
class PhraseRequest:
    """One phrase to write: a sentence for the whole, or a few words for a part."""

    kind: PhraseKind
    subject: str
    """Name of the definition, parameter or exception; the type, if known, of what is returned."""
    definition: Definition
    form: PhraseForm = PhraseForm()
    max_chars: int = 120


# Marks of code and of markup, and what ends or starts comments and strings.
_UNUSABLE = re.compile(
    r"[][{}<>=;\\|@#$^~`&*]|\b_|_\b|__|[a-z]\((?!s\))|\(\)|//|--|\"\"|''|\.\.\."
    r"|(?<!\d):|:(?!\d)"
)
_TRAILING_CLOSER = re.compile(r"""\s*("{3}|'{3}|\*/)\s*$""")
_PLACEHOLDER = re.compile(
    r"\b(todo|fixme|xxx|summary|description|placeholder|lorem)\b[ .]*$|\bTODO\b", re.IGNORECASE
)
_CODE_WORDS = frozenset({"def", "class", "import", "elif", "pass", "self", "lambda", "nil", "null"})
_SENTENCE_END = re.compile(r"(?<=[^.\s]{2}[.!?])\s+(?=[A-Z])")
_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?")
_ARTICLES = frozenset({"a", "an", "the"})


def clean(raw: str | None, request: PhraseRequest, used: Collection[str] = ()) -> str | None:
    """The usable phrase in a model's answer, formed as the convention asks, or None.

    Refused is what could break the docstring or does not read like prose: code, markup, quotes
    that close, lines that look like another entry, repetition, a mere copy of the name, a phrase
    already `used`, too many characters.
    """
    if raw is None:
        return None
    first_line = raw.strip().partition("\n")[0].partition("\r")[0]
    phrase = " ".join(_TRAILING_CLOSER.sub("", first_line).split()).removeprefix("- ")
    phrase = _SENTENCE_END.split(phrase, maxsplit=1)[0]
    if request.kind is PhraseKind.SUMMARY and not request.form.is_capitalised:
        # The line begins with the name already; a model may say it again.
        phrase = phrase.removeprefix(f"{request.subject} ")
    if not phrase or len(phrase) > request.max_chars or _UNUSABLE.search(phrase):
        return None
    is_balanced = phrase.count('"') % 2 == 0 and phrase.count("(") == phrase.count(")")
    if not (phrase.isprintable() and is_balanced and _is_prose(phrase, request)):
        return None
    formed = finish(phrase, request.form)
    return None if formed in used else formed


def finish(phrase: str, form: PhraseForm) -> str:
    """The phrase with the first letter and the end that a convention wants."""
    head, rest = phrase[:1], phrase[1:]
    is_acronym = rest[:1].isupper() or phrase.partition(" ")[0] == "I"
    head = head.upper() if form.is_capitalised else head if is_acronym else head.lower()
    body = (head + rest).rstrip(" .,")
    return body + "." if form.has_full_stop and not body.endswith(("!", "?")) else body


def _is_prose(phrase: str, request: PhraseRequest) -> bool:
    words = [word.lower() for word in _WORD.findall(phrase)]
    letters = sum(map(len, words))
    if letters < 3 or letters < len(phrase.replace(" ", "")) * 0.6:
        return False
    if _PLACEHOLDER.search(phrase) or words[0] in _CODE_WORDS:
        return False
    if request.kind is PhraseKind.SUMMARY and len(words) < 2:
        return False
    return not _repeats_itself(words) and not _is_copy(words, request.subject)


def _repeats_itself(words: list[str]) -> bool:
    pairs = list(pairwise(words))
    fours = list(zip(words, words[1:], words[2:], words[3:], strict=False))
    has_echo = any(first == second for first, second in pairs)
    is_looping = any(pairs.count(pair) > 2 for pair in set(pairs))
    return has_echo or is_looping or len(set(fours)) < len(fours)


def _is_copy(words: list[str], subject: str) -> bool:
    said = "".join(word for word in words if word not in _ARTICLES)
    return said == "".join(_WORD.findall(subject)).lower()
