"""The optimisers Muon and AdamW, and the moving average of the weights."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from assist_server.training.model.sizes import Rates

_BETAS = (0.9, 0.95)
_AVERAGE_STEPS = 100
"""The window of the moving average, in steps."""

Weights = Mapping[str, nn.Parameter]

_MOMENTUM = 0.95
_COEFFICIENTS = (3.4445, -4.7750, 2.0315)
_ITERATIONS = 5
_EPS = 1e-7


class Optimisers:
    """Muon for matrices within layers, AdamW for everything else; one rate for both.

    Source: Loshchilov and Hutter, "Decoupled Weight Decay Regularization" (2019).
    """

    def __init__(self, weights: Weights, rates: Rates) -> None:
        """Assign weights to optimisers by their names."""
        muon = [] if rates.muon is None else [w for n, w in weights.items() if _is_inner(n, w)]
        ids = {id(weight) for weight in muon}
        rest = [weight for weight in weights.values() if id(weight) not in ids]
        decayed = [weight for weight in rest if weight.ndim > 1]
        plain = [weight for weight in rest if weight.ndim <= 1]
        groups = [
            {"params": decayed, "weight_decay": rates.weight_decay},
            {"params": plain, "weight_decay": 0.0},
        ]
        self._parts: list[tuple[torch.optim.Optimizer, float]] = [
            (torch.optim.AdamW(groups, lr=rates.adamw, betas=_BETAS), rates.adamw)
        ]
        if muon and rates.muon is not None:
            optimiser = Muon(muon, rates.muon, rates.weight_decay)
            self._parts.append((optimiser, rates.muon))

    def step(self, share: float) -> None:
        """Perform one step at a share of the highest rate, and clear the gradients."""
        for optimiser, highest in self._parts:
            for group in optimiser.param_groups:
                group["lr"] = share * highest
            optimiser.step()
            optimiser.zero_grad(set_to_none=True)

    def clear_gradients(self) -> None:
        """Drop the gradients without a step."""
        for optimiser, _ in self._parts:
            optimiser.zero_grad(set_to_none=True)

    def state(self) -> list[dict[str, Any]]:
        """Return the state for resuming."""
        return [optimiser.state_dict() for optimiser, _ in self._parts]

    def restore(self, state: Iterable[dict[str, Any]]) -> None:
        """Restore a state."""
        for (optimiser, _), kept in zip(self._parts, state, strict=True):
            optimiser.load_state_dict(kept)


def _is_inner(name: str, weight: nn.Parameter) -> bool:
    return weight.ndim == 2 and "embed" not in name and "head" not in name


class WeightAverage:
    """A moving average of the weights, which is often better than the weights of any step."""

    def __init__(self, weights: Weights) -> None:
        self._weights = [*weights.values()]
        self._average = [weight.detach().clone() for weight in self._weights]
        self._names = [*weights]

    def update(self, step: int) -> None:
        """Update with the weights after a step, counted from 0; the first ones weigh more."""
        share = max(1 / _AVERAGE_STEPS, 1 / (step + 2))
        torch._foreach_lerp_(self._average, [w.detach() for w in self._weights], share)

    def state(self) -> dict[str, Tensor]:
        """Return the averages by name."""
        return dict(zip(self._names, self._average, strict=True))

    def restore(self, state: Mapping[str, Tensor]) -> None:
        """Restore a state."""
        for name, average in zip(self._names, self._average, strict=True):
            average.copy_(state[name])


class Muon(torch.optim.Optimizer):
    """Muon for the matrices in layers: momentum, made orthogonal before the update.

    Source: Jordan et al., "Muon: An optimizer for hidden layers in neural networks" (2024). It
    computes the same as `torch.optim.Muon`, but for all matrices of a shape at once: one by one
    they leave a GPU idle.
    """

    def __init__(self, matrices: Iterable[nn.Parameter], lr: float, weight_decay: float) -> None:
        super().__init__(matrices, {"lr": lr, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self) -> None:  # type: ignore[override] # closures are not used
        """Perform one optimizer step."""
        for group in self.param_groups:
            by_shape: dict[torch.Size, list[nn.Parameter]] = defaultdict(list)
            for matrix in group["params"]:
                if matrix.grad is not None:
                    by_shape[matrix.shape].append(matrix)
            for shape, matrices in by_shape.items():
                updates = orthogonalize(torch.stack(self._updates(matrices)))
                # Tall matrices get larger updates, so that outputs change equally.
                rate = group["lr"] * max(1, shape[0] / shape[1]) ** 0.5
                values: list[Tensor] = [*matrices]
                torch._foreach_mul_(values, 1 - group["lr"] * group["weight_decay"])
                torch._foreach_add_(values, [*updates.float().unbind()], alpha=-rate)

    def _updates(self, matrices: Sequence[nn.Parameter]) -> list[Tensor]:
        """Update the momentum buffers; return the updates by Nesterov's momentum."""
        gradients = [matrix.grad for matrix in matrices if matrix.grad is not None]
        for matrix in matrices:
            if not self.state[matrix]:
                self.state[matrix]["momentum_buffer"] = torch.zeros_like(matrix)
        buffers = [self.state[matrix]["momentum_buffer"] for matrix in matrices]
        torch._foreach_lerp_(buffers, gradients, 1 - _MOMENTUM)
        updates = [gradient.clone() for gradient in gradients]
        torch._foreach_lerp_(updates, buffers, _MOMENTUM)
        return updates


def orthogonalize(matrices: Tensor) -> Tensor:
    """Move the singular values of matrices [count, rows, columns] to about 1; returns bfloat16.

    This is a Newton-Schulz iteration, with coefficients that converge fast but not exactly.
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
