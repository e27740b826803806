"""Reading models and tokenizers from folders and from the hub, and exporting them."""

import inspect
import json
import math
import tempfile
from functools import partial
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from safetensors.torch import save
from transformers import (
    MODEL_FOR_CAUSAL_LM_MAPPING,
    AutoConfig,
    AutoModelForCausalLM,
    AutoTokenizer,
    GenerationConfig,
    modeling_utils,
)
from transformers.utils import logging as transformers_logging

from assist_server.engine.backend import ProgressCallback
from assist_server.engine.device import DevicePlan
from assist_server.engine.failures import failures_in_one_sentence
from assist_server.engine.loading.deferred import UnreadWeight, load_deferred
from assist_server.engine.loading.hub import fetch_model
from assist_server.engine.loading.locate import check_weight_files, locate_model, read_json
from assist_server.engine.loading.packed_weights import PACKED_FILE, pack, packed_bits, read_packed
from assist_server.errors import InputError, ModelError

CALIBRATION_FILE = "calibration.json"
_LOCAL = {"trust_remote_code": False, "local_files_only": True}
_DTYPES = {"F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16}
"""Those of weights, by their names in safetensors files."""


def read_model(
    source: str,
    plan: DevicePlan,
    report: ProgressCallback,
    dtype: str = "auto",
    *,
    is_deferred: bool = False,
) -> tuple[Any, Any]:
    """Read tokenizer and model; the hub is asked for missing files only.

    Weights must be safetensors or GGUF, and remote code never runs.

    Args:
        source: A folder, a GGUF file, or a hub id.
        plan: The device, and the dtype on it.
        report: Called with the progress.
        dtype: The setting of that name.
        is_deferred: On a CPU, read large weights on use where the files' names are those of the
            model; see `engine/loading/deferred`.

    Raises:
        ModelError: the source does not hold a complete causal model with a KV cache.
        Exception: any error of the four libraries that read it.
    """
    _prepare_transformers()
    folder = Path(source) if Path(source).exists() else fetch_model(source, report)
    if folder.is_file():
        # The tokenizers of many families come with it, which takes a part of a second.
        from assist_server.engine.loading.gguf.model import read_gguf  # noqa: PLC0415

        # On a CPU, in a dtype that has the file's precision: see below.
        smallest = plan.device == "cpu" and dtype != "float32"
        file_dtype = None if smallest else getattr(torch, plan.dtype)
        return read_gguf(folder, file_dtype, report, is_deferred=is_deferred)
    check_weight_files(folder)
    report("reading the tokenizer", 65)
    tokenizer = AutoTokenizer.from_pretrained(folder, **_LOCAL)
    report("reading the weights", 80)
    # On a CPU, in the file's format: they are packed, or converted to float32, later, one by one.
    read_dtype = "auto" if plan.device == "cpu" else getattr(torch, plan.dtype)
    if (folder / PACKED_FILE).is_file():
        model, found = _unpacked_model(folder, read_dtype)
    else:
        deferred = _deferred_model(folder) if is_deferred else None
        model, found = deferred or _whole_model(folder, read_dtype)
    # transformers initialises missing tensors with random numbers.
    wrong = [*found["missing_keys"], *found["mismatched_keys"]]
    if wrong:
        raise ModelError(
            f"the weights of {source!r} lack {len(wrong)} tensors that its config.json requires, "
            f"such as {wrong[0]}; save or download the model again"
        )
    if "past_key_values" not in inspect.signature(model.forward).parameters:
        raise ModelError(
            f"{source!r} is a {model.config.model_type} model, which has no KV cache; "
            "choose a transformer"
        )
    return tokenizer, model


def read_named_model(
    source: str, name: str, plan: DevicePlan, report: ProgressCallback
) -> tuple[Any, Any]:
    """Read tokenizer and model as `read_model` does, with every failure as an AssistError.

    Raises:
        AssistError: the model cannot be read; the message has the name that the user gave.
    """
    with failures_in_one_sentence(name, plan):
        return read_model(source, plan, report)


def _whole_model(folder: Path, dtype: Any) -> tuple[Any, Any]:
    """Return the model of a folder as transformers reads it, and its loading report."""
    loaded: Any = AutoModelForCausalLM.from_pretrained(
        folder, dtype=dtype, use_safetensors=True, output_loading_info=True, **_LOCAL
    )
    model, found = loaded
    return model, found


def _unpacked_model(folder: Path, dtype: Any) -> tuple[Any, Any]:
    """Return the model of a folder with packed weights, and transformers' loading report."""
    config = AutoConfig.from_pretrained(folder, local_files_only=True)
    model_class: Any = MODEL_FOR_CAUSAL_LM_MAPPING[type(config)]
    loaded: tuple[Any, Any] = model_class.from_pretrained(
        None,
        config=config,
        state_dict=read_packed(folder),
        dtype=torch.float16 if dtype == "auto" else dtype,
        output_loading_info=True,
    )
    # `from_pretrained` with a path would read this as well.
    loaded[0].generation_config = GenerationConfig.from_pretrained(folder)
    return loaded


def _deferred_model(folder: Path) -> tuple[Any, Any] | None:
    """Return the model of a folder with weights that are read on use, and the loading report.

    None if transformers has to convert the folder's weights for the model, or their number format.
    """
    weights = _unread_weights(folder)
    config = AutoConfig.from_pretrained(folder, **_LOCAL)
    if not weights or getattr(config, "quantization_config", None):
        return None
    with torch.device("meta"):
        skeleton: Any = AutoModelForCausalLM.from_config(config)  # type: ignore[no-untyped-call]
    shapes = {name: weight.shape for name, weight in skeleton.state_dict().items()}
    dtype = skeleton.config.dtype
    if any(each.shape != shapes.get(name) for name, each in weights.items()):
        return None
    if any(each.dtype != dtype for each in weights.values() if len(each.shape) > 1):
        return None
    loaded = load_deferred(skeleton, weights, dtype)
    if (folder / "generation_config.json").is_file():
        loaded[0].generation_config = GenerationConfig.from_pretrained(folder)
    return loaded


def _unread_weights(folder: Path) -> dict[str, UnreadWeight]:
    """Return the weights of a folder by name; none if there are files of an unusual name."""
    whole, index = folder / "model.safetensors", folder / "model.safetensors.index.json"
    files = [whole] if whole.is_file() else []
    if not files and index.is_file():
        files = [folder / name for name in sorted(set(read_json(index)["weight_map"].values()))]
    found = {}
    for file in files:
        with _open_unmapped(file, "pt") as opened:
            for name in opened.keys():  # noqa: SIM118 - it is no mapping
                part = opened.get_slice(name)
                dtype = _DTYPES.get(part.get_dtype(), torch.uint8)
                shape = torch.Size(part.get_shape())
                found[name] = UnreadWeight(shape, dtype, partial(_read_weight, file, name))
    return found


def _read_weight(file: Path, name: str) -> torch.Tensor:
    with _open_unmapped(file, "pt") as opened:
        weight: torch.Tensor = opened.get_tensor(name)
        return weight


def calibration_file(source: str) -> Path:
    """Return where a model's calibration is: in its folder, or beside its GGUF file."""
    path = Path(source)
    return path.with_suffix(f".{CALIBRATION_FILE}") if path.is_file() else path / CALIBRATION_FILE


def read_calibration(source: str) -> dict[str, float] | None:
    """Return the calibration of a model; None where nothing was measured.

    Raises:
        ModelError: the file does not hold names and finite numbers.
    """
    file = calibration_file(source)
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
    """Return `value` as a finite number.

    Raises:
        ValueError: it is not one.
    """
    number = float(str(value))
    if not math.isfinite(number):
        raise ValueError(value)
    return number


def _prepare_transformers() -> None:
    """Configure transformers for a server."""
    # Progress bars and warnings would be written to the editor's log.
    transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    transformers_logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    # It maps weights into memory, and has no setting that reads them instead.
    modeling_utils.safe_open = _open_unmapped  # type: ignore[attr-defined, assignment]


def _open_unmapped(file: Any, framework: str, device: Any = "cpu", **_: Any) -> Any:
    """Open weights without memory mapping, which kills the process if the file is overwritten."""
    return safe_open(file, framework=framework, device=device, backend="pread")


def export_model(model: str, out: Path, report: ProgressCallback, *, is_packed: bool) -> None:
    """Write a model to a new folder: as stock transformers loads it, or packed.

    Args:
        model: The value of the setting `model`.
        out: A folder that does not exist yet, or is empty.
        report: Called with the progress.
        is_packed: Write groups of 4 bits, and 8 for the embedding, instead of bfloat16.

    Raises:
        InputError: the folder is not empty or cannot be written; existing files stay.
        ModelError: the model cannot be read.
    """
    source = locate_model(model)
    check_empty(out)
    plan = DevicePlan("cpu", "bfloat16", ())
    tokenizer, read = read_named_model(source, model, plan, report)
    report("writing the model", 90)
    try:
        out.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=out, prefix=".new-") as name:
            new = Path(name)
            tokenizer.save_pretrained(new)
            (_write_packed if is_packed else _write_plain)(read, new)
            calibration = calibration_file(source)
            if calibration.is_file():
                (new / CALIBRATION_FILE).write_bytes(calibration.read_bytes())
            for file in new.iterdir():
                file.replace(out / file.name)
    except Exception as error:  # two libraries in Rust have their own exceptions for a full disk
        raise _write_error(out, error) from error


def check_empty(out: Path) -> None:
    """Check that a folder does not exist or is empty.

    Raises:
        InputError: it is neither.
    """
    try:
        is_taken = out.exists() and (not out.is_dir() or any(out.iterdir()))
    except OSError as error:
        raise _write_error(out, error) from error
    if is_taken:
        raise InputError(f"{str(out)!r} is not an empty folder; choose another one")


def _write_error(out: Path, error: Exception) -> InputError:
    reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return InputError(f"cannot write {str(out)!r}: {reason}; name another folder")


def _write_plain(model: Any, folder: Path) -> None:
    model.to(torch.bfloat16).save_pretrained(folder)


def _write_packed(model: Any, folder: Path) -> None:
    weights = {name: weight.detach() for name, weight in model.state_dict().items()}
    if model.config.get_text_config().tie_word_embeddings:
        weights.pop("lm_head.weight", None)
    packed = pack(weights, packed_bits)
    (folder / PACKED_FILE).write_bytes(save(packed, {"format": "pt"}))
    model.config.save_pretrained(folder)
    model.generation_config.save_pretrained(folder)
