"""Reading models and tokenizers from folders and from the hub."""

import inspect
import json
import math
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from transformers import (
    MODEL_FOR_CAUSAL_LM_MAPPING,
    AutoConfig,
    AutoModelForCausalLM,
    AutoTokenizer,
    GenerationConfig,
    modeling_utils,
)
from transformers.utils import logging as transformers_logging

from assist_server.engine.backend import Report
from assist_server.engine.device import DevicePlan
from assist_server.engine.failures import failures_in_one_sentence
from assist_server.engine.loading.hub import fetch_model
from assist_server.engine.loading.packed_weights import PACKED_FILE, read_packed
from assist_server.engine.loading.weight_files import check_weight_files
from assist_server.errors import ModelError

CALIBRATION_FILE = "calibration.json"


def read_model(source: str, plan: DevicePlan, report: Report) -> tuple[Any, Any]:
    """Read tokenizer and model of a folder or hub id; the hub is asked only for what is not here.

    Weights must be safetensors, and remote code never runs.

    Raises:
        ModelError: what was found is not a whole causal model with a KV cache.
        Exception: four libraries read it, and each raises its own kinds.
    """
    _prepare_transformers()
    folder = Path(source) if Path(source).is_dir() else fetch_model(source, report)
    check_weight_files(folder)
    options = {"trust_remote_code": False, "local_files_only": True}
    report("reading the tokenizer", 65)
    tokenizer = AutoTokenizer.from_pretrained(folder, **options)
    report("reading the weights", 80)
    # On a CPU as the file has them: they are packed, or made float32, piece by piece.
    dtype = "auto" if plan.device == "cpu" else getattr(torch, plan.dtype)
    if (folder / PACKED_FILE).is_file():
        model, found = _unpacked_model(folder, dtype)
    else:
        loaded: Any = AutoModelForCausalLM.from_pretrained(
            folder, dtype=dtype, use_safetensors=True, output_loading_info=True, **options
        )
        model, found = loaded
    # transformers fills what it does not find with random numbers.
    wrong = [*found["missing_keys"], *found["mismatched_keys"]]
    if wrong:
        raise ModelError(
            f"the weights of {source!r} lack {len(wrong)} tensors that its config.json asks for, "
            f"such as {wrong[0]}; save or download the model again"
        )
    if "past_key_values" not in inspect.signature(model.forward).parameters:
        raise ModelError(
            f"{source!r} is a {model.config.model_type} model, which has no KV cache; "
            "choose a transformer"
        )
    return tokenizer, model


def read_named_model(source: str, name: str, plan: DevicePlan, report: Report) -> tuple[Any, Any]:
    """Read tokenizer and model as `read_model` does, with every failure in one sentence.

    Raises:
        AssistError: it cannot be read; the message names the model as the user did.
    """
    with failures_in_one_sentence(name, plan):
        return read_model(source, plan, report)


def _unpacked_model(folder: Path, dtype: Any) -> tuple[Any, Any]:
    """Return a model whose folder holds packed weights, and what was missing."""
    config = AutoConfig.from_pretrained(folder, local_files_only=True)
    model_class: Any = MODEL_FOR_CAUSAL_LM_MAPPING[type(config)]
    loaded: tuple[Any, Any] = model_class.from_pretrained(
        None,
        config=config,
        state_dict=read_packed(folder),
        dtype=torch.float16 if dtype == "auto" else dtype,
        output_loading_info=True,
    )
    # What a file would have told beside the weights.
    loaded[0].generation_config = GenerationConfig.from_pretrained(folder)
    return loaded


def read_calibration(source: str) -> dict[str, float] | None:
    """Return the weights of a model's calibration, in its folder; None where nothing was measured.

    Raises:
        ModelError: the file does not hold names and finite numbers.
    """
    file = Path(source) / CALIBRATION_FILE
    if not file.is_file():
        return None
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        return {str(key): _finite(weight) for key, weight in content["weights"].items()}
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise ModelError(
            f"{str(file)!r} cannot be read ({type(error).__name__}); write it anew with "
            "`assist-server calibrate`, or remove it"
        ) from error


def _finite(value: object) -> float:
    """A number.

    Raises:
        ValueError, TypeError: it is none.
    """
    number = float(str(value))
    if not math.isfinite(number):
        raise ValueError(value)
    return number


def _prepare_transformers() -> None:
    """Set the library up for a process that lives long and talks to an editor."""
    # Progress bars and advice would end up in the editor's log.
    transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    transformers_logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    # It maps weights into memory and has no setting to read them, each once, on any system.
    modeling_utils.safe_open = _open_to_read  # type: ignore[attr-defined, assignment]


def _open_to_read(file: Any, framework: str, device: Any = "cpu", **_: Any) -> Any:
    """Open weights to be read: mapped ones end the process when somebody overwrites the file."""
    return safe_open(file, framework=framework, device=device, backend="pread")
