"""`assist-server answers`: answers of a model about a corpus, to preserve its chat in training."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import typer
from rich.console import Console
from rich.progress import Progress

from assist_server.cli.inputs import load_settings, opened_model
from assist_server.engine.backend import Backend
from assist_server.engine.request import GenerationRequest, collect
from assist_server.errors import InputError
from assist_server.settings import Settings

if TYPE_CHECKING:
    from assist_server.training.data.documents import Document

_MAX_NEW_TOKENS = 160


@dataclass(frozen=True)
class AnswersChoice:
    """Corpus, output file and number of answers."""

    corpus: Path
    out: Path
    count: int
    seed: int


def run_answers(flags: Mapping[str, object] | None, choice: AnswersChoice) -> None:
    """Write answers until there are enough good ones or no more texts.

    Answers are written as they arrive; an existing file is continued.

    Args:
        flags: Of the model to ask; None for what people wrote in the corpus.
        choice: Corpus, output file and number of answers.

    Raises:
        AssistError: there is no corpus, or the model has no chat format.
    """
    from assist_server.training.data.corpus import read_corpus  # noqa: PLC0415 - numpy

    documents = list(read_corpus(choice.corpus))
    done = _lines(choice.out)
    if flags is None:
        _take_written(documents, choice, done)
    else:
        _ask_model(load_settings(flags), documents, choice, done)


def _take_written(documents: "list[Document]", choice: AnswersChoice, done: int) -> None:
    from assist_server.training.examples.answers import write_answer  # noqa: PLC0415 - as above
    from assist_server.training.examples.written_answers import written_answers  # noqa: PLC0415

    found = written_answers(documents, choice.seed)
    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("reading", total=choice.count, completed=done)
        for answer in islice(found, done, choice.count):
            write_answer(choice.out, answer)
            progress.advance(task)
    typer.echo(f"{_lines(choice.out)} answers in {str(choice.out)!r}")


def _ask_model(
    settings: Settings, documents: "list[Document]", choice: AnswersChoice, done: int
) -> None:
    from assist_server.training.examples.answers import (  # noqa: PLC0415 - the training side
        Answer,
        rejection_reason,
        requests_of,
        write_answer,
    )

    rejected: Counter[str] = Counter()
    with opened_model(settings) as backend:
        if not backend.info.has_chat_template:
            raise InputError(f"{settings.model!r} has no chat format; choose an instruction model")
        with Progress(console=Console(stderr=True), transient=True) as progress:
            task = progress.add_task("asking", total=choice.count, completed=done)
            # Each file asks about different texts, and so does the continuation of one.
            for request in requests_of(documents, choice.seed + done):
                if done >= choice.count:
                    break
                answer = _ask(backend, request.message)
                reason = rejection_reason(request, answer)
                if reason is not None:
                    rejected[reason] += 1
                    continue
                write_answer(choice.out, Answer(request.origin, request.message, answer))
                done += 1
                progress.update(task, completed=done)
    typer.echo(f"{done} answers in {str(choice.out)!r}; rejected: {_listed(rejected)}")


def _lines(file: Path) -> int:
    if not file.parent.is_dir():
        raise InputError(f"cannot write {str(file)!r}; name a file in a folder that exists")
    return file.read_text(encoding="utf-8").count("\n") if file.exists() else 0


def _ask(backend: Backend, message: str) -> str:
    ids = backend.encode_chat([{"role": "user", "content": message}])
    request = GenerationRequest(tuple(ids), _MAX_NEW_TOKENS, end_ids=backend.info.end_ids)
    return collect(backend.generate(request)).text.strip()


def _listed(rejected: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {reason}" for reason, count in rejected.items()) or "none"
