"""Phrases of documentation written by a model."""

from assist_server.engine.backend import Backend
from assist_server.engine.request import (
    CancelToken,
    Generation,
    GenerationRequest,
    collect,
    stop_after_words,
)
from assist_server.errors import InputError
from assist_server.features.documentation.layout import PhraseWriter
from assist_server.features.documentation.phrases import PhraseRequest
from assist_server.features.documentation.words import split_name
from assist_server.features.infilling import Gap, build_prompt
from assist_server.settings import Settings
from assist_server.text.identifiers import text_to_heal

_CONFIDENT_LOG_PROB = -0.4
_HOPELESS_LOG_PROB = -2.0
"""Mean natural log-probability per token above which a phrase is always accepted, and below which
never."""

_STEM_CHARS = 4
"""Words with the same first letters count as forms of one word: read, reads, reading."""


def model_phrase_writer(
    path: str, backend: Backend, settings: Settings, cancel: CancelToken
) -> PhraseWriter:
    """Return a writer that infills each phrase at its place in the documentation.

    It raises InputError if `cancel` is set, so that no incomplete phrase is used.
    """
    max_new_tokens = settings.documentation.max_phrase_tokens

    def write(prefix: str, suffix: str, phrase: PhraseRequest) -> str | None:
        prompt = build_prompt(Gap.between(path, prefix, suffix), backend, settings, max_new_tokens)
        request = GenerationRequest(
            prompt.ids,
            max_new_tokens,
            # A phrase follows a blank, which is part of the token of its first word.
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
    """Return whether a phrase is credible: confident, or containing words of its subject.

    A small model writes fluent false statements ("Remove the queue" for `put`). They rarely contain
    words of the subject's name; then a phrase made from the name alone is better.
    """
    log_prob = generation.mean_log_prob
    if not generation.is_likely(_HOPELESS_LOG_PROB):
        return False
    wanted = split_name(request.subject or request.definition.name)
    generated = {word[:_STEM_CHARS] for word in split_name(generation.text)}
    shared = sum(word[:_STEM_CHARS] in generated for word in wanted)
    is_sure = log_prob is not None and log_prob >= _CONFIDENT_LOG_PROB
    return is_sure or (bool(wanted) and shared * 2 > len(wanted))
