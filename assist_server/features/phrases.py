"""The model as a writer of the phrases in a docstring."""

from assist_server.engine.backend import Backend
from assist_server.engine.request import (
    CancelToken,
    Generation,
    GenerationRequest,
    collect,
    stop_after_words,
)
from assist_server.errors import InputError
from assist_server.features.docstrings.filling import PhraseWriter
from assist_server.features.docstrings.phrases import PhraseRequest
from assist_server.features.docstrings.words import split_name
from assist_server.features.infilling import Gap, build_prompt
from assist_server.settings import Settings
from assist_server.text.identifiers import text_to_heal

_CONFIDENT_LOG_PROB = -0.4
_HOPELESS_LOG_PROB = -2.0
"""Mean natural log-probability per token: believed as it is, and not believed whatever it says."""

_STEM_CHARS = 4
"""Words that begin alike are taken for forms of one word: read, reads, reading."""


def model_phrase_writer(
    path: str, backend: Backend, settings: Settings, cancel: CancelToken
) -> PhraseWriter:
    """A writer that fills each phrase's place in the skeleton by infilling.

    It raises InputError when `cancel` was raised meanwhile, so that nothing half-written is used.
    """
    max_new_tokens = settings.documentation.max_phrase_tokens

    def write(prefix: str, suffix: str, phrase: PhraseRequest) -> str | None:
        prompt = build_prompt(Gap.between(path, prefix, suffix), backend, settings, max_new_tokens)
        request = GenerationRequest(
            prompt.ids,
            max_new_tokens,
            # A phrase follows a blank, which is the beginning of its first word's token.
            healed_text=text_to_heal(prefix.rpartition("\n")[2]),
            end_ids=backend.info.end_ids | prompt.end_ids,
            stop_rules=(stop_after_words,),
            cancel=cancel,
        )
        generation = collect(backend.generate(request))
        if cancel.is_cancelled:
            raise InputError("the documentation was cancelled")
        return generation.text if _is_credible(generation, phrase) else None

    return write


def _is_credible(generation: Generation, request: PhraseRequest) -> bool:
    """Whether a phrase may be believed: said with confidence, or about what it should be about.

    A small model writes fluent falsehoods ("Remove the queue" for `put`). They seldom mention what
    the subject's name says, and then a phrase made from the name alone is the better one.
    """
    log_prob = generation.mean_log_prob
    if log_prob is None or log_prob < _HOPELESS_LOG_PROB:
        return False
    wanted = split_name(request.subject or request.definition.name)
    said = {word[:_STEM_CHARS] for word in split_name(generation.text)}
    shared = sum(word[:_STEM_CHARS] in said for word in wanted)
    return log_prob >= _CONFIDENT_LOG_PROB or (bool(wanted) and shared * 2 > len(wanted))
