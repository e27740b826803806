"""Guessing with a smaller model of the same vocabulary.

Source: Leviathan et al., "Fast Inference from Transformers via Speculative Decoding" (2023). Here a
guess counts only where it equals the token that the large model chooses, which keeps every text as
it is, drawn ones too.
"""

import logging
from collections.abc import Sequence

from assist_server.engine.decoding.ngram_drafts import LONGEST_DRAFT_TOKENS, DraftPace
from assist_server.engine.decoding.prefix_cache import TokenSequence, shared_length
from assist_server.engine.models.protocol import LanguageModel

_log = logging.getLogger(__name__)

_MOST_READ_TOKENS = 64
"""Read at one time; whoever waits for the large model waits for this as well."""


class DraftModel:
    """Makes drafters that share one small model, and what it has read."""

    def __init__(self, model: LanguageModel, context_tokens: int, known_ids: int) -> None:
        """Guess with a model.

        Args:
            model: The small model; used by the thread of the large one only.
            context_tokens: It guesses nothing behind so many tokens.
            known_ids: Number of token ids that both models know.
        """
        self._model = model
        self._context_tokens = context_tokens
        self.known_ids = known_ids
        self._sequence: TokenSequence | None = TokenSequence(model.new_cache())

    def __call__(self, prompt_ids: Sequence[int], client: str = "") -> "ModelDrafter":
        """A drafter for one generation; what was read for another client is forgotten."""
        if self._sequence is not None and self._sequence.client != client:
            self._sequence = TokenSequence(self._model.new_cache(), client=client)
        return ModelDrafter(self, prompt_ids)

    def read(self, ids: list[int]) -> TokenSequence | None:
        """A sequence of all of some tokens but the last; None while it cannot be had.

        There may be more to read first, no room to guess behind them, or a token that the model
        does not know. Generations take turns, and each finds here what the last one left.
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
        unread = wanted[known:][:_MOST_READ_TOKENS]
        if max([*unread, ids[-1]]) >= self.known_ids:
            return None
        if unread:
            sequence.extend(unread)
        return sequence if len(sequence) == len(wanted) else None

    def give_up(self, error: Exception) -> None:
        """Guess no more, as the model fails; the large one goes on alone."""
        _log.warning(
            "the model that drafts failed and is not asked again: %s", type(error).__name__
        )
        self._sequence = None


class ModelDrafter:
    """A `Drafter` that asks a small model.

    It says nothing before the first token, which somebody waits for, nor before it has read the
    prompt.
    """

    def __init__(self, drafts: DraftModel, prompt_ids: Sequence[int]) -> None:
        self._drafts = drafts
        self._text = list(prompt_ids)
        self._pace = DraftPace()
        self._has_begun = False

    def propose(self, room: int) -> list[int]:
        """What the small model would write."""
        tokens = min(room, self._pace.next_tokens()) if self._has_begun else 0
        if tokens == 0:
            return []
        try:
            return self._guess(tokens)
        except (RuntimeError, IndexError) as error:  # out of memory, or of another vocabulary
            self._drafts.give_up(error)
            return []

    def tell(self, ids: Sequence[int], accepted: int, proposed: int) -> None:
        """Take in tokens, and adapt the pace."""
        self._has_begun = True
        self._text += ids
        if proposed:
            self._pace.told(accepted, proposed)

    def _guess(self, count: int) -> list[int]:
        sequence = self._drafts.read(self._text)
        if sequence is None:
            return []
        draft: list[int] = []
        for _ in range(count):
            last = draft[-1] if draft else self._text[-1]
            logits = sequence.extend([last])[-1, : self._drafts.known_ids]
            draft.append(int(logits.argmax()))
        return draft
