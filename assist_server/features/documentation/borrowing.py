"""Phrases that a model took from elsewhere: a neighbour's words, another definition's sentence."""

import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePath

from assist_server.features.documentation.phrases import PhraseKind, PhraseRequest
from assist_server.features.documentation.words import split_name

_FILLER = r"[\s/*!\-]+"
"""What may stand between two words of one sentence: line ends, and the marks of comments."""
_STEM_CHARS = 4


@dataclass(frozen=True)
class Surroundings:
    """The file that a definition stands in."""

    text: str
    path: str = ""

    def holds(self, phrase: str, request: PhraseRequest) -> bool:
        """Return whether a phrase is about something else: it stands there, or names it."""
        return (
            self._stands_elsewhere(phrase, request)
            or self._names_file(phrase)
            or _is_about_neighbour(phrase, request)
        )

    def _stands_elsewhere(self, phrase: str, request: PhraseRequest) -> bool:
        words = re.findall(r"[^\s]+", phrase.rstrip(".!?"))
        form = _FILLER.join(map(re.escape, words))
        places = re.finditer(rf"(?<!\w){form}(?!\w)", self.text, re.IGNORECASE)
        return any(not self._is_about(request, found.start()) for found in places)

    def _is_about(self, request: PhraseRequest, place: int) -> bool:
        """Whether what stands at a place is about what a phrase is asked for."""
        definition = request.definition
        written = definition.documentation
        is_in_body = definition.header.end <= place < definition.span.end
        is_in_documentation = written is not None and written.start <= place < written.end
        if is_in_body and not is_in_documentation:
            return True  # a comment or a message there tells what the definition does
        if request.kind not in {PhraseKind.PARAMETER, PhraseKind.ATTRIBUTE, PhraseKind.RAISES}:
            return False
        lead = self.text[self.text.rfind("\n", 0, place) + 1 : place]
        above = self.text[: place - len(lead)].rstrip().rpartition("\n")[2]
        near = re.findall(r"[\w$.]+", lead) or re.findall(r"[\w$.]+", above)
        return request.subject in near

    def _names_file(self, phrase: str) -> bool:
        """Whether a phrase says a word that stands in the file's name and nowhere in the file."""
        said = {word.lower() for word in re.findall(r"[^\W\d_]{4,}", phrase)}
        return not said.isdisjoint(self._words_of_name)

    @cached_property
    def _words_of_name(self) -> frozenset[str]:
        words = {word.lower() for word in split_name(PurePath(self.path).stem) if len(word) > 3}
        lowered = self.text.lower() if words else ""
        return frozenset(word for word in words if word not in lowered)


def _is_about_neighbour(phrase: str, request: PhraseRequest) -> bool:
    """Return whether a parameter's phrase names another parameter, and not itself."""
    if request.kind is not PhraseKind.PARAMETER:
        return False
    own = _stems(request.subject)
    said = {word[:_STEM_CHARS].lower() for word in re.findall(r"\w+", phrase)}
    if own & said:
        return False
    others = [one.name for one in request.definition.parameters if one.name != request.subject]
    return any(_is_named(name, phrase) for name in others)


def _stems(name: str) -> set[str]:
    return {word[:_STEM_CHARS].lower() for word in split_name(name)}


def _is_named(name: str, phrase: str) -> bool:
    """Return whether a phrase names a parameter; `a` at its end is no article."""
    if name in {"a", "A", "I"}:
        return re.search(rf"\b{name}\W*$", phrase) is not None
    is_word = re.search(rf"(?<!\w){re.escape(name)}(?!\w)", phrase, re.IGNORECASE) is not None
    return is_word or (len(split_name(name)) > 1 and " ".join(split_name(name)) in phrase.lower())
