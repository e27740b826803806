"""Tokenizer and model of a GGUF file.

transformers reads such files as well, but parses the vocabulary three times, each taking seconds,
and needs several times the memory. Its reading is what the tests compare with.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from transformers import MODEL_FOR_CAUSAL_LM_MAPPING, AutoConfig, GenerationConfig

from assist_server.engine.backend import ProgressCallback
from assist_server.engine.loading.deferred import UnreadWeight, load_deferred, read_deferred
from assist_server.engine.loading.gguf.config import config_values, supported_architecture
from assist_server.engine.loading.gguf.header import Header, read_header
from assist_server.engine.loading.gguf.tokenizer import end_ids, read_tokenizer
from assist_server.engine.loading.gguf.weights import (
    read_rope_factors,
    unread_weights,
    weights_dtype,
)
from assist_server.errors import ModelError


def read_gguf(
    file: Path, dtype: torch.dtype | None, report: ProgressCallback, *, is_deferred: bool = False
) -> tuple[Any, Any]:
    """Read tokenizer and model of a GGUF file.

    Args:
        file: The file.
        dtype: Of the model's weights; None for the smallest that has the file's precision.
        report: Called with the progress.
        is_deferred: Read large weights on use; see `engine/loading/deferred`.

    Raises:
        ModelError: the file cannot be used.
        Exception: any error of the libraries that build tokenizer and model.
    """
    header = read_header(file)
    architecture = supported_architecture(header)
    report("reading the tokenizer", 65)
    tokenizer = read_tokenizer(header)
    config: Any = AutoConfig.for_model(**config_values(header, read_rope_factors(header)))
    model_class: Any = MODEL_FOR_CAUSAL_LM_MAPPING[type(config)]
    dtype = dtype or weights_dtype(header)
    weights = unread_weights(header, architecture, config, dtype)
    with torch.device("meta"):
        skeleton = model_class(config)
    _check_shapes(skeleton, weights, header)
    report("reading the weights", 80)
    model, _ = load_deferred(skeleton, weights, dtype)
    if not is_deferred:
        read_deferred(model)
    make: Any = GenerationConfig
    model.generation_config = make(eos_token_id=end_ids(header) or None)
    return tokenizer, model


def _check_shapes(skeleton: Any, weights: Mapping[str, UnreadWeight], header: Header) -> None:
    """Compare the file's tensors with those of the model, before memory is allocated."""
    expected = {name: weight.shape for name, weight in skeleton.state_dict().items()}
    if skeleton.config.tie_word_embeddings:
        expected.pop("lm_head.weight", None)
    found = {name: weight.shape for name, weight in weights.items()}
    wrong = [name for name in {**expected, **found} if expected.get(name) != found.get(name)]
    if wrong:
        raise ModelError(
            f"the tensors of {str(header.file)!r} are not those that its metadata requires: "
            f"{len(wrong)} differ, such as {wrong[0]}; download it again, or choose another model"
        )
