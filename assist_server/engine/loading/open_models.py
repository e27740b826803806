"""Open models that people may choose from, rated for a machine without loading them."""

import tomllib
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

_TABLE = Path(__file__).with_suffix(".toml")
_COVERED = {"llama", "qwen2", "qwen3"}
"""Architectures that `engine/models/torchscript_model` runs, with weights of 2 bytes on a CPU."""

_COMFORTABLE_SHARE = 0.7
"""Share of the available memory that a model may take while editors and compilers need the rest."""

LINE_TOKENS = 10
"""Tokens of a typical completed line."""

_PATIENCE_MS = 2000
"""The default of `completion.max_latency_ms`; a slower line is cut short."""

_OTHER_BYTES = 900_000_000
"""Memory for torch, transformers, the vocabulary and the caches of prompts: a model of 135 million
parameters took 1.10 GB when loaded, and 1.41 GB while loading."""


@dataclass(frozen=True)
class OpenModel:
    """A published model; a row of `open_models.toml`."""

    name: str
    """Id on the Hugging Face hub."""
    licence: str
    architecture: str
    """`model_type` in `config.json`."""
    parameters_millions: int
    context_tokens: int
    tasks: tuple[str, ...]
    """`completion`, if it has infilling tokens; `text`, if it has a chat format."""


@dataclass(frozen=True)
class Machine:
    """The device that would run a model."""

    device: str
    """`cuda`, `mps` or `cpu`."""
    available_bytes: int
    """Memory that a model may take."""
    bandwidth: float
    """Bytes that the device reads from its memory in a second."""


class Fit(StrEnum):
    """The verdict on running a model on a machine."""

    FITS = "fits"
    SLOW = "slow"
    """It fits, but a completed line takes longer than people wait."""
    TIGHT = "tight"
    """It leaves little memory for anything else."""
    NO = "no"


@dataclass(frozen=True)
class Rating:
    """The memory and time that a model would take on a machine."""

    fit: Fit
    loaded_bytes: int
    """Memory with the model loaded, caches included."""
    loading_bytes: int
    """Most memory taken while the model is loaded."""
    token_ms: float
    """Time to read all weights once, which is the least that a token takes."""


def open_models() -> tuple[OpenModel, ...]:
    """Return the models of the table, the smallest first."""
    rows = tomllib.loads(_TABLE.read_text("utf-8"))["models"]
    return tuple(OpenModel(**{**row, "tasks": tuple(row["tasks"])}) for row in rows)


def rate(model: OpenModel, machine: Machine) -> Rating:
    """Rate a model with the number format that `dtype = "auto"` would choose.

    On a CPU, the architectures with a forward pass of their own are read in 16 bits and copied;
    others are converted to float32. GPUs use 16 bits.
    """
    parameters = model.parameters_millions * 1_000_000
    kept_bytes, read_bytes = weight_bytes(parameters, model.architecture, machine.device)
    loading_bytes = read_bytes + _OTHER_BYTES
    token_ms = kept_bytes / machine.bandwidth * 1000
    if loading_bytes > machine.available_bytes:
        fit = Fit.NO
    elif loading_bytes > machine.available_bytes * _COMFORTABLE_SHARE:
        fit = Fit.TIGHT
    else:
        fit = Fit.SLOW if token_ms * LINE_TOKENS > _PATIENCE_MS else Fit.FITS
    return Rating(fit, kept_bytes + _OTHER_BYTES, loading_bytes, token_ms)


def weight_bytes(parameters: int, architecture: str, device: str) -> tuple[int, int]:
    """Return the bytes that weights take once loaded, and the most while they are loaded."""
    is_covered = architecture in _COVERED
    kept, read = (2, 2) if device != "cpu" else (2, 4) if is_covered else (4, 4)
    return parameters * kept, parameters * read
