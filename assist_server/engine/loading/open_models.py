"""Open models that people may choose from, rated for a machine without loading them."""

import tomllib
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from assist_server.engine.device import MAX_SHARE_OF_MEMORY

_TABLE = Path(__file__).with_suffix(".toml")
_COVERED = {"llama", "qwen2", "qwen3"}
"""Architectures that `engine/models/torchscript_model` runs."""

_COVERED_FORMATS = {"float16": 2.0, "int8": 1.1, "int4": 0.75}
_OTHER_FORMATS = {"float32": 4.0, "int8": 1.5, "int4": 1.1}
"""Bytes for a parameter on a CPU by number format, the preferred one first.

Embeddings, estimated as a tenth of a model, have more bits than the format's name says.
"""

_PACKING_BYTES = 0.15
"""Bytes for a parameter of the model that packing takes beside, mostly for the embedding."""

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
    dtype: str
    """The number format of the weights."""
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

    On a CPU, the architectures with a forward pass of their own have 16 bits and others 32, or 8 or
    4 where the memory is small. GPUs use 16 bits.
    """
    parameters = model.parameters_millions * 1_000_000
    available_bytes = machine.available_bytes
    weights = weights_on(parameters, model.architecture, machine.device, available_bytes)
    loading_bytes = weights.loading_bytes + _OTHER_BYTES
    token_ms = weights.kept_bytes / machine.bandwidth * 1000
    if loading_bytes > available_bytes:
        fit = Fit.NO
    elif loading_bytes > available_bytes * _COMFORTABLE_SHARE:
        fit = Fit.TIGHT
    else:
        fit = Fit.SLOW if token_ms * LINE_TOKENS > _PATIENCE_MS else Fit.FITS
    kept_bytes = weights.kept_bytes + _OTHER_BYTES
    return Rating(fit, weights.dtype, kept_bytes, loading_bytes, token_ms)


@dataclass(frozen=True)
class WeightsMemory:
    """A number format, and the memory of a model's weights in it."""

    dtype: str
    kept_bytes: int
    """Once loaded."""
    loading_bytes: int
    """The most while they are loaded."""


def weights_on(
    parameters: int, architecture: str, device: str, available_bytes: int
) -> WeightsMemory:
    """Return the memory of weights in the format that `dtype = "auto"` chooses, estimated."""
    if device != "cpu":
        return WeightsMemory("16 bits", parameters * 2, parameters * 2)
    formats = _COVERED_FORMATS if architecture in _COVERED else _OTHER_FORMATS
    sizes = {name: int(parameters * size) for name, size in formats.items()}
    limit_bytes = MAX_SHARE_OF_MEMORY * available_bytes
    dtype = next((name for name, size in sizes.items() if size <= limit_bytes), "int4")
    return WeightsMemory(dtype, sizes[dtype], sizes[dtype] + int(parameters * _PACKING_BYTES))
