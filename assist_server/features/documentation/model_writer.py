"""Phrases of documentation written by a model."""

from assist_server.engine.backend import Backend
from assist_server.engine.request import (
    CancelToken,
    FinishReason,
    GenerationRequest,
    collect,
    stop_after_words,
)
from assist_server.errors import InputError
from assist_server.features.documentation.chat_writer import chat_phrase_writer
from assist_server.features.documentation.layout import PhraseWriter
from assist_server.features.documentation.phrases import PhraseRequest
from assist_server.features.infilling import Gap, build_prompt, choose_model_template
from assist_server.settings import Settings
from assist_server.text.identifiers import text_to_heal

MIN_LOG_PROB = -0.6
"""Mean natural log-probability per token below which a phrase is never used."""


def model_phrase_writer(
    path: str,
    backend: Backend,
    settings: Settings,
    cancel: CancelToken,
    least_log_prob: float = MIN_LOG_PROB,
) -> PhraseWriter:
    """Return a writer that infills each phrase at its place in the documentation.

    One whose `config.json` says that it writes none of use is not asked.
    A model with a chat format that cannot infill is asked once for all phrases of a definition.
    It answers None where the model is unsure; whether a phrase is plausible is checked later.
    It raises InputError if `cancel` is set, so that no incomplete phrase is used.
    """
    if not backend.info.writes_phrases and least_log_prob >= MIN_LOG_PROB:
        return lambda *_: None
    template = choose_model_template(backend, settings)
    if backend.info.has_chat_template and not template.uses_suffix:
        return chat_phrase_writer(path, backend, settings, cancel, least_log_prob)
    max_new_tokens = settings.documentation.max_phrase_tokens

    def write(prefix: str, suffix: str, _: PhraseRequest) -> str | None:
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
        is_sure = generation.is_likely(least_log_prob)
        is_whole = generation.finish_reason is not FinishReason.MAX_NEW_TOKENS
        return generation.text if is_sure and is_whole else None

    return write
