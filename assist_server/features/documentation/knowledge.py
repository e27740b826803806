"""Knowledge about a definition without a model: from its file first, then from its source."""

from dataclasses import replace
from functools import cached_property

from assist_server.features.documentation.layout import Telling
from assist_server.features.documentation.neighbours import Neighbours
from assist_server.features.documentation.phrases import PhraseKind, PhraseRequest
from assist_server.features.documentation.wording.facts import FactPhrases
from assist_server.syntax.definition import Definition
from assist_server.syntax.facts.read import read_facts
from assist_server.syntax.imports import go_packages
from assist_server.syntax.parser import SyntaxTree


class Knowledge:
    """Knowledge about one definition."""

    def __init__(self, tree: SyntaxTree, definition: Definition) -> None:
        """Take the definition; nothing is read before it is asked for."""
        self._tree = tree
        self._definition = definition
        self._neighbours = Neighbours(tree, definition)

    @cached_property
    def _facts(self) -> FactPhrases:
        facts = read_facts(self._tree, self._definition)
        packages = go_packages(self._tree) if self._tree.language.id == "go" else frozenset()
        return FactPhrases(self._definition, facts, self._tree.language.id, packages)

    def phrase(self, request: PhraseRequest) -> str | None:
        """Return a phrase about the subject of a request; None if nothing is known."""
        if request.kind is PhraseKind.NOTE:
            return request.subject
        return self._neighbours.phrase(request) or self._fact(request)

    def little(self, request: PhraseRequest) -> str | None:
        """Return what says little: true, but a model may know more."""
        return self._facts.little(request)

    def _fact(self, request: PhraseRequest) -> str | None:
        phrase = self._facts.phrase(request)
        is_property = self._definition.is_property and request.kind is PhraseKind.SUMMARY
        if not (is_property and self._tree.language.id == "python"):
            return phrase
        phrase = phrase or self._facts.phrase(replace(request, kind=PhraseKind.RETURNS))
        if phrase is None:
            return None
        # A property is described like an attribute, without a verb.
        value = phrase.removeprefix("return ")
        return f"the value of {value}" if value.startswith("`") and value != phrase else value

    @property
    def telling(self) -> Telling:
        """Return what a new comment says outside its entries."""
        has_notes = self._tree.language.id in {"go", "lua"}
        notes = self._facts.notes() if has_notes else ()
        return Telling(notes, self._tells_result(), self._facts.facts.values)

    def _tells_result(self) -> bool:
        """Return whether the headline tells what is returned, or nothing ever is."""
        request = PhraseRequest(PhraseKind.SUMMARY, self._definition.name, self._definition)
        summary = self.phrase(request) or ""
        is_told = summary.startswith("return ") or " and return " in summary
        is_alone = not self._definition.parameters  # else linters want all entries
        return (is_told and "`" in summary and is_alone) or self._facts.never_returns
