"""Cost and savings of smaller vocabularies and fewer layers of a pretrained base.

usage: frontier.py BASE PACKAGES [--vocabularies 12k,16k] [--layers 24,18] [--files 12]

BASE is a folder with a model, PACKAGES one made by `pip install --target`, whose held-out
distributions are used. For each smaller model: parameters, size when packed, characters per token
and bits per byte of the beginnings of held-out files, as it is (nothing is trained), and
milliseconds of a decoding step and of a prompt of 950 tokens in the engine, in int8. Times are
taken in turns, several rounds, and the median is printed.
"""

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import torch

from assist_server.cli.eval import find_sources
from assist_server.engine.device import DevicePlan
from assist_server.engine.loading.checkpoint import read_model
from assist_server.engine.models.torchscript_model import TorchScriptModel
from assist_server.evaluation.perplexity import perplexity_figures
from assist_server.evaluation.tasks import Source
from assist_server.training.data.documents import document_of
from assist_server.training.examples.windows import make_training_windows
from assist_server.training.loop.schedule import parse_count
from assist_server.training.model.export import export_weights
from assist_server.training.model.initial_model import InitialModel
from assist_server.training.model.network import Network
from assist_server.training.model.pruning import important_layers, prune_layers, prune_vocabulary
from assist_server.training.model.tokenizer import read_tokenizer

FILE_CHARS = 4_000
PROMPT_TOKENS = 950
ROUNDS = 5


def variants(
    base: InitialModel, choice: argparse.Namespace, sources: list[Source]
) -> Iterator[tuple[str, InitialModel]]:
    """Yield the base and each smaller model, with its name."""
    yield "as it is", base
    for text in filter(None, choice.vocabularies.split(",")):
        yield (
            f"vocabulary {text}",
            prune_vocabulary(base, parse_count(text, "--vocabularies", "12k")),
        )
    for text in filter(None, choice.layers.split(",")):
        yield f"{text} layers", prune_layers(base, ranked_layers(base, sources, int(text)))


def ranked_layers(base: InitialModel, sources: list[Source], count: int) -> list[int]:
    """Return the most important layers, by block influence on the first windows of the files."""
    with tempfile.TemporaryDirectory() as name:
        base.write_tokenizer(Path(name))
        tokenizer = read_tokenizer(Path(name))
    documents = [
        document_of("measured", "", "", source.path, source.text.encode(), "code")
        for source in sources
    ]
    documents = [replace(each, origin=replace(each.origin, split="train")) for each in documents]
    windows = make_training_windows(tokenizer, documents, 512, 0).stream.first_windows(8)
    network = Network(base.shape)
    base.copy_weights_to(network)
    return important_layers(network, windows, count)


def packed_megabytes(model: InitialModel) -> float:
    """Return the size of the weights with 4 bits in layers and 8 in the embedding, 4.5 and 8.5."""
    embedding = model.shape.vocabulary * model.shape.hidden
    return (8.5 * embedding + 4.5 * (model.shape.parameters() - embedding)) / 8 / 1e6


def quality(folder: Path, sources: list[Source]) -> dict[str, float]:
    """Return characters per token and bits per byte."""
    tokenizer = read_tokenizer(folder)
    tokens = sum(len(tokenizer.encode(source.text).ids) for source in sources)
    figures = perplexity_figures(str(folder), sources)
    return {
        "chars_per_token": sum(len(source.text) for source in sources) / tokens,
        "bits_per_byte": figures["bits per byte"].mean,
    }


def engine_model(folder: Path) -> TorchScriptModel:
    """Return a model as the engine runs it with `dtype = "int8"`."""
    plan = DevicePlan("cpu", "float32", ())
    _, model = read_model(str(folder), plan, lambda _, __: None)
    return TorchScriptModel(model, "int8", has_bfloat16=False)


def timed(model: TorchScriptModel) -> tuple[float, float]:
    """Return milliseconds of a cold prompt, and of a step after it."""
    cache = model.new_cache()
    started_s = time.perf_counter()
    cache.extend([number % 200 + 40 for number in range(PROMPT_TOKENS)], 1)
    prompt_ms = (time.perf_counter() - started_s) * 1000
    samples = []
    for number in range(20):
        started_s = time.perf_counter()
        cache.extend([number + 40], 1)
        samples.append((time.perf_counter() - started_s) * 1000)
    return prompt_ms, statistics.median(samples)


def main() -> None:
    """Print a line of JSON for each model."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("base", type=Path)
    parser.add_argument("packages", type=Path)
    parser.add_argument("--vocabularies", default="")
    parser.add_argument("--layers", default="")
    parser.add_argument("--files", type=int, default=12)
    choice = parser.parse_args()
    found = find_sources(None, choice.packages, "test")
    found = found[:: max(1, len(found) // choice.files)][: choice.files]
    sources = [Source(each.path, each.text[:FILE_CHARS]) for each in found]
    rows, models = {}, {}
    with tempfile.TemporaryDirectory() as name:
        for label, model in variants(InitialModel.open(choice.base), choice, sources):
            folder = Path(name) / label
            folder.mkdir()
            model.write_tokenizer(folder)
            export_weights(folder, model.trained_config(), model.weights, {})
            rows[label] = {
                "parameters": model.shape.parameters(),
                "vocabulary": model.shape.vocabulary,
                "layers": model.shape.layers,
                "packed_mb": round(packed_megabytes(model), 1),
                **quality(folder, sources),
            }
            print(label, rows[label], file=sys.stderr, flush=True)
            models[label] = engine_model(folder)
    times = {label: [] for label in models}
    with torch.inference_mode():
        for _ in range(ROUNDS):
            for label, each in models.items():
                times[label].append(timed(each))
    for label, row in rows.items():
        prompts_ms, steps_ms = zip(*times[label], strict=True)
        row |= {"prompt_ms": statistics.median(prompts_ms), "step_ms": statistics.median(steps_ms)}
        print(json.dumps({"model": label, **row}), flush=True)


if __name__ == "__main__":
    main()
