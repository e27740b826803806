"""Inputs and results of all methods of summarizing."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from assist_server.context.snapshot import Snapshot
from assist_server.engine.backend import Backend
from assist_server.engine.request import (
    CancelToken,
    FinishReason,
    Generation,
    GenerationRequest,
    collect,
)
from assist_server.errors import InputError
from assist_server.settings import Settings

CONFIDENT_LOG_PROB = -0.8
"""Least mean natural log-probability per token of a text to show."""

_MOST_LINE_CHARS = 4_000

Report = Callable[[str], None]


class Method(StrEnum):
    """Method of a summary."""

    CHAT = "chat"
    COMMENT = "comment"
    EXTRACT = "extract"
    FACTS = "facts"


@dataclass(frozen=True)
class Summary:
    """A summary and its method."""

    markdown: str
    method: Method


@dataclass(frozen=True)
class Selection:
    """A part of a document to summarize."""

    snapshot: Snapshot
    start: int
    end: int

    @cached_property
    def text(self) -> str:
        """Return the selected text."""
        return self.snapshot.text[self.start : self.end]

    def line_at(self, offset: int) -> int:
        """Return the number in the document, from 1, of the line at an offset in the selection."""
        return self.snapshot.lines.line_at(self.start + offset) + 1

    def numbered_lines(self, skipped: range = range(0)) -> Iterator[tuple[int, str]]:
        """Yield the lines without their ends, and their numbers in the document, from 1.

        What a line has beyond some thousand characters is left out, and so are lines whose numbers
        are in `skipped`.
        """
        number, start, text = self.line_at(0), 0, self.text
        while start < len(text):
            end = text.find("\n", start)
            end = len(text) if end < 0 else end
            yield number, text[start : min(end, start + _MOST_LINE_CHARS)]
            number, start = number + 1, end + 1
            if number in skipped:
                number = skipped.stop
                start = self.snapshot.lines.start_of(number - 1) - self.start


@dataclass(frozen=True)
class Work:
    """Model, settings and callbacks of a summary in progress."""

    backend: Backend
    settings: Settings
    cancel: CancelToken
    report: Report

    def generate(self, request: GenerationRequest) -> Generation:
        """Return the model's answer to a request.

        Raises:
            InputError: the work was cancelled.
        """
        generation = collect(self.backend.generate(request))
        if generation.finish_reason is FinishReason.CANCELLED:
            raise InputError("the summary was cancelled")
        return generation
