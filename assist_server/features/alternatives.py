"""Further completions for a place that has one, for a user who invoked it."""

import time

from assist_server.context.cursor import CursorContext
from assist_server.engine.backend import Backend
from assist_server.engine.request import CancelToken
from assist_server.features.inline_completion import InlineCompletion, complete
from assist_server.settings import Settings

_MAX_ALTERNATIVES = 3
_MAX_SAMPLES = 6
"""A confident model repeats itself, so the number of attempts is limited."""

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

    All of them together take no longer than one completion may. Differences in
    blanks at the end or an empty last line do not count, as nobody sees them.

    Raises:
        AssistError: the model cannot be asked.
    """
    sampling = _with_sampling(settings)
    ends_s = time.monotonic() + settings.completion.max_latency_ms / 1000
    found: list[InlineCompletion] = []
    seen = {first.rstrip()}
    for _ in range(_MAX_SAMPLES):
        if cancel.is_cancelled or time.monotonic() > ends_s or len(found) == _MAX_ALTERNATIVES:
            break
        other = complete(context, backend, sampling, cancel=cancel)
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
