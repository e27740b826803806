"""The command `finetune`: further training of a model on the code of a repository."""

import platform
import tempfile
from pathlib import Path
from typing import Any

import torch

from assist_server.engine.backend import ignore_progress
from assist_server.engine.device import plan_device
from assist_server.engine.loading.checkpoint import read_named_model
from assist_server.engine.loading.locate import locate_model
from assist_server.engine.tokens.codec import TokenCodec
from assist_server.engine.transformers_backend import context_length, probe_device_facts
from assist_server.errors import InputError
from assist_server.prompts.fim import LEFT_TO_RIGHT, choose_template
from assist_server.training.data.corpus import Summary, has_corpus, read_corpus, write_corpus
from assist_server.training.data.documents import Document
from assist_server.training.data.repository import repository_documents
from assist_server.training.examples.cutting import Mixture
from assist_server.training.examples.rendering import Vocabulary
from assist_server.training.examples.windows import (
    Recipe,
    WindowStream,
    chars_per_token,
    split_documents,
)
from assist_server.training.loop.checkpoints import open_run_folder, state_to_resume
from assist_server.training.loop.reports import Watcher
from assist_server.training.loop.resources import check_disk, check_memory, disk_error
from assist_server.training.loop.schedule import Budget
from assist_server.training.loop.trainer import Plan, Trainer
from assist_server.training.model.export import FACTS, move_files, write_json
from assist_server.training.model.network import (
    TransformersNetwork,
    check_trainable,
    make_trainable,
    merge_adapter,
)
from assist_server.training.model.sizes import Rates
from assist_server.training.options import FinetuneChoice
from assist_server.training.pretrain import uses_bfloat16

_EPOCHS = 3
_CONTEXT_TOKENS = 1_024
_BATCH_WINDOWS = 8
_VALIDATION_WINDOWS = 16
_FULL_RATES = Rates(adamw=2e-4, weight_decay=0.01, warmup_steps=20)
_LORA_RATES = Rates(adamw=3e-4, weight_decay=0.0, warmup_steps=20)
_ADVICE = "choose a smaller --model or close other programs"


def finetune(choice: FinetuneChoice, watcher: Watcher) -> dict[str, Any]:
    """Fine-tune a model, or resume it; return the facts about the result.

    Raises:
        AssistError: the training cannot be done as chosen.
    """
    source = locate_model(choice.model)
    identity = {
        "command": "finetune",
        "model": choice.model,
        "repo": str(choice.repo.absolute()),
        "seed": choice.seed,
    }
    # Errors of the input are raised before a folder is created.
    documents = None if choice.is_resumed else repository_documents(choice.repo)
    watcher.report("loading the model")
    device = plan_device(probe_device_facts(), choice.device)
    tokenizer, model = read_named_model(source, choice.model, device, ignore_progress)
    check_trainable(model, choice.model)
    _check_room(choice, model)
    model = make_trainable(model.to(device.device), choice.model)
    folder = open_run_folder(choice.out, identity, is_resumed=choice.is_resumed)
    documents = _kept_documents(folder / "corpus", documents, choice.repo)
    trainer = _trainer(choice, tokenizer, model, documents, device.device, folder)
    before = trainer.validation_loss()
    state, budget = state_to_resume(folder, choice.budget)
    if state is not None:
        trainer.restore(state)
    trainer.run(budget or _usual_budget(tokenizer, documents), watcher)
    watcher.report("writing the model")
    which, loss = trainer.use_better_weights()
    facts = {
        "begun_from": choice.model,
        "steps": trainer.progress.step,
        "tokens": trainer.progress.tokens,
        "seconds": round(trainer.progress.seconds, 1),
        "weights": which,
        "validation_nats_per_token_before": before,
        "validation_nats_per_token": loss,
        "files": len(documents),
        "torch": torch.__version__,
        "python": platform.python_version(),
    }
    _export(choice.out, tokenizer, merge_adapter(model), facts)
    return facts


def _check_room(choice: FinetuneChoice, model: Any) -> None:
    """Check that memory and disk suffice, before anything is written."""
    parameters = sum(parameter.numel() for parameter in model.parameters())
    weights = 4 * parameters
    check_disk(choice.out, 5 * weights, f"fine-tuning {choice.model!r}")
    check_memory(5 * weights, f"fine-tuning {choice.model!r}", _ADVICE)


def _kept_documents(corpus: Path, documents: list[Document] | None, repo: Path) -> list[Document]:
    """Return the documents from the start of the training, as the repository may change."""
    if documents is None and not has_corpus(corpus):
        documents = repository_documents(repo)
    if documents is not None:
        write_corpus(corpus, documents, Summary())
    return list(read_corpus(corpus))


def _vocabulary(tokenizer: Any, model: Any, name: str) -> Vocabulary:
    codec = TokenCodec(tokenizer)
    setting = getattr(model.config, "fim_template", None) or "auto"
    template = choose_template(
        codec.special_ids, model_type=model.config.model_type, name=name, setting=setting
    )
    end_id = tokenizer.eos_token_id
    if end_id is None:
        raise InputError(f"the tokenizer of {name!r} has no end token; choose another model")
    return Vocabulary(
        tokenizer.backend_tokenizer, template, codec.special_ids, end_id, codec.bos_id
    )


def _trainer(  # noqa: PLR0913, PLR0917 - the parts of a training run
    choice: FinetuneChoice,
    tokenizer: Any,
    model: Any,
    documents: list[Document],
    device: str,
    folder: Path,
) -> Trainer:
    vocabulary = _vocabulary(tokenizer, model, choice.model)
    by_split = split_documents(documents)
    documents, validation = by_split["train"], by_split["validation"]
    context = min(_CONTEXT_TOKENS, context_length(model.config))
    chars = int(chars_per_token(vocabulary.tokenizer, documents) * context)
    mixture = Mixture(infilling=0.0) if vocabulary.template is LEFT_TO_RIGHT else Mixture()
    recipe = Recipe(choice.seed, context, chars, mixture)
    weights = {name: w for name, w in model.named_parameters() if w.requires_grad}
    is_whole = not hasattr(model, "peft_config")
    plan = Plan(
        choice.seed,
        _BATCH_WINDOWS,
        2 if is_whole else 1,
        _FULL_RATES if is_whole else _LORA_RATES,
        device,
        uses_bfloat16(device),
    )
    return Trainer(
        TransformersNetwork(model),
        weights,
        WindowStream(documents, vocabulary, recipe),
        WindowStream(validation, vocabulary, recipe).first_windows(_VALIDATION_WINDOWS)
        if validation
        else [],
        plan,
        folder,
    )


def _usual_budget(tokenizer: Any, documents: list[Document]) -> Budget:
    """Return a budget of some epochs."""
    chars = sum(len(document.text) for document in documents)
    per_token = chars_per_token(tokenizer.backend_tokenizer, documents)
    return Budget(tokens=max(1, int(_EPOCHS * chars / per_token)))


def _export(out: Path, tokenizer: Any, model: Any, facts: dict[str, Any]) -> None:
    with tempfile.TemporaryDirectory(dir=out, prefix=".new-") as name:
        try:
            tokenizer.backend_tokenizer.encode_special_tokens = False  # the original setting
            tokenizer.save_pretrained(name)
            model.to(torch.bfloat16).save_pretrained(name)
            write_json(Path(name) / FACTS, facts)
        except OSError as error:
            raise disk_error(error, "make room and add --resume to write it again") from error
        move_files(Path(name), out)
