"""Export of a trained model with packed weights that lose the least for the texts of a corpus."""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from safetensors.torch import save

from assist_server.engine.loading.checkpoint import CALIBRATION_FILE, check_empty
from assist_server.engine.loading.locate import locate_model
from assist_server.engine.loading.packed_weights import PACKED_FILE, pack, packed_bits
from assist_server.errors import InputError
from assist_server.training.data.corpus import read_corpus
from assist_server.training.examples.windows import Window, make_training_windows
from assist_server.training.loop.resources import disk_error
from assist_server.training.model.export import move_files, transformers_name, write_json
from assist_server.training.model.initial_model import InitialModel
from assist_server.training.model.packing import prepare
from assist_server.training.model.tokenizer import read_tokenizer

_WINDOWS, _WINDOW_TOKENS = 24, 1_024
"""More change little, and take time."""
_SEED = 0


def export_for_text(model: str, corpus: Path, out: Path, report: Callable[[str], None]) -> None:
    """Write a model with packed weights to a new folder.

    Args:
        model: A folder with a model that `train --from` accepts.
        corpus: A folder with a corpus.
        out: A folder that does not exist yet, or is empty.
        report: Called with the progress.

    Raises:
        InputError: the model or the corpus cannot be used, or the folder is not empty.
        AssistError: the folder cannot be written; nothing is left in it.
    """
    source = Path(locate_model(model))
    if not source.is_dir() or (source / PACKED_FILE).is_file():
        raise InputError("--corpus is for a folder with whole weights; name one with --model")
    check_empty(out)
    start = InitialModel.open(source)
    windows = _windows(start, corpus, report)
    report("measuring what the weights multiply")
    ready, products = prepare(start, windows)
    report("packing")
    weights = {transformers_name(name): weight for name, weight in ready.weights.items()}
    known = {transformers_name(name): each for name, each in products.items()}
    content = save(pack(weights, packed_bits, known), {"format": "pt"})
    _write(start, source, out, content)


def _windows(start: InitialModel, corpus: Path, report: Callable[[str], None]) -> list[Window]:
    report("reading the corpus")
    documents = list(read_corpus(corpus))
    with tempfile.TemporaryDirectory() as name:
        start.write_tokenizer(Path(name))
        tokenizer = read_tokenizer(Path(name))
    tokens = min(_WINDOW_TOKENS, start.context_tokens)
    return make_training_windows(tokenizer, documents, tokens, _SEED).stream.first_windows(_WINDOWS)


def _write(start: InitialModel, source: Path, out: Path, weights: bytes) -> None:
    config: dict[str, Any] = start.trained_config() | {"suits_int8": True}
    ends = {name: config[name] for name in ("eos_token_id", "pad_token_id")}
    try:
        out.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=out, prefix=".new-") as name:
            new = Path(name)
            start.write_tokenizer(new)
            (new / PACKED_FILE).write_bytes(weights)
            write_json(new / "generation_config.json", ends)
            write_json(new / "config.json", config)
            if (source / CALIBRATION_FILE).is_file():
                (new / CALIBRATION_FILE).write_bytes((source / CALIBRATION_FILE).read_bytes())
            move_files(new, out)
    except OSError as error:
        raise disk_error(error, "make room, and run the command again") from error
