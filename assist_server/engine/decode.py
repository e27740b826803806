"""Prefill and decode: prompt ids in, one token after the other out."""

import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
from transformers import DynamicCache

from assist_server.engine.request import Sampling
from assist_server.engine.sampling import choose_token, make_generator

PREFILL_CHUNK_TOKENS = 512
"""Prompt tokens per forward pass: large enough to be fast, small enough to cancel between two."""


@dataclass(frozen=True)
class Step:
    """One decoded token."""

    token_id: int
    log_prob: float


class Decoder:
    """A causal language model and the device that it lives on."""

    def __init__(self, model: Any) -> None:
        self._model = model
        self._device: torch.device = model.device
        accepts = inspect.signature(model.forward).parameters
        # Without it, a prompt's logits would be computed for every position and thrown away.
        self._last_only = {"logits_to_keep": 1} if "logits_to_keep" in accepts else {}

    def steps(
        self,
        prompt_ids: tuple[int, ...],
        sampling: Sampling,
        is_cancelled: Callable[[], bool],
    ) -> Iterator[Step]:
        """Tokens that continue the prompt, without end; stops only when cancelled.

        The flag is looked at before every forward pass.
        """
        generator = make_generator(sampling, self._device)
        cache = DynamicCache(config=self._model.config)
        logits = None
        for start in range(0, len(prompt_ids), PREFILL_CHUNK_TOKENS):
            if is_cancelled():
                return
            logits = self._forward(prompt_ids[start : start + PREFILL_CHUNK_TOKENS], cache)
        while logits is not None:
            token_id, log_prob = choose_token(logits, sampling, generator)
            yield Step(token_id, log_prob)
            if is_cancelled():
                return
            logits = self._forward((token_id,), cache)

    @torch.inference_mode()
    def _forward(self, ids: tuple[int, ...], cache: DynamicCache) -> torch.Tensor:
        """Logits [vocabulary] behind the last of `ids`; the cache grows by all of them."""
        output = self._model(
            input_ids=torch.tensor([ids], device=self._device),
            past_key_values=cache,
            use_cache=True,
            **self._last_only,
        )
        logits: torch.Tensor = output.logits[0, -1]
        return logits
