"""Guessing with a smaller model of the same vocabulary.

Source: Leviathan et al., "Fast Inference from Transformers via Speculative Decoding" (2023). Here a
guess counts only where it equals the token that the large model chooses, which keeps every text as
it is, drawn ones too.
"""

from collections.abc import Sequence

from assist_server.engine.drafting import LONGEST_DRAFT_TOKENS, DraftPace
from assist_server.engine.language_model import LanguageModel
from assist_server.engine.prefix_cache import TokenSequence, shared_length

_MOST_READ_TOKENS = 256
"""Read at one time; whoever waits for the large model waits for this as well."""


class DraftModel:
    """Makes drafters that share one small model, and what it has read."""

    def __init__(self, model: LanguageModel, context_tokens: int) -> None:
        """Guess with a model up to that many tokens; used by the thread of the large one only."""
        self._model = model
        self._context_tokens = context_tokens
        self._sequence = TokenSequence(model.new_cache())

    def __call__(self, prompt_ids: Sequence[int]) -> "ModelDrafter":
        """A drafter for one generation."""
        return ModelDrafter(self, prompt_ids)

    def read(self, ids: list[int]) -> TokenSequence | None:
        """A sequence of all of some tokens but the last; None while it cannot be had.

        There may be more to read first, or no room to guess behind them.

        Generations take turns, and each finds here what the last one left.
        """
        if len(ids) + LONGEST_DRAFT_TOKENS > self._context_tokens:
            return None
        wanted = ids[:-1]
        known = shared_length(self._sequence.ids, wanted)
        sequence = self._sequence
        is_cut = known < len(sequence)
        if not sequence.is_sound or (is_cut and len(sequence) > sequence.rewind_limit):
            known, sequence = 0, TokenSequence(self._model.new_cache())
        self._sequence = sequence
        sequence.truncate(known)
        if unread := wanted[known:][:_MOST_READ_TOKENS]:
            sequence.extend(unread)
        return sequence if len(sequence) == len(wanted) else None


class ModelDrafter:
    """A `Drafter` that asks a small model; it guesses nothing before it has read the prompt."""

    def __init__(self, drafts: DraftModel, prompt_ids: Sequence[int]) -> None:
        self._drafts = drafts
        self._text = list(prompt_ids)
        self._pace = DraftPace()

    def propose(self) -> list[int]:
        """What the small model would write."""
        sequence = self._drafts.read(self._text)
        if sequence is None:
            return []
        draft: list[int] = []
        for _ in range(self._pace.next_tokens()):
            last = draft[-1] if draft else self._text[-1]
            draft.append(int(sequence.extend([last]).argmax()))
        return draft

    def tell(self, ids: Sequence[int], accepted: int, proposed: int) -> None:
        """Take in tokens, and adapt the pace."""
        self._text += ids
        if proposed:
            self._pace.told(accepted, proposed)
