"""The command `train`: corpus, tokenizer, training, and export."""

import hashlib
import platform
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer

from assist_server.engine.device import plan_device
from assist_server.engine.models.selection import has_native_bfloat16
from assist_server.engine.transformers_backend import probe_device_facts
from assist_server.errors import InputError
from assist_server.training.data.corpus import MANIFEST, build_corpus, has_corpus, read_corpus
from assist_server.training.data.documents import Document
from assist_server.training.examples.answers import read_answers
from assist_server.training.examples.rendering import read_chat_format
from assist_server.training.examples.windows import (
    TrainingWindows,
    learned_languages,
    make_training_windows,
)
from assist_server.training.loop.capacity import TrainingDevice, check_room, plan_training
from assist_server.training.loop.checkpoints import open_run_folder, state_to_resume
from assist_server.training.loop.reports import Watcher
from assist_server.training.loop.trainer import Plan, Trainer
from assist_server.training.model.export import export_weights, model_config
from assist_server.training.model.initial_model import InitialModel
from assist_server.training.model.network import Network
from assist_server.training.model.pruning import important_layers, prune_layers, prune_vocabulary
from assist_server.training.model.sizes import Shape, Size, continued_training, find_size
from assist_server.training.model.tokenizer import (
    END,
    PAD,
    control_ids,
    read_tokenizer,
    save_tokenizer,
    train_tokenizer,
)
from assist_server.training.options import TrainChoice

_USUAL_SIZE = "small"
_TOKENIZER_CHARS = 40_000_000
"""Text from which merges are learned; more text changes little and takes memory."""

_MEASURED_WINDOWS = 8
"""Windows for measuring the influence of layers; more do not change their order."""


def pretrain(choice: TrainChoice, watcher: Watcher) -> dict[str, Any]:
    """Train a model, or resume a training run; return the facts about the result.

    Raises:
        AssistError: the training cannot be done as chosen.
    """
    device = plan_device(probe_device_facts(), choice.device).device
    start = _start(choice)
    size = _size(choice, start, device)
    identity = {
        "command": "train",
        "size": size.name,
        "seed": choice.seed,
        "from": None if start is None else start.sha256,
        "vocabulary": choice.vocabulary,
        "layers": choice.layers,
    }
    check_room(choice.out, size, device)
    folder = open_run_folder(choice.out, identity, is_resumed=choice.is_resumed)
    corpus = choice.corpus or folder / "corpus"
    documents = _documents(corpus, choice, watcher)
    if start is not None:
        start.write_tokenizer(choice.out)
    tokenizer = _tokenizer(choice.out, documents, size, watcher)
    watcher.report("preparing")
    device_plan = plan_training(size, device, watcher)
    material = make_training_windows(
        tokenizer,
        documents,
        size.training.context_tokens,
        choice.seed,
        device_plan.cutting_processes,
        None if choice.answers is None else read_chat_format(choice.out),
    )
    if start is not None and choice.layers is not None:
        watcher.report("measuring the layers")
        start = _with_important_layers(start, material, choice.layers)
    shape = replace(size.shape, vocabulary=tokenizer.get_vocab_size())
    shape = shape if start is None else start.shape
    trainer, network = make_trainer(shape, material, size, choice.seed, device_plan, folder, start)
    loss_before = None if start is None else trainer.validation_loss()
    state, budget = state_to_resume(folder, choice.budget)
    if state is not None:
        trainer.restore(state)
    trainer.run(budget or size.training.budget, watcher)
    watcher.report("writing the model")
    facts = _facts(size, corpus, device, trainer)
    if start is None:
        config = _config(tokenizer, shape, size)
    else:
        config = start.trained_config()
        facts |= {
            "begun_from_sha256": start.sha256,
            "validation_nats_per_token_before": loss_before,
        }
    config |= {"languages": learned_languages(documents)}
    export_weights(choice.out, config, dict(network.named_parameters()), facts)
    return facts


def _start(choice: TrainChoice) -> InitialModel | None:
    """Return the initial model with the chosen vocabulary; None to train from scratch."""
    if choice.start is None:
        if choice.vocabulary is not None or choice.layers is not None:
            raise InputError("--vocabulary and --layers prune a model; name one with --from")
        if choice.answers is not None:
            raise InputError("--answers preserves the chat of a model; name one with --from")
        return None
    if choice.size is not None:
        raise InputError("the model of --from has its own size; omit --size")
    start = InitialModel.open(choice.start)
    return start if choice.vocabulary is None else prune_vocabulary(start, choice.vocabulary)


def _size(choice: TrainChoice, start: InitialModel | None, device: str) -> Size:
    if start is None:
        return find_size(choice.size or _USUAL_SIZE)
    return Size("of --from", start.shape, continued_training(device, start.context_tokens))


def _documents(corpus: Path, choice: TrainChoice, watcher: Watcher) -> list[Document]:
    if not has_corpus(corpus):
        build_corpus(
            corpus,
            choice.packages,
            watcher.report,
            has_standard_library=choice.has_standard_library,
        )
    answers = [] if choice.answers is None else read_answers(choice.answers)
    return [*read_corpus(corpus), *answers]


def _with_important_layers(
    start: InitialModel, material: TrainingWindows, count: int
) -> InitialModel:
    if not material.validation:
        raise InputError("--layers needs held-out code, which this corpus does not have")
    network = Network(start.shape)
    start.copy_weights_to(network)
    return prune_layers(
        start, important_layers(network, material.validation[:_MEASURED_WINDOWS], count)
    )


def make_trainer(  # noqa: PLR0913, PLR0917 - the parts of a training run
    shape: Shape,
    material: TrainingWindows,
    size: Size,
    seed: int,
    device: TrainingDevice,
    folder: Path,
    start: InitialModel | None = None,
) -> tuple[Trainer, Network]:
    """Return a trainer and its network, with random weights or those of an initial model."""
    training = size.training
    torch.manual_seed(seed)
    network = Network(shape, training.rates.dropout)
    if start is not None:
        start.copy_weights_to(network)
    network = network.to(device.name)
    plan = Plan(
        seed,
        training.batch_windows,
        device.micro_windows,
        training.rates,
        device.name,
        uses_bfloat16(device.name),
        device.is_compiled,
    )
    weights = dict(network.named_parameters())
    if device.is_compiled:
        network.compile_layers()
    trainer = Trainer(network, weights, material.stream, material.validation, plan, folder)
    return trainer, network


def uses_bfloat16(device: str) -> bool:
    """Return whether to multiply in bfloat16: if the device does that natively."""
    if device == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    return device == "cpu" and has_native_bfloat16()


def _tokenizer(out: Path, documents: Sequence[Document], size: Size, watcher: Watcher) -> Tokenizer:
    if not (out / "tokenizer.json").exists():
        watcher.report("training the tokenizer")
        texts = [document.text for document in documents if document.origin.split == "train"]
        every = max(1, sum(map(len, texts)) // _TOKENIZER_CHARS + 1)
        tokenizer = train_tokenizer(texts[::every], size.shape.vocabulary)
        save_tokenizer(tokenizer, out, size.training.context_tokens)
    return read_tokenizer(out)


def _config(tokenizer: Tokenizer, shape: Shape, size: Size) -> dict[str, Any]:
    ids = control_ids(tokenizer)
    return model_config(shape, size.training.context_tokens, ids[END], ids[PAD])


def _facts(size: Size, corpus: Path, device: str, trainer: Trainer) -> dict[str, Any]:
    """Return the facts for a model card."""
    which, loss = trainer.use_better_weights()
    progress = trainer.progress
    manifest = (corpus / MANIFEST).read_bytes()
    return {
        "size": size.name,
        "steps": progress.step,
        "tokens": progress.tokens,
        "seconds": round(progress.seconds, 1),
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
