"""What every way of summarizing takes and gives."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

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

Report = Callable[[str], None]


class Method(StrEnum):
    """How a summary came about."""

    CHAT = "chat"
    COMMENT = "comment"
    EXTRACT = "extract"


@dataclass(frozen=True)
class Summary:
    """A summary and how it was made."""

    markdown: str
    method: Method


@dataclass(frozen=True)
class Selection:
    """A part of a document that is to be summarized."""

    snapshot: Snapshot
    start: int
    end: int

    @property
    def text(self) -> str:
        """The selected characters."""
        return self.snapshot.text[self.start : self.end]


@dataclass(frozen=True)
class Work:
    """What every way of summarizing needs."""

    backend: Backend
    settings: Settings
    cancel: CancelToken
    report: Report

    def generate(self, request: GenerationRequest) -> Generation:
        """Have the model write.

        Raises:
            InputError: the work was cancelled.
        """
        generation = collect(self.backend.generate(request))
        if generation.finish_reason is FinishReason.CANCELLED:
            raise InputError("the summary was cancelled")
        return generation
