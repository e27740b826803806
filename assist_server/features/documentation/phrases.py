"""Phrases of documentation: requests for them, and checks of a model's answers."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from itertools import pairwise
from pathlib import PurePath

from assist_server.features.documentation.words import split_name
from assist_server.syntax.definition import Definition

# Marks of code and markup, and the ends and starts of comments and strings.
_UNUSABLE = re.compile(
    r"[][{}<>=;\\|@#$^~`&*]|\b_|_\b|__|[a-z]\((?!s\))|\(\)|//|--|\"\"|''|\.\.\."
    r"|(?<!\d):|:(?!\d)"
)
_TRAILING_CLOSER = re.compile(r"""\s*("{3}|'{3}|\*/)\s*$""")
_NO_PROSE = re.compile(
    r"\b(todo|fixme|xxx|summary|description|placeholder|lorem)\b[ .]*$|\bTODO\b", re.IGNORECASE
)
_CODE_WORDS = frozenset({"def", "class", "import", "elif", "pass", "self", "lambda", "nil", "null"})
_SENTENCE_END = re.compile(r"(?<=[^.\s]{2}[.!?])\s+(?=[A-Z])")
_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?")
_ARTICLES = frozenset({"a", "an", "the"})
_FILLER = r"[\s/*!\-]+"
"""Text between two words of a sentence: white space and comment marks."""

_STEM_CHARS = 4


class PhraseKind(StrEnum):
    """Subject of a phrase."""

    SUMMARY = "summary"
    PARAMETER = "parameter"
    ATTRIBUTE = "attribute"
    RETURNS = "returns"
    YIELDS = "yields"
    RAISES = "raises"
    NOTE = "note"
    """A whole sentence that is known; the subject of its request."""


@dataclass(frozen=True)
class PhraseForm:
    """Form of phrases in a convention."""

    is_capitalised: bool = True
    has_full_stop: bool = True
    is_imperative: bool = True
    """True if a summary begins with an imperative ("Return ...", not "Returns ...")."""


@dataclass(frozen=True)
class PhraseRequest:
    """A phrase to write: a sentence about the definition, or a few words about a part of it."""

    kind: PhraseKind
    subject: str
    """Name of the definition, parameter or exception; for results, the type if known."""
    definition: Definition
    form: PhraseForm = PhraseForm()
    max_chars: int = 120


# For what only the person knows: short, easy to find, and never the name in other words. Before a
# colon, Google's convention expects the type of a result.
_UNKNOWN, _UNKNOWN_RESULT = "TODO: describe", "TODO describe"
PLACEHOLDER = re.compile(r"TODO:? describe\.?(?=\W*$)", re.MULTILINE)
"""Placeholders that this program leaves for a person."""


def placeholder(kind: PhraseKind) -> str:
    """Return the placeholder of a phrase, before the convention's form is applied."""
    is_result = kind in {PhraseKind.RETURNS, PhraseKind.YIELDS}
    return _UNKNOWN_RESULT if is_result else _UNKNOWN


def clean(raw: str | None, request: PhraseRequest, used: Collection[str] = ()) -> str | None:
    """Return the usable phrase in a model's answer, in the form of the convention; else None.

    Rejected is text that could break the docstring or is not prose: code, markup, closing quotes,
    lines that look like another entry, repetition, a mere copy of the name, a phrase already
    `used`, too many characters.
    """
    if raw is None:
        return None
    first_line = raw.strip().partition("\n")[0].partition("\r")[0]
    phrase = " ".join(_TRAILING_CLOSER.sub("", first_line).split()).removeprefix("- ")
    phrase = _SENTENCE_END.split(phrase, maxsplit=1)[0]
    if request.kind is PhraseKind.SUMMARY and not request.form.is_capitalised:
        # The line already begins with the name, which a model may repeat.
        phrase = phrase.removeprefix(f"{request.subject} ")
    if not phrase or len(phrase) > request.max_chars or _UNUSABLE.search(phrase):
        return None
    is_balanced = phrase.count('"') % 2 == 0 and phrase.count("(") == phrase.count(")")
    if not (phrase.isprintable() and is_balanced and _is_prose(phrase, request)):
        return None
    formed = finish(phrase, request.form)
    return None if formed in used else formed


def finish(phrase: str, form: PhraseForm) -> str:
    """Return the phrase with the first letter and the end that a convention requires.

    Code keeps its letters; dots that end it are within its marks.
    """
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
    if _NO_PROSE.search(phrase) or words[0] in _CODE_WORDS:
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
    joined = "".join(word for word in words if word not in _ARTICLES)
    return joined == "".join(_WORD.findall(subject)).lower()


@dataclass(frozen=True)
class Surroundings:
    """The file of a definition, used to detect phrases that a model copied from elsewhere."""

    text: str
    path: str = ""

    def is_borrowed(self, phrase: str, request: PhraseRequest) -> bool:
        """Return whether a phrase is about something else: it occurs there, or names it."""
        return (
            self._occurs_elsewhere(phrase, request)
            or self._names_file(phrase)
            or _is_about_neighbour(phrase, request)
        )

    def _occurs_elsewhere(self, phrase: str, request: PhraseRequest) -> bool:
        words = re.findall(r"[^\s]+", phrase.rstrip(".!?"))
        form = _FILLER.join(map(re.escape, words))
        places = re.finditer(rf"(?<!\w){form}(?!\w)", self.text, re.IGNORECASE)
        return any(not self._is_about(request, found.start()) for found in places)

    def _is_about(self, request: PhraseRequest, place: int) -> bool:
        """Return whether the text at an offset is about the subject of a request."""
        definition = request.definition
        written = definition.documentation
        is_in_body = definition.header.end <= place < definition.span.end
        is_in_documentation = written is not None and written.start <= place < written.end
        if is_in_body and not is_in_documentation:
            return True  # comments and messages there describe the definition
        if request.kind not in {PhraseKind.PARAMETER, PhraseKind.ATTRIBUTE, PhraseKind.RAISES}:
            return False
        lead = self.text[self.text.rfind("\n", 0, place) + 1 : place]
        above = self.text[: place - len(lead)].rstrip().rpartition("\n")[2]
        near = re.findall(r"[\w$.]+", lead) or re.findall(r"[\w$.]+", above)
        return request.subject in near

    def _names_file(self, phrase: str) -> bool:
        """Return whether a phrase contains a word of the file's name that is not in the file."""
        phrase_words = {word.lower() for word in re.findall(r"[^\W\d_]{4,}", phrase)}
        return not phrase_words.isdisjoint(self._words_of_name)

    @cached_property
    def _words_of_name(self) -> frozenset[str]:
        words = {word.lower() for word in split_name(PurePath(self.path).stem) if len(word) > 3}
        lowered = self.text.lower() if words else ""
        return frozenset(word for word in words if word not in lowered)


def _is_about_neighbour(phrase: str, request: PhraseRequest) -> bool:
    """Return whether a parameter's phrase names another parameter, but not itself."""
    if request.kind is not PhraseKind.PARAMETER:
        return False
    own = _stems(request.subject)
    phrase_words = {word[:_STEM_CHARS].lower() for word in re.findall(r"\w+", phrase)}
    if own & phrase_words:
        return False
    others = [one.name for one in request.definition.parameters if one.name != request.subject]
    return any(_is_named(name, phrase) for name in others)


def _stems(name: str) -> set[str]:
    return {word[:_STEM_CHARS].lower() for word in split_name(name)}


def _is_named(name: str, phrase: str) -> bool:
    """Return whether a phrase names a parameter; `a` at its end is not an article."""
    if name in {"a", "A", "I"}:
        return re.search(rf"\b{name}\W*$", phrase) is not None
    is_word = re.search(rf"(?<!\w){re.escape(name)}(?!\w)", phrase, re.IGNORECASE) is not None
    return is_word or (len(split_name(name)) > 1 and " ".join(split_name(name)) in phrase.lower())
