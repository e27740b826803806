"""A model of our own: corpus, tokenizer, training, and the folder that the engine loads."""

import hashlib
import platform
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer

from assist_server.engine.device import plan_device
from assist_server.engine.execution import multiplies_bfloat16
from assist_server.engine.transformers_backend import probe_device_facts
from assist_server.errors import InputError
from assist_server.prompts.fim import TEMPLATES
from assist_server.training.choices import TrainChoice
from assist_server.training.corpus import MANIFEST, build_corpus, has_corpus, read_corpus
from assist_server.training.cutting import Mixture
from assist_server.training.documents import Document
from assist_server.training.exporting import export_weights, model_config
from assist_server.training.network import Network, Shape
from assist_server.training.planning import TrainingDevice, check_room, plan_training
from assist_server.training.rendering import Vocabulary
from assist_server.training.reporting import Watcher
from assist_server.training.resuming import state_to_resume
from assist_server.training.sizes import Size, find_size
from assist_server.training.starting import StartingModel
from assist_server.training.streaming import Recipe, WindowStream
from assist_server.training.tokenizer import (
    END,
    PAD,
    control_ids,
    read_tokenizer,
    save_tokenizer,
    train_tokenizer,
)
from assist_server.training.trainer import Plan, Trainer
from assist_server.training.workplace import open_workplace

_TOKENIZER_CHARS = 40_000_000
"""Text from which merges are learned; more changes little and takes memory."""

_VALIDATION_WINDOWS = 32


def pretrain(choice: TrainChoice, watcher: Watcher) -> dict[str, Any]:
    """Train a model, or go on; what is known of it in the end.

    Raises:
        AssistError: something that was asked for cannot be done.
    """
    size = find_size(choice.size)
    start = None if choice.start is None else StartingModel.open(choice.start, size)
    identity = {
        "command": "train",
        "size": size.name,
        "seed": choice.seed,
        "from": None if start is None else start.sha256,
    }
    device = plan_device(probe_device_facts(), choice.device).device
    check_room(choice.out, size, device)
    folder = open_workplace(choice.out, identity, is_resumed=choice.is_resumed)
    corpus = choice.corpus or folder / "corpus"
    if not has_corpus(corpus):
        build_corpus(
            corpus,
            choice.packages,
            watcher.tell,
            has_standard_library=choice.has_standard_library,
        )
    documents = list(read_corpus(corpus))
    if start is not None:
        start.copy_tokenizer(choice.out)
    tokenizer = _tokenizer(choice.out, documents, size, watcher)
    watcher.tell("preparing")
    device_plan = plan_training(size, device, watcher)
    trainer, network = make_trainer(
        tokenizer, documents, size, choice.seed, device_plan, folder, start
    )
    loss_before = None if start is None else trainer.validation_loss()
    state, budget = state_to_resume(folder, choice.budget)
    if state is not None:
        trainer.restore(state)
    trainer.run(budget or size.budget, watcher)
    watcher.tell("writing the model")
    facts = _facts(size, corpus, device, trainer)
    config = _config(tokenizer, network.shape, size)
    if start is not None:
        facts |= {
            "begun_from_sha256": start.sha256,
            "validation_nats_per_token_before": loss_before,
        }
        config = start.config
    export_weights(choice.out, config, dict(network.named_parameters()), facts)
    return facts


def make_trainer(  # noqa: PLR0913, PLR0917 - what a training is made of
    tokenizer: Tokenizer,
    documents: Sequence[Document],
    size: Size,
    seed: int,
    device: TrainingDevice,
    folder: Path,
    start: StartingModel | None = None,
) -> tuple[Trainer, Network]:
    """A trainer with random weights, or those of a model that exists, and its network.

    Raises:
        InputError: no document may be trained on.
    """
    by_split = split_documents(documents)
    if not by_split["train"]:
        raise InputError("the corpus holds nothing to train on; build another one")
    vocabulary = own_vocabulary(tokenizer)
    chars = chars_per_token(tokenizer, by_split["train"]) * size.context_tokens
    recipe = Recipe(seed, size.context_tokens, int(chars), Mixture())
    stream = WindowStream(by_split["train"], vocabulary, recipe, device.cutting_processes)
    validation = (
        WindowStream(by_split["validation"], vocabulary, recipe).first_windows(_VALIDATION_WINDOWS)
        if by_split["validation"]
        else []
    )
    torch.manual_seed(seed)
    network = Network(Shape.of(size, tokenizer.get_vocab_size()), size.rates.dropout).to(
        device.name
    )
    rates = size.rates
    if start is not None:
        start.put_weights(network)
        rates = size.rates.continued()
    plan = Plan(
        seed,
        size.batch_windows,
        device.micro_windows,
        rates,
        device.name,
        uses_bfloat16(device.name),
        device.is_compiled,
    )
    weights = dict(network.named_parameters())
    if device.is_compiled:
        network.compile_layers()
    return Trainer(network, weights, stream, validation, plan, folder), network


def uses_bfloat16(device: str) -> bool:
    """Whether matrices are multiplied in bfloat16: where the device does that natively."""
    if device == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    return device == "cpu" and multiplies_bfloat16()


def split_documents(documents: Iterable[Document]) -> dict[str, list[Document]]:
    """Documents by split."""
    found: dict[str, list[Document]] = {"train": [], "validation": []}
    for document in documents:
        found[document.origin.split].append(document)
    return found


def own_vocabulary(tokenizer: Tokenizer) -> Vocabulary:
    """Our tokenizer with the layout of the template `assist`."""
    special_ids = control_ids(tokenizer)
    template = next(template for template in TEMPLATES if template.family == "assist")
    return Vocabulary(tokenizer, template, special_ids, special_ids[END])


def chars_per_token(tokenizer: Tokenizer, documents: Sequence[Document]) -> float:
    """How many characters a token stands for, on average over some documents."""
    sample = [document.text[:4_000] for document in documents[:: max(1, len(documents) // 50)]]
    tokens = sum(len(encoding.ids) for encoding in tokenizer.encode_batch(sample))
    return sum(map(len, sample)) / max(1, tokens)


def _tokenizer(out: Path, documents: Sequence[Document], size: Size, watcher: Watcher) -> Tokenizer:
    if not (out / "tokenizer.json").exists():
        watcher.tell("training the tokenizer")
        texts = [document.text for document in documents if document.origin.split == "train"]
        every = max(1, sum(map(len, texts)) // _TOKENIZER_CHARS + 1)
        tokenizer = train_tokenizer(texts[::every], size.vocabulary)
        save_tokenizer(tokenizer, out, size.context_tokens)
    return read_tokenizer(out)


def _config(tokenizer: Tokenizer, shape: Shape, size: Size) -> Mapping[str, Any]:
    ids = control_ids(tokenizer)
    return model_config(shape, size.context_tokens, ids[END], ids[PAD])


def _facts(size: Size, corpus: Path, device: str, trainer: Trainer) -> dict[str, Any]:
    """What a model's card has to say."""
    which, loss = trainer.use_better_weights()
    place = trainer.place
    manifest = (corpus / MANIFEST).read_bytes()
    return {
        "size": size.name,
        "steps": place.step,
        "tokens": place.tokens,
        "seconds": round(place.seconds, 1),
        "weights": which,
        "validation_nats_per_token": loss,
        "corpus_manifest_sha256": hashlib.sha256(manifest).hexdigest(),
        "corpus_files": manifest.count(b"\n"),
        "device": torch.cuda.get_device_name()
        if device == "cuda"
        else platform.processor() or device,
        "threads": torch.get_num_threads(),
        "torch": torch.__version__,
        "python": platform.python_version(),
    }
