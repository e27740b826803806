"""Prefill of a prompt, decoding token by token, and sampling from logits."""

import math
from collections.abc import Generator, Iterator
from dataclasses import dataclass

import torch

from assist_server.engine.decoding.checkpoints import LineStarts
from assist_server.engine.decoding.healing import ForcedText, restrict
from assist_server.engine.decoding.ngram_drafts import Drafter, MakeDrafter
from assist_server.engine.decoding.prefix_cache import PrefixCache, TokenSequence
from assist_server.engine.models.protocol import LanguageModel
from assist_server.engine.request import Sampling
from assist_server.errors import ModelError

PREFILL_PIECE_TOKENS = 256
"""Prompt tokens in one forward pass: many enough to be fast, few enough to stop soon."""

_NO_LIMIT = 1 << 40

_MIN_TEMPERATURE = 1e-3
"""Below it decoding is greedy, as dividing logits by it would overflow."""


@dataclass(frozen=True)
class Step:
    """One decoded token."""

    token_id: int
    log_prob: float


class Decoder:
    """A language model, its prefix cache, and the loop that continues prompts."""

    def __init__(
        self,
        model: LanguageModel,
        prefixes: PrefixCache,
        make_drafter: MakeDrafter | None,
        context_tokens: float = math.inf,
        line_starts: LineStarts | None = None,
    ) -> None:
        """Decode with a model; without `make_drafter`, one token per forward pass.

        Nothing is drafted beyond `context_tokens`, where the model has no positions. A recurrent
        state gets checkpoints at `line_starts`.
        """
        self._model = model
        self._context_tokens = context_tokens
        self._prefixes = prefixes
        self._make_drafter = make_drafter
        self._line_starts = line_starts or LineStarts()

    def steps(
        self,
        prompt_ids: tuple[int, ...],
        sampling: Sampling,
        forced: ForcedText | None = None,
        *,
        may_draft: bool = True,
        client: str = "",
    ) -> Generator[Step | None, None, None]:
        """Yield the tokens that continue the prompt, up to the end of the context.

        The first tokens spell the text that is `forced`. Drafts change the speed only.

        None stands for a pass without a token: the prefill of a piece of the prompt. The caller
        may close the iterator at any step; the sequence so far stays in the prefix cache.
        """
        make_drafter = self._make_drafter if may_draft else None
        drafter = make_drafter(prompt_ids, client) if make_drafter else None
        sequence = self._prefixes.take(prompt_ids, client)
        try:
            yield from self._prefill(sequence, prompt_ids)
            yield from self._decode(sequence, prompt_ids, sampling, forced, drafter)
        finally:
            self._prefixes.put(sequence)

    def _prefill(self, sequence: TokenSequence, prompt_ids: tuple[int, ...]) -> Iterator[None]:
        """Prefill all but the prompt's last tokens."""
        if sequence.is_recurrent:
            lengths = self._line_starts.checkpoint_lengths(
                prompt_ids, len(sequence), PREFILL_PIECE_TOKENS
            )
            for length in lengths:
                sequence.extend(prompt_ids[len(sequence) : length])
                sequence.save_checkpoint()
                yield None
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
        pending: tuple[int, ...] = prompt_ids[len(sequence) :]
        while len(sequence) + len(pending) <= self._context_tokens:
            allowed_ids = forced.allowed_ids() if forced else None
            room = int(min(self._context_tokens, _NO_LIMIT)) - len(sequence) - len(pending)
            draft = drafter.propose(room) if drafter and allowed_ids is None and room > 0 else []
            if draft:
                sequence.save_checkpoint(before_draft=True)
            logits = sequence.extend([*pending, *draft], wanted=1 + len(draft))
            if not draft and self._line_starts.follows(pending[-1]):
                sequence.save_checkpoint()
            logits = restrict(logits, allowed_ids)
            verified = len(sequence) - len(draft)
            chosen: list[int] = []
            for token_id, log_prob in chooser.choose(logits):
                chosen.append(token_id)
                yield Step(token_id, log_prob)
                if draft[: len(chosen)] != chosen:
                    break
            accepted = len(chosen) - 1
            missing = sequence.truncate(verified + accepted)
            pending = (*missing, chosen[-1])
            if forced is not None and allowed_ids is not None:
                forced.advance(chosen[0])
            if drafter is not None:
                drafter.update(chosen, accepted, len(draft))


class TokenChooser:
    """The choice of the tokens of one generation."""

    def __init__(self, sampling: Sampling, device: torch.device) -> None:
        """Choose greedily at temperature 0; else sample, repeatably if there is a seed."""
        self._sampling = sampling
        self._generator = None
        if sampling.temperature >= _MIN_TEMPERATURE:
            self._generator = torch.Generator(device=device)
            if sampling.seed is None:
                self._generator.seed()
            else:
                self._generator.manual_seed(sampling.seed)

    def choose(self, logits: torch.Tensor) -> Iterator[tuple[int, float]]:
        """Yield a token and its natural log-probability for each row of logits [rows, vocabulary].

        The log-probability is the model's, before temperature and nucleus. Rows are sampled
        lazily, so an unused row takes no random number: with a seed, the tokens do not depend on
        how many drafts were accepted.

        Raises:
            ModelError: the logits are not finite.
        """
        log_probs = torch.log_softmax(logits.float(), dim=-1)
        best = log_probs.max(dim=-1)
        tokens, values = best.indices.tolist(), best.values.tolist()
        for row, (token, log_prob) in enumerate(zip(tokens, values, strict=True)):
            if not math.isfinite(log_prob):
                raise ModelError(
                    "the model's logits are not finite; its weights or dtype are broken"
                )
            if self._generator is None:
                yield token, log_prob
            else:
                sampled = self._sample(logits[row], self._generator)
                yield sampled, float(log_probs[row, sampled])

    def _sample(self, logits: torch.Tensor, generator: torch.Generator) -> int:
        probs = torch.softmax(logits.float() / self._sampling.temperature, dim=-1)
        probs = _keep_nucleus(probs, self._sampling.top_p)
        return int(torch.multinomial(probs, 1, generator=generator))


def _keep_nucleus(probs: torch.Tensor, top_p: float) -> torch.Tensor:
    """Zero the probability of all but the smallest set of tokens that reaches `top_p`.

    Source: Holtzman et al., "The Curious Case of Neural Text Degeneration" (2020).
    """
    if top_p >= 1:
        return probs
    ordered, order = probs.sort(descending=True)
    # A token stays while the mass before it is below top_p, so the likeliest always stays.
    is_dropped = ordered.cumsum(-1) - ordered >= top_p
    return probs.index_fill(-1, order[is_dropped], 0.0)
