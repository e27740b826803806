"""Prefill and decode: prompt ids in, one token after the other out."""

import math
from collections.abc import Generator, Iterator
from dataclasses import dataclass

from assist_server.engine.decoding.healing import ForcedText, restrict
from assist_server.engine.decoding.ngram_drafts import Drafter, MakeDrafter
from assist_server.engine.decoding.prefix_cache import PrefixCache, TokenSequence
from assist_server.engine.decoding.sampling import TokenChooser
from assist_server.engine.models.protocol import LanguageModel
from assist_server.engine.request import Sampling

PREFILL_PIECE_TOKENS = 256
"""Prompt tokens in one forward pass: enough to be fast, few enough to stop soon."""

_NO_LIMIT = 1 << 40


@dataclass(frozen=True)
class Step:
    """One decoded token."""

    token_id: int
    log_prob: float


class Decoder:
    """A language model, what it has read lately, and the loop that continues prompts."""

    def __init__(
        self,
        model: LanguageModel,
        prefixes: PrefixCache,
        make_drafter: MakeDrafter | None,
        context_tokens: float = math.inf,
    ) -> None:
        """Decode with a model; without `make_drafter`, one token for each forward pass.

        Nothing is guessed beyond `context_tokens`: the model knows no positions there.
        """
        self._model = model
        self._context_tokens = context_tokens
        self._prefixes = prefixes
        self._make_drafter = make_drafter

    def steps(
        self,
        prompt_ids: tuple[int, ...],
        sampling: Sampling,
        forced: ForcedText | None = None,
        *,
        may_draft: bool = True,
        client: str = "",
    ) -> Generator[Step | None, None, None]:
        """Tokens that continue the prompt, up to the end of the context.

        The first ones are as they are `forced`. Guessing ahead changes their time only.

        None stands for a pass that gave no token yet: a piece of the prompt was read. The caller
        may stop at any of them by closing the iterator; what was read so far is kept.
        """
        make_drafter = self._make_drafter if may_draft else None
        drafter = make_drafter(prompt_ids, client) if make_drafter else None
        sequence = self._prefixes.take(prompt_ids, client)
        try:
            yield from self._read(sequence, prompt_ids)
            yield from self._decode(sequence, prompt_ids, sampling, forced, drafter)
        finally:
            self._prefixes.put(sequence)

    def _read(self, sequence: TokenSequence, prompt_ids: tuple[int, ...]) -> Iterator[None]:
        """Prefill all but the prompt's last tokens."""
        while len(prompt_ids) - len(sequence) > PREFILL_PIECE_TOKENS:
            sequence.extend(prompt_ids[len(sequence) :][:PREFILL_PIECE_TOKENS])
            yield None

    def _decode(
        self,
        sequence: TokenSequence,
        prompt_ids: tuple[int, ...],
        sampling: Sampling,
        forced: ForcedText | None,
        drafter: Drafter | None,
    ) -> Iterator[Step]:
        chooser = TokenChooser(sampling, self._model.device)
        unread: tuple[int, ...] = prompt_ids[len(sequence) :]
        while len(sequence) + len(unread) <= self._context_tokens:
            allowed_ids = forced.allowed_ids() if forced else None
            # Behind the rewind limit, a wrong draft could not be taken back.
            limit = min(sequence.rewind_limit, self._context_tokens, _NO_LIMIT)
            room = int(limit) - len(sequence) - len(unread)
            draft = drafter.propose(room) if drafter and allowed_ids is None and room > 0 else []
            logits = sequence.extend([*unread, *draft], wanted=1 + len(draft))
            logits = restrict(logits, allowed_ids)
            sure = len(sequence) - len(draft)
            chosen: list[int] = []
            for token_id, log_prob in chooser.choose(logits):
                chosen.append(token_id)
                yield Step(token_id, log_prob)
                if draft[: len(chosen)] != chosen:
                    break
            accepted = len(chosen) - 1
            sequence.truncate(sure + accepted)
            unread = (chosen[-1],)
            if forced is not None and allowed_ids is not None:
                forced.advance(chosen[0])
            if drafter is not None:
                drafter.tell(chosen, accepted, len(draft))
