"""Asking a model for the text between two texts, in its family's format and within its budget."""

from dataclasses import dataclass

from assist_server.config import Settings
from assist_server.context.budget import fit_prefix, fit_suffix, share_tokens
from assist_server.context.cursor import CursorContext
from assist_server.engine.backend import Backend
from assist_server.prompts.fim import (
    FimPrompt,
    FimTemplate,
    Slot,
    choose_template,
    path_comment,
    render_fim,
)

_OTHER_TOKENS = 2
"""Room for a begin-of-text token and for a cut that tokenises differently than it was counted."""

_LARGEST_PATH_SHARE = 0.25
"""Part of the prompt that a path may take; a longer one would crowd out the code."""


@dataclass(frozen=True)
class Gap:
    """A place in a text; the whole text is referred to, not copied, as it may be long."""

    path: str
    """Shown to models that know files by their path."""
    text: str
    start: int
    """Where the prefix ends."""
    end: int
    """Where the suffix begins."""

    @classmethod
    def between(cls, path: str, prefix: str, suffix: str) -> "Gap":
        """The place between two texts."""
        return cls(path, prefix + suffix, len(prefix), len(prefix))

    @classmethod
    def at(cls, context: CursorContext) -> "Gap":
        """The place of the cursor."""
        text = context.before + context.snapshot.text + context.behind
        offset = len(context.before) + context.offset
        return cls(context.snapshot.path, text, offset, offset)


def choose_model_template(backend: Backend, settings: Settings) -> FimTemplate:
    """The infilling template: by setting, by the model's own word, or by its vocabulary.

    Raises:
        InputError: the setting names a template that the model cannot serve.
    """
    info = backend.info
    wanted = settings.fim_template
    if wanted == "auto":
        wanted = info.fim_template or "auto"
    return choose_template(
        info.special_ids, model_type=info.model_type, name=info.name, setting=wanted
    )


def build_prompt(gap: Gap, backend: Backend, settings: Settings, max_new_tokens: int) -> FimPrompt:
    """The prompt that asks for the text in a gap.

    As much of both sides as the budget allows is shown: the nearest lines first, and the share that
    one side does not need goes to the other.

    Raises:
        InputError: the setting names a template that the model cannot serve.
    """
    info, limits = backend.info, settings.completion
    template = choose_model_template(backend, settings)
    comment = backend.encode(path_comment(gap.path)) if template.shows_path else []
    limit = min(limits.max_prompt_tokens, info.context_tokens - max_new_tokens)
    if len(comment) > limit * _LARGEST_PATH_SHARE:
        comment = []
    room = max(1, limit - len(template.layout) - len(comment) - _OTHER_TOKENS)

    def encode_prefix(text: str) -> list[int]:
        return backend.encode(template.prefix_lead + text) if text else []

    before_gap, behind_gap = gap.text[: gap.start], gap.text[gap.end :]
    prefix = fit_prefix(before_gap, room, encode_prefix)
    suffix = fit_suffix(behind_gap, room, backend.encode) if template.uses_suffix else []
    before, behind = share_tokens(room, len(prefix), len(suffix), limits.prefix_share)
    if len(prefix) > before:
        prefix = fit_prefix(before_gap, before, encode_prefix)
    if len(suffix) > behind:
        suffix = fit_suffix(behind_gap, behind, backend.encode)
    slots = {Slot.PREFIX: prefix, Slot.SUFFIX: suffix, Slot.PATH_COMMENT: comment}
    prompt = render_fim(template, slots, info.special_ids, info.bos_id)
    # An empty text asked left to right of a model without a begin token: any end token begins.
    return prompt if prompt.ids else FimPrompt(tuple(sorted(info.end_ids)[:1]), prompt.end_ids)
