"""Reading at a place before a completion is wanted there."""

from dataclasses import replace

from assist_server.context.cursor import CursorContext
from assist_server.engine.backend import Backend
from assist_server.engine.request import CancelToken, Priority, collect
from assist_server.features.inline_completion import build_request
from assist_server.settings import Settings

_LEARNED_LINES = 1000
"""Above and below the cursor; the engine remembers the encoding of some more lines than these."""


def learn_around(context: CursorContext, backend: Backend) -> None:
    """Have the text around a place learned for drafts."""
    lines = context.snapshot.lines
    line = lines.line_at(context.offset)
    start = lines.start_of(max(0, line - _LEARNED_LINES))
    end = lines.end_of(min(lines.line_count - 1, line + _LEARNED_LINES))
    backend.learn(context.snapshot.uri, context.snapshot.text[start:end])


def read_prompt(
    context: CursorContext, backend: Backend, settings: Settings, cancel: CancelToken
) -> None:
    """Have the prompt at a place read into the prefix cache.

    Raises:
        AssistError: the model cannot be asked.
    """
    request = build_request(context, backend, settings, cancel, Priority.SPECULATIVE)
    # The one token is the price of the reading; nobody sees it.
    collect(backend.generate(replace(request, max_new_tokens=1, max_latency_ms=None)))
