"""Inputs and results of all methods of summarizing."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

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
