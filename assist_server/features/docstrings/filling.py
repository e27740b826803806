"""Phrase by phrase from the writer into the lines, each seen in the document as it would stand."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from assist_server.features.docstrings.borrowing import Surroundings
from assist_server.features.docstrings.fallback import fallback
from assist_server.features.docstrings.layout import Insertion, Slot, blank_out, wrap
from assist_server.features.docstrings.phrases import PhraseRequest, clean
from assist_server.text.edits import TextEdit, apply_edits

PhraseWriter = Callable[[str, str, PhraseRequest], str | None]
"""Given the document before and behind a phrase, and what is asked: the text of a model, or None.

Only the first line of an answer is looked at, and what cannot be used is replaced.
"""


@dataclass
class Filling:
    """The state of one documentation while its phrases are written."""

    text: str
    write_phrase: PhraseWriter
    width: int
    path: str = ""
    model_phrases: int = 0
    fallback_phrases: int = 0
    _used: set[str] = field(default_factory=set)

    def fill(self, insertions: Sequence[Insertion]) -> tuple[TextEdit, ...]:
        """The edits that the insertions make, in the order of the document."""
        edits: list[TextEdit] = []
        ordered = sorted(insertions, key=lambda one: (one.start, one.end))
        for index, insertion in enumerate(ordered):
            head = apply_edits(self.text[: insertion.start], edits)
            later = [self._skeleton(one) for one in ordered[index + 1 :]]
            tail = _apply_behind(self.text, insertion.end, later)
            edits.append(self._fill_one(insertion, head, tail))
        return tuple(edits)

    @cached_property
    def _surroundings(self) -> Surroundings:
        return Surroundings(self.text, self.path)

    def _skeleton(self, insertion: Insertion) -> TextEdit:
        lines = "\n".join(blank_out(insertion.lines))
        new_text = f"{insertion.before}{lines}{insertion.after}"
        return TextEdit(insertion.start, insertion.end, new_text)

    def _fill_one(self, insertion: Insertion, head: str, tail: str) -> TextEdit:
        done: list[str] = []
        for index, line in enumerate(insertion.lines):
            if not isinstance(line, Slot):
                done.append(line)
                continue
            prefix = head + insertion.before + "\n".join([*done, line.lead])
            below = [line.tail, *blank_out(insertion.lines[index + 1 :])]
            suffix = "\n".join(below) + insertion.after + tail
            done += wrap(line, self._phrase(prefix, suffix, line.request), self.width)
        new_text = insertion.before + "\n".join(done) + insertion.after
        return TextEdit(insertion.start, insertion.end, new_text)

    def _phrase(self, prefix: str, suffix: str, request: PhraseRequest) -> str:
        phrase = clean(self.write_phrase(prefix, suffix, request), request, self._used)
        if phrase is None or self._surroundings.holds(phrase, request):
            self.fallback_phrases += 1
            phrase = fallback(request)
            self._used.add(phrase)
            return phrase
        self.model_phrases += 1
        self._used.add(phrase)
        return phrase


def _apply_behind(text: str, start: int, edits: Sequence[TextEdit]) -> str:
    """The text from `start` on after edits that all lie there."""
    moved = [TextEdit(one.start - start, one.end - start, one.new_text) for one in edits]
    return apply_edits(text[start:], moved)
