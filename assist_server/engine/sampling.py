"""Choosing the next token from logits."""

import math

import torch

from assist_server.engine.request import Sampling
from assist_server.errors import ModelError

_LEAST_TEMPERATURE = 1e-3
"""Below it the likeliest token is certain, and dividing by it overflows."""


def make_generator(sampling: Sampling, device: torch.device) -> torch.Generator | None:
    """The source of randomness of one generation; None where nothing is drawn."""
    if sampling.temperature < _LEAST_TEMPERATURE:
        return None
    generator = torch.Generator(device=device)
    if sampling.seed is None:
        generator.seed()
    else:
        generator.manual_seed(sampling.seed)
    return generator


def choose_token(
    logits: torch.Tensor, sampling: Sampling, generator: torch.Generator | None
) -> tuple[int, float]:
    """The next token of logits [vocabulary], and its natural log-probability under the model."""
    log_probs = torch.log_softmax(logits.float(), dim=-1)
    if generator is None:
        token = int(log_probs.argmax())
    else:
        probs = torch.softmax(logits.float() / sampling.temperature, dim=-1)
        probs = _keep_nucleus(probs, sampling.top_p)
        token = int(torch.multinomial(probs, 1, generator=generator))
    log_prob = float(log_probs[token])
    if not math.isfinite(log_prob):
        raise ModelError("the model gives no numbers; its weights or their dtype are broken")
    return token, log_prob


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
