"""Export of a trained model with packed weights that lose the least for the texts of a corpus."""

from collections.abc import Callable
from pathlib import Path

from safetensors.torch import save

from assist_server.engine.loading.checkpoint import CALIBRATION_FILE, check_empty
from assist_server.engine.loading.locate import locate_model
from assist_server.engine.loading.packed_weights import PACKED_FILE, pack, packed_bits
from assist_server.errors import InputError
from assist_server.training.data.corpus import read_corpus
from assist_server.training.examples.windows import make_training_windows
from assist_server.training.loop.resources import disk_error
from assist_server.training.model.export import transformers_name, write_json
from assist_server.training.model.initial_model import InitialModel
from assist_server.training.model.packing import prepare
from assist_server.training.model.tokenizer import read_tokenizer

_WINDOWS, _WINDOW_TOKENS = 24, 1_024
"""More change little, and take time."""
_SEED = 0


def export_for_text(model: str, corpus: Path, out: Path, report: Callable[[str], None]) -> None:
    """Write a model with packed weights to a new folder.

    Args:
        model: A folder with a model that `train --from` accepts, or `embedded`.
        corpus: A folder with a corpus.
        out: A folder that does not exist yet, or is empty.
        report: Called with the progress.

    Raises:
        InputError: the model or the corpus cannot be used, or the folder is not empty.
        AssistError: the folder cannot be written.
    """
    source = Path(locate_model(model))
    if not source.is_dir():
        raise InputError("--corpus works for models in folders; name one with --model")
    check_empty(out)
    start = InitialModel.open(source)
    report("reading the corpus")
    documents = list(read_corpus(corpus))
    out.mkdir(parents=True, exist_ok=True)
    start.write_tokenizer(out)
    windows = make_training_windows(
        read_tokenizer(out), documents, min(_WINDOW_TOKENS, start.context_tokens), _SEED
    ).stream.first_windows(_WINDOWS)
    report("measuring what the weights multiply")
    ready, products = prepare(start, windows)
    report("packing")
    weights = {transformers_name(name): weight for name, weight in ready.weights.items()}
    packed = pack(
        weights, packed_bits, {transformers_name(name): each for name, each in products.items()}
    )
    config = start.trained_config()
    ends = {name: config[name] for name in ("eos_token_id", "pad_token_id")}
    try:
        (out / PACKED_FILE).write_bytes(save(packed, {"format": "pt"}))
        write_json(out / "generation_config.json", ends)
        write_json(out / "config.json", config)
        if (source / CALIBRATION_FILE).is_file():
            (out / CALIBRATION_FILE).write_bytes((source / CALIBRATION_FILE).read_bytes())
    except OSError as error:
        raise disk_error(error, "make room, and run the command again") from error
