"""What the commands `train` and `finetune` are asked for."""

from dataclasses import dataclass
from pathlib import Path

from assist_server.training.loop.schedule import Budget


@dataclass(frozen=True, kw_only=True)
class Choice:
    """The options that all kinds of training share."""

    out: Path
    budget: Budget | None
    """None for the budget of the resumed run, or else the usual one."""
    is_resumed: bool
    seed: int
    device: str


@dataclass(frozen=True, kw_only=True)
class TrainChoice(Choice):
    """A training run on permissively licensed code."""

    size: str | None
    """Size of a new model; None if `start` gives the shape."""
    corpus: Path | None
    """A folder with a corpus, or one to build it in; None for one within `out`."""
    packages: tuple[Path, ...] | None
    """Folders with installed packages to learn from; None for this environment."""
    has_standard_library: bool
    """Whether to learn from the standard library, too, if there are such folders."""
    start: Path | None
    """A folder with a model to start from; None for random weights."""
    vocabulary: int | None
    """Tokens to keep of that model's vocabulary; None for all."""
    layers: int | None
    """Layers to keep of that model, the most important ones; None for all."""
    answers: Path | None
    """A file with a model's own answers, so that it can still chat; None without."""


@dataclass(frozen=True, kw_only=True)
class FinetuneChoice(Choice):
    """More training for a model that exists, on one's own code."""

    repo: Path
    model: str
