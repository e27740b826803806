"""Other completions for a place that has one, for a user who asks what else may be meant."""

import time

from assist_server.context.cursor import CursorContext
from assist_server.engine.backend import Backend
from assist_server.engine.request import CancelToken
from assist_server.features.inline_completion import InlineCompletion, complete
from assist_server.settings import Settings

_MAX_ALTERNATIVES = 3
_MAX_SAMPLES = 6
"""A sure model writes the same again; it is not asked for ever."""

_TEMPERATURE = 0.8
_TOP_P = 0.95
"""Draw from the likeliest tokens only, as one odd token spoils the rest."""


def alternatives(
    context: CursorContext,
    backend: Backend,
    settings: Settings,
    first: str,
    cancel: CancelToken,
) -> list[InlineCompletion]:
    """Draw completions that differ from the first and from each other; blocks meanwhile.

    All of them together take no longer than one completion may. Blanks at the end and an empty last
    line make no difference that a person sees.

    Raises:
        AssistError: the model cannot be asked.
    """
    lively = _with_sampling(settings)
    ends_s = time.monotonic() + settings.completion.max_latency_ms / 1000
    found: list[InlineCompletion] = []
    seen = {first.rstrip()}
    for _ in range(_MAX_SAMPLES):
        if cancel.is_cancelled or time.monotonic() > ends_s or len(found) == _MAX_ALTERNATIVES:
            break
        other = complete(context, backend, lively, cancel=cancel)
        if other.text is not None and other.text.rstrip() not in seen:
            seen.add(other.text.rstrip())
            found.append(other)
    return found


def _with_sampling(settings: Settings) -> Settings:
    """Return the settings with enough randomness for answers to differ."""
    completion = settings.completion
    drawn = {
        "temperature": max(completion.temperature, _TEMPERATURE),
        "top_p": min(completion.top_p, _TOP_P),
    }
    return settings.model_copy(update={"completion": completion.model_copy(update=drawn)})
