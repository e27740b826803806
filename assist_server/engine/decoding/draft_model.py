"""Drafting with a smaller model of the same vocabulary.

Source: Leviathan et al., "Fast Inference from Transformers via Speculative Decoding" (2023). Here a
draft token is accepted only if it equals the token that the large model chooses, so drafts change
no text, sampled texts included.
"""

import logging
from collections.abc import Sequence

from assist_server.engine.decoding.ngram_drafts import LONGEST_DRAFT_TOKENS, DraftPace
from assist_server.engine.decoding.prefix_cache import TokenSequence, shared_length
from assist_server.engine.models.protocol import LanguageModel

_log = logging.getLogger(__name__)

_MOST_PREFILL_TOKENS = 64
"""In one pass of the draft model, which delays the large one."""


class DraftModel:
    """A factory of drafters that share one small model and its KV cache."""

    def __init__(self, model: LanguageModel, context_tokens: int, known_ids: int) -> None:
        """Draft with a model.

        Args:
            model: The small model; used on the thread of the large one only.
            context_tokens: The length after which nothing is drafted.
            known_ids: Number of token ids that both models have.
        """
        self._model = model
        self._context_tokens = context_tokens
        self.known_ids = known_ids
        self._sequence: TokenSequence | None = TokenSequence(model.new_cache())

    def __call__(self, prompt_ids: Sequence[int], client: str = "") -> "ModelDrafter":
        """Return a drafter for one generation; the cache of another client is dropped."""
        if self._sequence is not None and self._sequence.client != client:
            self._sequence = TokenSequence(self._model.new_cache(), client=client)
        return ModelDrafter(self, prompt_ids)

    def prefill(self, ids: list[int]) -> TokenSequence | None:
        """Return the sequence of all of `ids` but the last; None while drafting is not possible.

        That is while prefill is not complete, where no room is left in the context, or after a
        token that the model does not have. Interleaved generations share the sequence.
        """
        sequence = self._sequence
        if sequence is None or len(ids) + LONGEST_DRAFT_TOKENS > self._context_tokens:
            return None
        wanted = ids[:-1]
        known = shared_length(sequence.ids, wanted)
        if known < len(sequence) and len(sequence) > sequence.rewind_limit:
            fresh = TokenSequence(self._model.new_cache(), client=sequence.client)
            known, sequence = 0, fresh
            self._sequence = sequence
        sequence.truncate(known)
        pending = wanted[known:][:_MOST_PREFILL_TOKENS]
        if max([*pending, ids[-1]]) >= self.known_ids:
            return None
        if pending:
            sequence.extend(pending)
        return sequence if len(sequence) == len(wanted) else None

    def disable(self, error: Exception) -> None:
        """Stop drafting after a failure; the large model goes on alone."""
        _log.warning("the draft model failed and is disabled: %s", type(error).__name__)
        self._sequence = None


class ModelDrafter:
    """A `Drafter` that uses a small model.

    It drafts nothing before the first token, for which the user waits, nor before the small model's
    prefill of the prompt is complete.
    """

    def __init__(self, drafts: DraftModel, prompt_ids: Sequence[int]) -> None:
        self._drafts = drafts
        self._text = list(prompt_ids)
        self._pace = DraftPace()
        self._has_begun = False

    def propose(self, room: int) -> list[int]:
        """Return the small model's greedy continuation."""
        tokens = min(room, self._pace.next_tokens()) if self._has_begun else 0
        if tokens == 0:
            return []
        try:
            return self._draft(tokens)
        except (RuntimeError, IndexError) as error:  # out of memory, or a token id out of range
            self._drafts.disable(error)
            return []

    def update(self, ids: Sequence[int], accepted: int, proposed: int) -> None:
        """Append tokens, and adapt the draft length."""
        self._has_begun = True
        self._text += ids
        if proposed:
            self._pace.update(accepted, proposed)

    def _draft(self, count: int) -> list[int]:
        sequence = self._drafts.prefill(self._text)
        if sequence is None:
            return []
        draft: list[int] = []
        for _ in range(count):
            last = draft[-1] if draft else self._text[-1]
            logits = sequence.extend([last])[-1, : self._drafts.known_ids]
            draft.append(int(logits.argmax()))
        return draft
