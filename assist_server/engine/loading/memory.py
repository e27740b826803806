"""A check that a model fits the free memory, by its files, before anything is loaded."""

import json
import math
from pathlib import Path

from assist_server.engine.loading.gguf.header import read_header
from assist_server.engine.loading.open_models import weights_on
from assist_server.errors import ModelError

_CACHE_BYTES = 200_000_000
"""Memory for the caches of a few prompts."""


def check_fits_beside(model: str, source: str, device: str, available_bytes: int) -> None:
    """Refuse a second model that would not fit the memory beside the first.

    Args:
        model: The setting that names it.
        source: Its folder or GGUF file.
        device: Where it would run.
        available_bytes: Free memory, with the first model loaded.

    Raises:
        ModelError: it needs more.
    """
    parameters, architecture = _measured(Path(source))
    weights = weights_on(parameters, architecture, device, available_bytes)
    needed_bytes = weights.loading_bytes + _CACHE_BYTES
    if needed_bytes > available_bytes:
        raise ModelError(
            f"{model} needs {needed_bytes / 1e9:.1f} GB of memory beside the model that completes, "
            f"and {available_bytes / 1e9:.1f} GB are free; set `text_model` to a smaller model or "
            'to "", or close other programs and try again'
        )


def _measured(source: Path) -> tuple[int, str]:
    """Return the number of parameters, and the architecture as in `config.json`."""
    if source.is_file():
        header = read_header(source)
        return sum(
            math.prod(tensor.shape) for tensor in header.tensors.values()
        ), header.architecture
    config = json.loads((source / "config.json").read_text("utf-8"))
    file_bytes = sum(file.stat().st_size for file in source.glob("*.safetensors"))
    has_16_bits = str(config.get("dtype") or config.get("torch_dtype")).endswith("float16")
    return file_bytes // (2 if has_16_bits else 4), str(config.get("model_type", ""))
