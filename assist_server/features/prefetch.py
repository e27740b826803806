"""Prefetch at a place before a completion is wanted there: drafts, and the prompt."""

from collections.abc import Sequence
from dataclasses import replace

from assist_server.context.cursor import CursorContext
from assist_server.engine.backend import Backend
from assist_server.engine.request import CancelToken, Priority, collect
from assist_server.features.infilling import with_indentation
from assist_server.features.inline_completion import build_request
from assist_server.settings import Settings
from assist_server.text.newlines import split_lines

_LEARNED_LINES, _LEARNED_CHARS = 1000, 50_000
"""Above the cursor, and as much below; the engine remembers the encoding of more lines."""

_LONGEST_LINE = 400
"""In characters; what is longer was not written by people, and takes long to encode."""

_LINES_AT_ONCE = 50


def prefetch_drafts(
    context: CursorContext, backend: Backend, name: str, cancel: CancelToken
) -> None:
    """Have drafts learned from the text around a place, under a name.

    Encoding holds the interpreter, so it is done in small pieces. For a backend that does not
    learn, nothing is encoded: a server that encodes would get the text.
    """
    if not backend.info.learns:
        return
    text, offset = context.snapshot.text, context.offset
    above = text[max(0, offset - _LEARNED_CHARS) : offset]
    below = text[offset : offset + _LEARNED_CHARS]
    parts = [
        _encoded(split_lines(above)[-_LEARNED_LINES:], backend, cancel),
        _encoded(split_lines(below)[:_LEARNED_LINES], backend, cancel),
    ]
    if not cancel.is_cancelled:
        _learn(name, parts, backend, cancel)


def _learn(name: str, parts: list[list[int]], backend: Backend, cancel: CancelToken) -> None:
    """Index a text, unless its document was closed meanwhile."""
    backend.learn(name, parts)
    if cancel.is_cancelled:
        backend.forget(name)


def _encoded(lines: Sequence[str], backend: Backend, cancel: CancelToken) -> list[int]:
    ids: list[int] = []
    short = [line for line in lines if len(line) <= _LONGEST_LINE]
    for start in range(0, len(short), _LINES_AT_ONCE):
        if cancel.is_cancelled:
            break
        ids += backend.encode("".join(short[start : start + _LINES_AT_ONCE]))
    return ids


def prefetch_prompt(
    context: CursorContext, backend: Backend, settings: Settings, cancel: CancelToken
) -> None:
    """Have the prompt at a place prefilled into the prefix cache, if the backend has one.

    Raises:
        AssistError: the model cannot be asked.
    """
    if not backend.info.prefills:
        return
    place = with_indentation(context)
    request = build_request(place, backend, settings, cancel, Priority.SPECULATIVE)
    # The one token is the price of the prefill; nobody sees it.
    collect(backend.generate(replace(request, max_new_tokens=1, max_latency_ms=None)))
