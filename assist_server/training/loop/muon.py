"""Muon: momentum whose direction is made orthogonal before it changes a matrix.

Source: Jordan et al., "Muon: An optimizer for hidden layers in neural networks" (2024). What it
computes is what `torch.optim.Muon` does, for all matrices of a shape at a time: one by one they
keep a GPU waiting.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence

import torch
from torch import Tensor, nn

_MOMENTUM = 0.95
_COEFFICIENTS = (3.4445, -4.7750, 2.0315)
_ITERATIONS = 5
_EPS = 1e-7


class Muon(torch.optim.Optimizer):
    """For matrices within layers."""

    def __init__(self, matrices: Iterable[nn.Parameter], lr: float, weight_decay: float) -> None:
        super().__init__(matrices, {"lr": lr, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self) -> None:  # type: ignore[override] # nothing here calls closures
        """Change the matrices that have a gradient."""
        for group in self.param_groups:
            alike: dict[torch.Size, list[nn.Parameter]] = defaultdict(list)
            for matrix in group["params"]:
                if matrix.grad is not None:
                    alike[matrix.shape].append(matrix)
            for shape, matrices in alike.items():
                updates = orthogonalized(torch.stack(self._updates(matrices)))
                # Tall matrices change by more, so that what they put out changes alike.
                rate = group["lr"] * max(1, shape[0] / shape[1]) ** 0.5
                values: list[Tensor] = [*matrices]
                torch._foreach_mul_(values, 1 - group["lr"] * group["weight_decay"])
                torch._foreach_add_(values, [*updates.float().unbind()], alpha=-rate)

    def _updates(self, matrices: Sequence[nn.Parameter]) -> list[Tensor]:
        """Nesterov's momentum, in which the gradient counts once more."""
        gradients = [matrix.grad for matrix in matrices if matrix.grad is not None]
        for matrix in matrices:
            if not self.state[matrix]:
                self.state[matrix]["momentum_buffer"] = torch.zeros_like(matrix)
        buffers = [self.state[matrix]["momentum_buffer"] for matrix in matrices]
        torch._foreach_lerp_(buffers, gradients, 1 - _MOMENTUM)
        updates = [gradient.clone() for gradient in gradients]
        torch._foreach_lerp_(updates, buffers, _MOMENTUM)
        return updates


def orthogonalized(matrices: Tensor) -> Tensor:
    """Matrices [count, rows, columns] with their singular values moved to about one, bfloat16.

    By the iteration of Newton and Schulz, with coefficients that go there fast and not exactly.
    """
    a, b, c = _COEFFICIENTS
    is_tall = matrices.shape[1] > matrices.shape[2]
    found = matrices.bfloat16()
    found = found.mT if is_tall else found
    found = found / found.norm(dim=(1, 2), keepdim=True).clamp(min=_EPS)
    for _ in range(_ITERATIONS):
        gram = found @ found.mT
        found = torch.baddbmm(
            found, torch.baddbmm(gram, gram, gram, beta=b, alpha=c), found, beta=a
        )
    return found.mT if is_tall else found
