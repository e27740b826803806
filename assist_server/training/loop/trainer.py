"""The training loop, with states to resume from at any step."""

import contextlib
import math
import time
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from assist_server.training.examples.windows import IGNORED, START, Position, Window, WindowStream
from assist_server.training.loop.checkpoints import LATEST, STABLE, link_state, save_state
from assist_server.training.loop.optimisers import Optimisers, WeightAverage
from assist_server.training.loop.reports import StepReport, TrainingLog, Watcher
from assist_server.training.loop.schedule import Budget, Schedule
from assist_server.training.model.losses import chunked_loss
from assist_server.training.model.network import Segments, to_device
from assist_server.training.model.sizes import Rates

_Z_LOSS = 1e-4
_LARGEST_GRADIENT = 1.0
_SAVE_S = 300.0
_VALIDATION_STEPS = 100


class TrainedNetwork(Protocol):
    """The interface of networks for training."""

    @property
    def head(self) -> Tensor:
        """Return the weight that maps hidden states to logits."""
        ...

    def __call__(self, inputs: Tensor, segments: Segments) -> Tensor:
        """Return the hidden states of ids; the examples of a window are independent."""
        ...

    def train(self, mode: bool = True) -> Any:  # noqa: FBT001, FBT002 - torch's own signature
        """Switch dropout on or off."""
        ...


@dataclass(frozen=True)
class Plan:
    """The settings of the steps."""

    seed: int
    batch_windows: int
    micro_windows: int
    rates: Rates
    device: str
    is_bfloat16: bool
    is_compiled: bool = False
    """Whether the loss is compiled."""


@dataclass(frozen=True)
class _Batch:
    """The windows of a step."""

    windows: Sequence[Window]
    tokens: int
    """The number of learned tokens."""
    epoch: int
    following: Position
    """The position of the stream after it."""


def _learned(windows: Sequence[Window]) -> int:
    return sum(int((window.targets != IGNORED).sum()) for window in windows)


@dataclass
class Progress:
    """Training progress."""

    step: int = 0
    tokens: int = 0
    seconds: float = 0.0
    position: Position = START
    decay_start: float | None = None
    """Start of the decay, in the budget's unit; None before it."""


class Trainer:
    """One training: a network, its stream of windows, and the progress."""

    def __init__(  # noqa: PLR0913, PLR0917 - the parts of a training run
        self,
        network: TrainedNetwork,
        weights: Mapping[str, nn.Parameter],
        stream: WindowStream,
        validation: Sequence[Window],
        plan: Plan,
        folder: Path,
    ) -> None:
        """Train the `weights` of a network, with states in a folder."""
        self._network, self._weights = network, weights
        self._stream, self._validation, self._plan = stream, validation, plan
        self._folder = folder
        self._device = torch.device(plan.device)
        self._optimisers = Optimisers(weights, plan.rates)
        self._average = WeightAverage(weights)
        self._budget = Budget()
        self._next_batch: _Batch | None = None
        """Prepared during the last step."""
        self.progress = Progress()

    # States

    def state(self) -> dict[str, Any]:
        """Return the state for exact resume."""
        budget = self._budget
        return {
            "budget": {"tokens": budget.tokens, "seconds": budget.seconds},
            "weights": {name: weight.detach() for name, weight in self._weights.items()},
            "average": self._average.state(),
            "optimisers": self._optimisers.state(),
            "place": {**vars(self.progress), "position": list(self.progress.position)},
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Restore a state."""
        with torch.no_grad():
            for name, weight in self._weights.items():
                weight.copy_(state["weights"][name])
        self._average.restore(state["average"])
        self._optimisers.restore(state["optimisers"])
        place = state["place"]
        self.progress = Progress(**{**place, "position": Position(*place["position"])})

    def save(self) -> None:
        """Write the newest state.

        Raises:
            AssistError: the state cannot be written.
        """
        save_state(self.state(), self._folder / LATEST)

    # The loop

    def run(self, budget: Budget, watcher: Watcher) -> None:
        """Train until the budget is used up or the watcher stops it, and save the state.

        Raises:
            AssistError: a state cannot be written.
        """
        progress, self._budget = self.progress, budget
        spent = budget.spent(progress.tokens, progress.seconds)
        schedule = Schedule.of(budget, spent, self._plan.rates.warmup_steps)
        if progress.decay_start is not None:
            schedule = Schedule(budget.total, progress.decay_start, self._plan.rates.warmup_steps)
        log = TrainingLog(self._folder / "log.jsonl", progress.step)
        last_save = time.monotonic()
        self._next_batch = None
        with contextlib.closing(self._batches()) as batches:
            while not schedule.is_over(spent) and not watcher.wants_to_stop():
                if schedule.decays(spent) and progress.decay_start is None:
                    self._keep_stable()
                    progress.decay_start = schedule.decay_start
                report = self._step(batches, schedule, spent, budget, watcher)
                if report is None:
                    break
                spent = budget.spent(progress.tokens, progress.seconds)
                log.write(report)
                watcher.step(report)
                if time.monotonic() - last_save > _SAVE_S:
                    self.save()
                    last_save = time.monotonic()
        self.save()

    def _keep_stable(self) -> None:
        self.save()
        link_state(self._folder / LATEST, self._folder / STABLE)

    def _batches(self) -> Generator[_Batch, None, None]:
        """Yield the batches from the current position on."""
        with contextlib.closing(self._stream.windows(self.progress.position)) as windows:
            while True:
                taken = [next(windows) for _ in range(self._plan.batch_windows)]
                batch = [window for window, _ in taken]
                yield _Batch(batch, _learned(batch), taken[0][1].epoch, taken[-1][1])

    def _step(
        self,
        batches: Generator[_Batch, None, None],
        schedule: Schedule,
        spent: float,
        budget: Budget,
        watcher: Watcher,
    ) -> StepReport | None:
        """Perform one step; return None if the watcher stopped it, which changes nothing."""
        began = time.monotonic()
        progress = self.progress
        batch = self._next_batch or next(batches)
        self._next_batch = None
        torch.manual_seed(hash((self._plan.seed, progress.step)))
        loss = self._compute_gradients(batch, watcher)
        if loss is None:
            return None
        norm = nn.utils.clip_grad_norm_(self._weights.values(), _LARGEST_GRADIENT)
        # A GPU still computes these gradients; only the next lines wait for it.
        self._next_batch = next(batches)
        rate = schedule.rate(progress.step, spent)
        if math.isfinite(norm.item()):
            self._optimisers.step(rate)
            self._average.update(progress.step)
        else:
            self._optimisers.clear_gradients()
        progress.step += 1
        progress.tokens += batch.tokens
        progress.position = batch.following
        measures = progress.step % _VALIDATION_STEPS == 0
        validation_loss = self.validation_loss() if measures else None
        seconds = time.monotonic() - began
        progress.seconds += seconds
        now_spent = budget.spent(progress.tokens, progress.seconds)
        left = max(0.0, schedule.total - now_spent) / max(1e-9, now_spent) * progress.seconds
        return StepReport(
            progress.step,
            progress.tokens,
            batch.epoch,
            round(progress.seconds, 3),
            loss.item(),
            validation_loss,
            rate,
            norm.item(),
            batch.tokens / seconds,
            min(1.0, now_spent / schedule.total),
            left,
        )

    def _compute_gradients(self, batch: _Batch, watcher: Watcher) -> Tensor | None:
        """Compute the gradients; return the mean loss, or None if the watcher stopped it."""
        windows = batch.windows
        weight = max(1.0, sum(float(window.weights.sum()) for window in windows))
        losses: list[Tensor] = []
        self._network.train()
        for start in range(0, len(windows), self._plan.micro_windows):
            if watcher.wants_to_stop():
                self._optimisers.clear_gradients()
                return None
            total, plain = self._losses(windows[start : start + self._plan.micro_windows])
            (total / weight).backward()  # type: ignore[no-untyped-call]
            losses.append(plain)
        return torch.stack(losses).sum() / max(1, batch.tokens)

    def _losses(self, windows: Sequence[Window]) -> tuple[Tensor, Tensor]:
        targets = np.stack([window.targets for window in windows]).ravel()
        places = (targets != IGNORED).nonzero()[0]
        weights = np.stack([window.weights for window in windows]).ravel()[places]
        inputs = self._tensor(np.stack([window.inputs for window in windows]))
        segments = Segments([window.lengths for window in windows], self._device)
        dtype = torch.bfloat16 if self._plan.is_bfloat16 else torch.float32
        with torch.autocast(self._device.type, torch.bfloat16, enabled=self._plan.is_bfloat16):
            hidden = self._network(inputs, segments).flatten(0, 1)
        hidden = hidden.index_select(0, self._tensor(places)).to(dtype)
        learned, weight = self._tensor(targets[places]), self._tensor(weights)
        head, is_compiled = self._network.head, self._plan.is_compiled
        return chunked_loss(hidden, head, learned, weight, _Z_LOSS, is_compiled=is_compiled)

    def _tensor(self, values: NDArray[Any]) -> Tensor:
        return to_device(torch.from_numpy(values), self._device)

    # Held-out code

    @torch.no_grad()
    def validation_loss(self) -> float | None:
        """Return the nats per token on held-out windows; None if there are none."""
        if not self._validation:
            return None
        self._network.train(mode=False)
        size = self._plan.micro_windows
        starts = range(0, len(self._validation), size)
        # Compiled code has the shape of a step; compiling another shape would take longer.
        with torch.compiler.set_stance("force_eager"):
            losses = [self._losses(self._validation[start : start + size])[1] for start in starts]
        return torch.stack(losses).sum().item() / max(1, _learned(self._validation))

    def use_better_weights(self) -> tuple[str, float | None]:
        """Replace the weights by their average if it is better; return the choice and its loss.

        Without held-out code the average is used.
        """
        plain_loss = self.validation_loss()
        plain = {name: weight.detach().clone() for name, weight in self._weights.items()}
        self._set_weights(self._average.state())
        average_loss = self.validation_loss()
        if plain_loss is None or average_loss is None or average_loss <= plain_loss:
            return "average", average_loss
        self._set_weights(plain)
        return "last", plain_loss

    def _set_weights(self, values: Mapping[str, Tensor]) -> None:
        with torch.no_grad():
            for name, weight in self._weights.items():
                weight.copy_(values[name])
