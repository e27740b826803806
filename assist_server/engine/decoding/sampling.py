"""Choosing the next token from logits."""

import math
from collections.abc import Iterator

import torch

from assist_server.engine.request import Sampling
from assist_server.errors import ModelError

_LEAST_TEMPERATURE = 1e-3
"""Below it the likeliest token is certain, and dividing by it overflows."""


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
