"""Prefill and decode: prompt ids in, one token after the other out."""

import math
from collections.abc import Generator, Iterator
from dataclasses import dataclass

import torch

from assist_server.engine.decoding.healing import ForcedText, restrict
from assist_server.engine.decoding.ngram_drafts import Drafter, MakeDrafter
from assist_server.engine.decoding.prefix_cache import PrefixCache, TokenSequence
from assist_server.engine.models.protocol import LanguageModel
from assist_server.engine.request import Sampling
from assist_server.errors import ModelError

PREFILL_PIECE_TOKENS = 256
"""Prompt tokens in one forward pass: enough to be fast, few enough to stop soon."""

_NO_LIMIT = 1 << 40

_LEAST_TEMPERATURE = 1e-3
"""Below it the likeliest token is certain, and dividing by it overflows."""


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


class TokenChooser:
    """Chooses the tokens of one generation."""

    def __init__(self, sampling: Sampling, device: torch.device) -> None:
        """Greedy at temperature 0; else drawn, repeatably where there is a seed."""
        self._sampling = sampling
        self._generator = None
        if sampling.temperature >= _LEAST_TEMPERATURE:
            self._generator = torch.Generator(device=device)
            if sampling.seed is None:
                self._generator.seed()
            else:
                self._generator.manual_seed(sampling.seed)

    def choose(self, logits: torch.Tensor) -> Iterator[tuple[int, float]]:
        """For each row of logits [rows, vocabulary]: a token, and its natural log-probability.

        The log-probability is the model's own, before temperature and nucleus. Rows are drawn one
        by one as they are asked for, so that a row nobody wants takes no random number: with a
        seed, the tokens do not depend on how many were guessed right.

        Raises:
            ModelError: the logits are no numbers.
        """
        log_probs = torch.log_softmax(logits.float(), dim=-1)
        best = log_probs.max(dim=-1)
        tokens, values = best.indices.tolist(), best.values.tolist()
        for row, (token, log_prob) in enumerate(zip(tokens, values, strict=True)):
            if not math.isfinite(log_prob):
                raise ModelError("the model gives no numbers; its weights or dtype are broken")
            if self._generator is None:
                yield token, log_prob
            else:
                drawn = self._draw(logits[row], self._generator)
                yield drawn, float(log_probs[row, drawn])

    def _draw(self, logits: torch.Tensor, generator: torch.Generator) -> int:
        probs = torch.softmax(logits.float() / self._sampling.temperature, dim=-1)
        probs = _keep_nucleus(probs, self._sampling.top_p)
        return int(torch.multinomial(probs, 1, generator=generator))


def _keep_nucleus(probs: torch.Tensor, top_p: float) -> torch.Tensor:
    """Zero all but the fewest likeliest tokens that together reach `top_p`.

    Source: Holtzman et al., "The Curious Case of Neural Text Degeneration" (2020).
    """
    if top_p >= 1:
        return probs
    ordered, order = probs.sort(descending=True)
    # A token stays while the mass before it is below top_p, so the likeliest always stays.
    is_dropped = ordered.cumsum(-1) - ordered >= top_p
    return probs.index_fill(-1, order[is_dropped], 0.0)
