"""Cross-entropy over a vocabulary, in chunks of tokens.

Logits are computed for some tokens at a time, together with their gradient; those of a whole batch
would take more memory than everything else. The z-loss keeps logits from drifting (Chowdhery et
al., "PaLM", 2022).
"""

import functools
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

_CHUNK_TOKENS = 2_048
_COMPILED_CHUNK_TOKENS = 16_384
"""Larger chunks keep a GPU busy, and fused kernels make fewer copies of logits."""

_Differentiate = Callable[[Tensor, Tensor, Tensor, float], tuple[tuple[Tensor, Tensor], Tensor]]


def _differentiate(
    logits: Tensor, targets: Tensor, weights: Tensor, z_loss: float
) -> tuple[tuple[Tensor, Tensor], Tensor]:
    """Return the loss and the plain cross-entropy, as sums, and the gradient of the loss."""
    dtype = logits.dtype
    logits = logits.float()
    rows = torch.arange(len(logits), device=logits.device)
    log_sum = logits.logsumexp(-1)
    entropy = log_sum - logits[rows, targets]
    total = (weights * (entropy + z_loss * log_sum.square())).sum()
    gradient = logits.sub(log_sum[:, None]).exp_()
    gradient.mul_(1 + 2 * z_loss * log_sum[:, None])
    gradient[rows, targets] -= 1
    return (total, entropy.sum()), gradient.mul_(weights[:, None]).to(dtype)


@functools.cache
def _compiled_differentiate() -> _Differentiate:
    """Return the compiled function, with fewer reads and writes of logits on a GPU."""
    return torch.compile(_differentiate)


class _ChunkedLoss(torch.autograd.Function):
    @staticmethod
    def forward(  # noqa: PLR0913, PLR0917 - the inputs of the loss
        ctx: Any,
        hidden: Tensor,
        head: Tensor,
        targets: Tensor,
        weights: Tensor,
        z_loss: float,
        is_compiled: bool,  # noqa: FBT001 - autograd passes positional arguments
    ) -> tuple[Tensor, Tensor]:
        """Return the loss and the plain cross-entropy, as sums."""
        total = torch.zeros((), device=hidden.device)
        plain = torch.zeros((), device=hidden.device)
        hidden_gradient = torch.empty_like(hidden)
        head_gradient = torch.zeros(head.shape, device=head.device) if head.requires_grad else None
        used_head = head.to(hidden.dtype)
        size = _COMPILED_CHUNK_TOKENS if is_compiled else _CHUNK_TOKENS
        differentiate = _compiled_differentiate() if is_compiled else _differentiate
        for start in range(0, len(hidden), size):
            part = slice(start, start + size)
            logits = hidden[part] @ used_head.T
            sums, gradient = differentiate(logits, targets[part], weights[part], z_loss)
            total += sums[0]
            plain += sums[1]
            hidden_gradient[part] = gradient @ used_head
            if head_gradient is not None:
                head_gradient += (gradient.T @ hidden[part]).float()
        ctx.save_for_backward(hidden_gradient, head_gradient)
        ctx.mark_non_differentiable(plain)
        return total, plain

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, total: Tensor, plain: Tensor) -> tuple[Tensor | None, ...]:
        del plain
        hidden_gradient, head_gradient = ctx.saved_tensors
        for_head = None if head_gradient is None else head_gradient * total
        return hidden_gradient * total.to(hidden_gradient.dtype), for_head, None, None, None, None


def chunked_loss(  # noqa: PLR0913 - as above
    hidden: Tensor,
    head: Tensor,
    targets: Tensor,
    weights: Tensor,
    z_loss: float = 0.0,
    *,
    is_compiled: bool = False,
) -> tuple[Tensor, Tensor]:
    """Return sums over tokens: the loss, and the cross-entropy in nats without weights.

    Args:
        hidden: States [tokens, hidden], of learned tokens only.
        head: Weights [vocabulary, hidden].
        targets: The next token of each token.
        weights: The weight of each target.
        z_loss: Weight of the squared log of the sum of exponentials.
        is_compiled: Use compiled kernels; the compilation takes some seconds once.
    """
    with torch.autocast(hidden.device.type, enabled=False):
        inputs = hidden, head, targets, weights, z_loss, is_compiled
        total, plain = _ChunkedLoss.apply(*inputs)  # type: ignore[no-untyped-call]
    return total, plain
