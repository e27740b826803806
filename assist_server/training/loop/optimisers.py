"""The optimisers, and the slow average of the weights."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from assist_server.training.model.sizes import Rates

_BETAS = (0.9, 0.95)
_AVERAGE_STEPS = 100
"""About how many steps the average looks back, once there were so many."""

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
        """Optimise weights by their names."""
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
        """Change the weights along their gradients, at a share of the highest rate."""
        for optimiser, highest in self._parts:
            for group in optimiser.param_groups:
                group["lr"] = share * highest
            optimiser.step()
            optimiser.zero_grad(set_to_none=True)

    def clear_gradients(self) -> None:
        """Drop what a step that is not to be made has left."""
        for optimiser, _ in self._parts:
            optimiser.zero_grad(set_to_none=True)

    def state(self) -> list[dict[str, Any]]:
        """What has to be kept to go on."""
        return [optimiser.state_dict() for optimiser, _ in self._parts]

    def restore(self, state: Iterable[dict[str, Any]]) -> None:
        """Go on from what was kept."""
        for (optimiser, _), kept in zip(self._parts, state, strict=True):
            optimiser.load_state_dict(kept)


def _is_inner(name: str, weight: nn.Parameter) -> bool:
    return weight.ndim == 2 and "embed" not in name and "head" not in name


class WeightAverage:
    """A slow average of the weights, which is often better than they are at any one step."""

    def __init__(self, weights: Weights) -> None:
        self._weights = [*weights.values()]
        self._average = [weight.detach().clone() for weight in self._weights]
        self._names = [*weights]

    def update(self, step: int) -> None:
        """Take in the weights after a step, counted from 0; first ones weigh more."""
        share = max(1 / _AVERAGE_STEPS, 1 / (step + 2))
        torch._foreach_lerp_(self._average, [w.detach() for w in self._weights], share)

    def state(self) -> dict[str, Tensor]:
        """The averages by name."""
        return dict(zip(self._names, self._average, strict=True))

    def restore(self, state: Mapping[str, Tensor]) -> None:
        """Go on from what was kept."""
        for name, average in zip(self._names, self._average, strict=True):
            average.copy_(state[name])


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
                updates = orthogonalize(torch.stack(self._updates(matrices)))
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


def orthogonalize(matrices: Tensor) -> Tensor:
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
