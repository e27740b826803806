"""Writing a model to a folder of its own: as stock transformers loads it, or packed."""

import tempfile
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save

from assist_server.engine.backend import Report
from assist_server.engine.device import DevicePlan
from assist_server.engine.loading.checkpoint import CALIBRATION_FILE, read_named_model
from assist_server.engine.loading.open_backend import locate_model
from assist_server.engine.loading.packed_weights import PACKED_FILE, pack
from assist_server.errors import InputError

_NARROW_BITS, _WIDE_BITS = 4, 8


def export_model(model: str, out: Path, report: Report, *, is_packed: bool) -> None:
    """Write what the setting `model` names to a new folder.

    Args:
        model: `embedded`, a folder, or a hub id.
        out: A folder that does not exist yet, or is empty.
        report: Called with what is being done.
        is_packed: Write groups of 4 bits, and 8 for the embedding, instead of bfloat16.

    Raises:
        InputError: the folder holds something or cannot be written; what was there before stays.
        ModelError: the model cannot be read.
    """
    source = locate_model(model)
    _check_empty(out)
    plan = DevicePlan("cpu", "bfloat16", ())
    tokenizer, read = read_named_model(source, model, plan, report)
    report("writing the model", 90)
    try:
        out.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=out, prefix=".new-") as name:
            new = Path(name)
            tokenizer.save_pretrained(new)
            (_write_packed if is_packed else _write_plain)(read, new)
            calibration = Path(source) / CALIBRATION_FILE
            if calibration.is_file():
                (new / CALIBRATION_FILE).write_bytes(calibration.read_bytes())
            for file in new.iterdir():
                file.replace(out / file.name)
    except Exception as error:  # of a full disk, two libraries in Rust raise kinds of their own
        raise _unwritable(out, error) from error


def _check_empty(out: Path) -> None:
    try:
        is_taken = out.exists() and (not out.is_dir() or any(out.iterdir()))
    except OSError as error:
        raise _unwritable(out, error) from error
    if is_taken:
        raise InputError(f"{str(out)!r} is not an empty folder; choose another one")


def _unwritable(out: Path, error: Exception) -> InputError:
    reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return InputError(f"cannot write {str(out)!r}: {reason}; name another folder")


def _write_plain(model: Any, folder: Path) -> None:
    model.to(torch.bfloat16).save_pretrained(folder)


def _write_packed(model: Any, folder: Path) -> None:
    weights = {name: weight.detach() for name, weight in model.state_dict().items()}
    if model.config.get_text_config().tie_word_embeddings:
        weights.pop("lm_head.weight", None)
    packed = pack(weights, _bits_of)
    (folder / PACKED_FILE).write_bytes(save(packed, {"format": "pt"}))
    model.config.save_pretrained(folder)
    model.generation_config.save_pretrained(folder)


def _bits_of(name: str) -> int:
    """Return the bits of a matrix: what is read once a token, and heads, lose most by few."""
    return _WIDE_BITS if "embed" in name or name.startswith("lm_head") else _NARROW_BITS
