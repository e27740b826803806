"""Inline completion: text that continues the document at the cursor."""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from assist_server.context.cursor import CursorContext
from assist_server.engine.backend import Backend
from assist_server.engine.request import (
    CancelToken,
    Chunk,
    FinishReason,
    Generation,
    GenerationRequest,
    Priority,
    Sampling,
    StopRule,
    collect,
    stop_at_dedent,
    stop_at_line_end,
)
from assist_server.features.confidence import confidence, signals
from assist_server.features.infilling import Gap, build_prompt, with_indentation
from assist_server.features.languages import Offer, offer_in
from assist_server.postprocess.candidate import Candidate
from assist_server.postprocess.pipeline import Cleaned, clean
from assist_server.settings import CompletionSettings, Settings
from assist_server.text.identifiers import text_to_heal

_STOPPED_ANYWHERE = (FinishReason.DEADLINE, FinishReason.MAX_NEW_TOKENS)
_ADVICE_ON_TIME = "raise completion.max_latency_ms to wait longer"


class Outcome(StrEnum):
    """The result of a request, or the reason why nothing was shown."""

    SHOWN = "shown"
    DISABLED = "switched off by the settings completion.enabled or completion.trigger"
    LANGUAGE_OFF = "switched off here by the setting completion.languages"
    LANGUAGE_UNKNOWN = "the model does not know this language"
    INSIDE_WORD = "the cursor is inside a word"
    FILTERED = "filtered"
    LOW_CONFIDENCE = "too likely to be wrong"
    OUT_OF_TIME = "ran out of time"
    CANCELLED = "cancelled"
    MODEL_LOADING = "the model is loading"
    SUPERSEDED = "superseded by a newer request"
    OUTDATED = "the document changed meanwhile"
    FAILED = "failed"


@dataclass(frozen=True)
class InlineCompletion:
    """The answer to one request; `text` is None when nothing should be shown."""

    outcome: Outcome
    detail: str = ""
    """More about the outcome, such as why nothing was left."""
    text: str | None = None
    start: int = 0
    """Offset where the text goes."""
    end: int = 0
    """Offset after the characters that the text replaces."""
    prompt_ids: tuple[int, ...] = field(default=(), repr=False)
    new_tokens: int = 0
    milliseconds: float = 0.0
    first_token_ms: float | None = None
    """Time until the first token; None without one."""
    finish_reason: FinishReason | None = None
    log_probs: tuple[float, ...] = field(default=(), repr=False)
    """Natural log-probability of each generated token, of those cut away too."""
    token_chars: tuple[int, ...] = field(default=(), repr=False)
    """Number of characters that each token added."""
    hidden_text: str | None = None
    """Text hidden because of low confidence; the confidence may rise as the text is typed."""
    confidence: float | None = None
    """How likely the first line is right; None where the model was not calibrated."""

    @property
    def mean_log_prob(self) -> float | None:
        """Return the mean of the log-probabilities; None without tokens."""
        return sum(self.log_probs) / len(self.log_probs) if self.log_probs else None


def complete(  # noqa: PLR0913 - half of them are options by keyword
    context: CursorContext,
    backend: Backend,
    settings: Settings,
    *,
    is_automatic: bool = False,
    cancel: CancelToken | None = None,
    priority: Priority = Priority.INTERACTIVE,
    on_text: Callable[[str], None] = lambda _: None,
) -> InlineCompletion:
    """Complete at the cursor; blocks until the model has answered.

    Args:
        context: The document and the place in it.
        backend: A loaded model.
        settings: All settings.
        is_automatic: True if the editor sent the request while the user typed; False if the user
            invoked it.
        cancel: Ends the generation early when set.
        priority: Rank among waiting requests.
        on_text: Called with the model's text so far, whenever there is more of it.

    Raises:
        AssistError: the model cannot be asked: wrong template, device failure.
    """
    if nothing := _reason_to_show_nothing(
        context, backend, settings.completion, is_automatic=is_automatic
    ):
        return nothing
    place = with_indentation(context)
    indentation = place.snapshot.text[context.offset : place.offset]
    listening = _Listening(lambda text: on_text(indentation + text))
    request = build_request(place, backend, settings, cancel or CancelToken(), priority)
    generation = collect(listening.to(backend.generate(request)))
    is_unfinished = generation.finish_reason in _STOPPED_ANYWHERE
    cleaned = clean(Candidate(generation.text), place, is_unfinished=is_unfinished)
    answer = _with_offered_indentation(
        indentation, _answer(context.offset, request, generation, cleaned)
    )
    answer = check_confidence(
        answer,
        context,
        backend.info.calibration,
        settings.completion,
        is_automatic=is_automatic,
    )
    return replace(
        answer,
        milliseconds=listening.elapsed_ms(),
        first_token_ms=listening.first_token_ms,
    )


def check_confidence(
    answer: InlineCompletion,
    context: CursorContext,
    calibration: Mapping[str, float] | None,
    settings: CompletionSettings,
    *,
    is_automatic: bool,
) -> InlineCompletion:
    """Add the confidence to a completion, and hide the text where it is likely wrong.

    A user who invokes a completion gets it anyway. Without a calibration, nothing is hidden.
    """
    text = answer.hidden_text if answer.text is None else answer.text
    if text is None or not answer.log_probs or calibration is None:
        return answer
    rated = round(confidence(calibration, signals(context, text, answer.log_probs)), 3)
    least = settings.min_confidence if is_automatic else 0.0
    if rated < least:
        # What a deadline cut off is not worth remembering: the next keystroke asks for all of it.
        is_kept = answer.finish_reason is not FinishReason.DEADLINE
        return replace(
            answer,
            outcome=Outcome.LOW_CONFIDENCE,
            detail=f"{rated:.1%} likely to be right; completion.min_confidence is {least * 100:g}%",
            text=None,
            hidden_text=text if is_kept else None,
            confidence=rated,
        )
    outcome = Outcome.SHOWN if answer.text is None else answer.outcome
    return replace(answer, outcome=outcome, text=text, hidden_text=None, confidence=rated)


def build_request(
    context: CursorContext,
    backend: Backend,
    settings: Settings,
    cancel: CancelToken,
    priority: Priority = Priority.INTERACTIVE,
) -> GenerationRequest:
    """Build the request: the prompt in the family's format, and when to stop."""
    limits = settings.completion
    max_new = limits.max_new_tokens if context.is_multi_line else limits.max_new_tokens_single_line
    prompt = build_prompt(Gap.at(context), backend, settings, max_new)
    return GenerationRequest(
        prompt.ids,
        max_new,
        healed_text=text_to_heal(context.line_prefix),
        end_ids=backend.info.end_ids | prompt.end_ids,
        stop_rules=_stop_rules(context),
        sampling=Sampling(limits.temperature, limits.top_p),
        cancel=cancel,
        priority=priority,
        max_latency_ms=limits.max_latency_ms,
    )


class _Listening:
    """The text so far, passed to a callback, and the time of the first token."""

    def __init__(self, on_text: Callable[[str], None]) -> None:
        self._on_text = on_text
        self._started_s = time.perf_counter()
        self.first_token_ms: float | None = None

    def to(self, chunks: Iterator[Chunk]) -> Iterator[Chunk]:
        """Pass chunks on as they come."""
        text = ""
        for chunk in chunks:
            if chunk.token_ids and self.first_token_ms is None:
                self.first_token_ms = self.elapsed_ms()
            text += chunk.text
            self._on_text(text)
            yield chunk

    def elapsed_ms(self) -> float:
        """Return the milliseconds since the work began."""
        return round((time.perf_counter() - self._started_s) * 1000, 1)


def place_after_accepting(context: CursorContext, completion: InlineCompletion) -> CursorContext:
    """Return the document and the cursor as they are after a completion is accepted."""
    start, end, text = completion.start, completion.end, completion.text or ""
    snapshot = context.snapshot.after_edit(start, end, text, version=None)
    return replace(context, snapshot=snapshot, offset=start + len(text))


def _reason_to_show_nothing(
    context: CursorContext, backend: Backend, settings: CompletionSettings, *, is_automatic: bool
) -> InlineCompletion | None:
    """Return an answer without text and its reason, where nothing is to be shown; else None."""
    if not settings.enabled or (is_automatic and settings.trigger == "invoked"):
        return InlineCompletion(Outcome.DISABLED)
    offer = offer_in(context.snapshot, backend.info, settings)
    if offer is Offer.NEVER:
        return InlineCompletion(Outcome.LANGUAGE_OFF)
    if offer is Offer.WHEN_INVOKED and is_automatic:
        known = ", ".join(backend.info.languages or ())
        detail = f"it knows {known}; ask for a completion, or set completion.languages"
        return InlineCompletion(Outcome.LANGUAGE_UNKNOWN, detail)
    is_inside = is_automatic and context.is_inside_word
    return InlineCompletion(Outcome.INSIDE_WORD) if is_inside else None


def _with_offered_indentation(indentation: str, answer: InlineCompletion) -> InlineCompletion:
    """Return the answer with the offered indentation put before its text."""
    if answer.text is None or not indentation:
        return answer
    first, *others = answer.token_chars or (0,)
    return replace(
        answer, text=indentation + answer.text, token_chars=(first + len(indentation), *others)
    )


def _stop_rules(context: CursorContext) -> tuple[StopRule, ...]:
    if not context.is_multi_line:
        return (stop_at_line_end,)
    # After an opener the block is deeper than its line; on a blank line it is where the cursor is.
    columns = context.indent_columns + bool(context.line_prefix.strip())
    has_closers = not context.snapshot.language.blocks_by_indentation
    return (stop_at_dedent(columns, keeps_closer=has_closers),)


def _answer(
    offset: int,
    request: GenerationRequest,
    generation: Generation,
    cleaned: Cleaned,
) -> InlineCompletion:
    candidate = cleaned.candidate
    outcome, detail = Outcome.SHOWN, ""
    if generation.finish_reason is FinishReason.CANCELLED:
        outcome, candidate = Outcome.CANCELLED, None
    elif generation.finish_reason is FinishReason.DEADLINE:
        outcome = Outcome.SHOWN if candidate else Outcome.OUT_OF_TIME
        detail = "what was ready in time" if candidate else _ADVICE_ON_TIME
    elif candidate is None:
        outcome, detail = Outcome.FILTERED, cleaned.why_dropped
    return InlineCompletion(
        outcome,
        detail,
        text=candidate.text if candidate else None,
        start=offset,
        end=offset + (candidate.replaced_chars if candidate else 0),
        prompt_ids=request.prompt_ids,
        new_tokens=len(generation.token_ids),
        finish_reason=generation.finish_reason,
        log_probs=generation.log_probs,
        token_chars=generation.token_chars,
    )
