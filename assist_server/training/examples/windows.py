"""The windows that a training reads: a stream of them, and some that are held out."""

import contextlib
import os
import random
import signal
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, TypeVar

import torch
from tokenizers import Tokenizer
from torch.utils.data import DataLoader, Dataset

from assist_server.errors import InputError
from assist_server.prompts.fim import TEMPLATES
from assist_server.syntax.languages import LANGUAGES, Language, language_for
from assist_server.training.data.documents import Document
from assist_server.training.examples.cutting import Mixture, cut
from assist_server.training.examples.packing import Window, pack
from assist_server.training.examples.rendering import ChatFormat, Renderer, Vocabulary
from assist_server.training.model.tokenizer import END, control_ids

_Key = TypeVar("_Key")
_Thing = TypeVar("_Thing")

_BLOCK_DOCUMENTS = 48
"""Documents whose examples are packed together: enough that little room is left over."""

_VALIDATION_WINDOWS = 32
_LEAST_SHARE = 0.01
"""Of the code, for a language that a model can be said to know."""


def prefetch_by_thread(
    make: Callable[[_Key], _Thing], keys: Iterator[_Key]
) -> Generator[_Thing, None, None]:
    """What is made of endless keys, one thing ahead."""
    with ThreadPoolExecutor(1, "assist-ahead") as pool:
        ahead = pool.submit(make, next(keys))
        while True:
            made = ahead.result()
            ahead = pool.submit(make, next(keys))
            yield made


def prefetch_by_processes(
    make: Callable[[_Key], _Thing], keys: Iterator[_Key], processes: int
) -> Generator[_Thing, None, None]:
    """The same in the same order, two things ahead for each process.

    Processes are forked and know what `make` does: to send that would take as long as to read it.

    Raises:
        RuntimeError: a process was ended from outside; in the main thread, wherever it is.
    """
    things = iter(
        DataLoader(
            _Made(make),
            batch_size=None,
            sampler=keys,
            num_workers=processes,
            collate_fn=_unchanged,
            multiprocessing_context="fork",
            worker_init_fn=_begin,
            generator=torch.Generator(),  # torch's own one is of the training
        )
    )
    try:
        yield from things
    finally:
        # Otherwise they live as long as the traceback of an error that was raised in there.
        things._shutdown_workers()  # type: ignore[attr-defined]  # noqa: SLF001


class _Made(Dataset[Any]):
    def __init__(self, make: Callable[[Any], Any]) -> None:
        self._make = make

    def __getitem__(self, key: Any) -> Any:
        return self._make(key)


def _unchanged(thing: Any) -> Any:
    return thing


def _begin(_: int) -> None:
    os.environ["TOKENIZERS_PARALLELISM"] = "false"  # there is a process for each core already
    # Both go to a whole group of processes, of which the training decides when to stop.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _outlive)


def _outlive(*_: object) -> None:
    """A second one is for this process alone."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)


class Position(NamedTuple):
    """A place in the stream: the window that comes next."""

    epoch: int = 0
    block: int = 0
    window: int = 0


START = Position()


@dataclass(frozen=True)
class Recipe:
    """What decides which windows come, beside the documents."""

    seed: int
    context_tokens: int
    piece_chars: int
    mixture: Mixture


class WindowStream:
    """Windows of documents, in an order of each epoch's own."""

    def __init__(
        self,
        documents: Sequence[Document],
        vocabulary: Vocabulary,
        recipe: Recipe,
        processes: int = 0,
    ) -> None:
        """Stream documents, of which there must be one at least.

        Args:
            documents: In an order that does not matter.
            vocabulary: What their texts are made of.
            recipe: How they are cut.
            processes: That cut, where one thread beside the training would not be fast enough.
        """
        self._documents, self._recipe, self._processes = documents, recipe, processes
        self._pad_id = vocabulary.end_id
        self._renderer = Renderer(vocabulary, recipe.context_tokens + 1)

    def windows(self, position: Position = START) -> Generator[tuple[Window, Position], None, None]:
        """Windows from a place on, each with the place behind it; blocks are made ahead."""
        epoch, block, skipped = position
        make, places = self.block, self._places(epoch, block)
        blocks = (
            prefetch_by_processes(make, places, self._processes)
            if self._processes
            else prefetch_by_thread(make, places)
        )
        with contextlib.closing(blocks):
            for place, windows in zip(self._places(epoch, block), blocks, strict=False):
                for number in range(skipped, len(windows)):
                    is_last = number + 1 == len(windows)
                    behind = (*self._behind(*place), 0) if is_last else (*place, number + 1)
                    yield windows[number], Position(*behind)
                skipped = 0

    def first_windows(self, count: int) -> list[Window]:
        """Some windows from all over the first epoch; always the same ones."""
        found: list[Window] = []
        for place in self._places(0, 0):
            if place[0] > 0 or len(found) >= count:
                break
            found += self.block(place)
        return found[:count]

    def _behind(self, epoch: int, block: int) -> tuple[int, int]:
        is_last = (block + 1) * _BLOCK_DOCUMENTS >= len(self._documents)
        return (epoch + 1, 0) if is_last else (epoch, block + 1)

    def _places(self, epoch: int, block: int) -> Iterator[tuple[int, int]]:
        place = epoch, block
        while True:
            yield place
            place = self._behind(*place)

    def block(self, place: tuple[int, int]) -> list[Window]:
        """The windows of a block of documents of an epoch, in the order in which they are read."""
        epoch, block = place
        recipe = self._recipe
        order = list(range(len(self._documents)))
        random.Random(f"{recipe.seed}:{epoch}").shuffle(order)  # noqa: S311 - no secret
        first = block * _BLOCK_DOCUMENTS
        examples = [
            example
            for number in order[first : first + _BLOCK_DOCUMENTS]
            for example in cut(
                self._documents[number], recipe.seed, epoch, recipe.piece_chars, recipe.mixture
            )
        ]
        windows = pack(self._renderer.render(examples), recipe.context_tokens, self._pad_id)
        random.Random(f"{recipe.seed}:{epoch}:{block}").shuffle(windows)  # noqa: S311 - no secret
        return windows


@dataclass(frozen=True)
class TrainingWindows:
    """The windows of a training."""

    stream: WindowStream
    validation: Sequence[Window]
    """Of documents that are never learned from; empty where there are none."""


def make_training_windows(  # noqa: PLR0913, PLR0917 - what decides about the windows
    tokenizer: Tokenizer,
    documents: Sequence[Document],
    context_tokens: int,
    seed: int,
    processes: int = 0,
    chat: ChatFormat | None = None,
) -> TrainingWindows:
    """Lay out documents for a training in the template `assist`.

    Args:
        tokenizer: With our control tokens.
        documents: Those to learn from and those to validate with.
        context_tokens: Size of a window.
        seed: Decides order, pieces and holes.
        processes: That cut, where one thread beside the training would not be fast enough.
        chat: How conversations are written, where answers are among the documents.

    Raises:
        InputError: no document may be trained on.
    """
    by_split = split_documents(documents)
    if not by_split["train"]:
        raise InputError("the corpus holds nothing to train on; build another one")
    vocabulary = replace(own_vocabulary(tokenizer), chat=chat)
    chars = chars_per_token(tokenizer, by_split["train"]) * context_tokens
    recipe = Recipe(seed, context_tokens, int(chars), Mixture())
    stream = WindowStream(by_split["train"], vocabulary, recipe, processes)
    validation: list[Window] = []
    if by_split["validation"]:
        held_out = WindowStream(by_split["validation"], vocabulary, recipe)
        validation = held_out.first_windows(_VALIDATION_WINDOWS)
    return TrainingWindows(stream, validation)


def split_documents(documents: Iterable[Document]) -> dict[str, list[Document]]:
    """Return documents by split."""
    found: dict[str, list[Document]] = {"train": [], "validation": []}
    for document in documents:
        found[document.origin.split].append(document)
    return found


def learned_languages(documents: Iterable[Document]) -> list[str]:
    """Return the LSP ids of the programming languages that are a fair part of what is learned."""
    sizes: Counter[Language] = Counter()
    for document in documents:
        if document.origin.split == "train" and document.origin.kind == "code":
            sizes[language_for(path=document.origin.path)] += document.origin.bytes
    least = _LEAST_SHARE * sizes.total()
    known = (language for language in LANGUAGES if sizes[language] > least)
    return [name for language in known for name in language.lsp_ids or (language.id,)]


def own_vocabulary(tokenizer: Tokenizer) -> Vocabulary:
    """Return a tokenizer with the layout of the template `assist`."""
    special_ids = control_ids(tokenizer)
    template = next(template for template in TEMPLATES if template.family == "assist")
    first, *text = tokenizer.encode("a").ids
    bos_id = first if text else None
    return Vocabulary(tokenizer, template, special_ids, special_ids[END], bos_id)


def chars_per_token(tokenizer: Tokenizer, documents: Sequence[Document]) -> float:
    """Return how many characters a token stands for, on average over some documents."""
    sample = [document.text[:4_000] for document in documents[:: max(1, len(documents) // 50)]]
    tokens = sum(len(encoding.ids) for encoding in tokenizer.encode_batch(sample))
    return sum(map(len, sample)) / max(1, tokens)
