"""The windows of a training run: examples packed into rows, in an endless stream with prefetch.

The examples of a window are independent: attention stays within an example (the model is given
their lengths), positions start at 0 in each, and the last token of an example predicts nothing.
"""

import bisect
import contextlib
import os
import random
import signal
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch.utils.data import DataLoader, Dataset

from assist_server.errors import InputError
from assist_server.prompts.fim import TEMPLATES
from assist_server.syntax.languages import LANGUAGES
from assist_server.training.data.documents import Document, language_of
from assist_server.training.examples.cutting import Mixture, cut
from assist_server.training.examples.rendering import ChatFormat, Rendered, Renderer, Vocabulary
from assist_server.training.model.tokenizer import END, control_ids

IGNORED = -100
"""The target at a position where nothing is to be learned."""

_Key = TypeVar("_Key")
_Result = TypeVar("_Result")

_BLOCK_DOCUMENTS = 48
"""Number of documents whose examples are packed together: enough to leave little room empty."""

_VALIDATION_WINDOWS = 32
_MIN_SHARE = 0.01
"""Least share of the training code for a language to be listed as known to the model."""


@dataclass(frozen=True)
class Window:
    """A row of token ids for training."""

    inputs: NDArray[np.int64]
    targets: NDArray[np.int64]
    """The next token after each input, or `IGNORED`."""
    weights: NDArray[np.float32]
    """The weight of each target in the loss."""
    lengths: tuple[int, ...]
    """Lengths of the examples, in order, and of the padding; their sum is the window's size."""


def pack(examples: Sequence[Rendered], size: int, pad_id: int) -> list[Window]:
    """Pack examples into windows by best fit, the longest first; no example is divided."""
    bins: list[list[Rendered]] = []
    rooms: list[tuple[int, int]] = []  # the room left in a bin, and its number; sorted
    for example in sorted(examples, key=len, reverse=True):
        needed = _input_count(example)
        if not 0 < needed <= size:
            if needed > size:
                raise ValueError(f"an example of {needed} inputs does not fit {size}")
            continue
        found = bisect.bisect_left(rooms, (needed, -1))
        if found == len(rooms):
            bins.append([example])
            room, number = size - needed, len(bins) - 1
        else:
            room, number = rooms.pop(found)
            bins[number].append(example)
            room -= needed
        bisect.insort(rooms, (room, number))
    return [_window(members, size, pad_id) for members in bins]


def _input_count(example: Rendered) -> int:
    """Return the number of inputs of an example, whose last token is a target only."""
    return len(example) - 1


def _window(members: Sequence[Rendered], size: int, pad_id: int) -> Window:
    inputs = np.full(size, pad_id, dtype=np.int64)
    targets = np.full(size, IGNORED, dtype=np.int64)
    weights = np.zeros(size, dtype=np.float32)
    lengths: list[int] = []
    start = 0
    for example in members:
        end = start + _input_count(example)
        inputs[start:end] = example.ids[:-1]
        weights[start:end] = example.weights[1:]
        targets[start:end] = np.where(weights[start:end] > 0, example.ids[1:], IGNORED)
        lengths.append(end - start)
        start = end
    if start < size:
        lengths.append(size - start)
    return Window(inputs, targets, weights, tuple(lengths))


def _prefetch_by_thread(
    make: Callable[[_Key], _Result], keys: Iterator[_Key]
) -> Generator[_Result, None, None]:
    """Yield `make(key)` for each of endless keys, computing one result ahead on a thread."""
    with ThreadPoolExecutor(1, "assist-ahead") as pool:
        following = pool.submit(make, next(keys))
        while True:
            made = following.result()
            following = pool.submit(make, next(keys))
            yield made


def _prefetch_by_processes(
    make: Callable[[_Key], _Result], keys: Iterator[_Key], processes: int
) -> Generator[_Result, None, None]:
    """Yield `make(key)` for each of endless keys, in order, two results ahead per process.

    Processes are forked and so inherit `make`, whose data would take long to send.

    Raises:
        RuntimeError: a process was killed; raised in the main thread, whatever it is doing.
    """
    results = iter(
        DataLoader(
            _MapDataset(make),
            batch_size=None,
            sampler=keys,
            num_workers=processes,
            collate_fn=_unchanged,
            multiprocessing_context="fork",
            worker_init_fn=_start_worker,
            generator=torch.Generator(),  # torch's global one belongs to the training
        )
    )
    try:
        yield from results
    finally:
        # Otherwise the processes live as long as the traceback of an error from them.
        results._shutdown_workers()  # type: ignore[attr-defined]  # noqa: SLF001


class _MapDataset(Dataset[Any]):
    def __init__(self, make: Callable[[Any], Any]) -> None:
        self._make = make

    def __getitem__(self, key: Any) -> Any:
        return self._make(key)


def _unchanged(item: Any) -> Any:
    return item


def _start_worker(_: int) -> None:
    os.environ["TOKENIZERS_PARALLELISM"] = "false"  # there is one process per core already
    # Both signals go to the whole process group; the training process decides when to stop.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _ignore_first_sigterm)


def _ignore_first_sigterm(*_: object) -> None:
    """Ignore one SIGTERM; a second one is meant for this process and ends it."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)


class Position(NamedTuple):
    """A place in the stream: the numbers of the next window, of its block and of its epoch."""

    epoch: int = 0
    block: int = 0
    window: int = 0


START = Position()


@dataclass(frozen=True)
class Recipe:
    """The parameters that determine the windows, together with the documents."""

    seed: int
    context_tokens: int
    piece_chars: int
    mixture: Mixture


class WindowStream:
    """The windows of documents, in a new order in each epoch."""

    def __init__(
        self,
        documents: Sequence[Document],
        vocabulary: Vocabulary,
        recipe: Recipe,
        processes: int = 0,
    ) -> None:
        """Stream the windows of one or more documents.

        Args:
            documents: In any order.
            vocabulary: For the rendering of examples.
            recipe: For the cutting and the order.
            processes: Number of processes that cut; 0 for a thread.
        """
        self._documents, self._recipe, self._processes = documents, recipe, processes
        self._pad_id = vocabulary.end_id
        self._renderer = Renderer(vocabulary, recipe.context_tokens + 1)

    def windows(self, position: Position = START) -> Generator[tuple[Window, Position], None, None]:
        """Yield the windows from a position on, each with the position after it; with prefetch."""
        epoch, block, skipped = position
        make, places = self.block, self._blocks(epoch, block)
        blocks = (
            _prefetch_by_processes(make, places, self._processes)
            if self._processes
            else _prefetch_by_thread(make, places)
        )
        with contextlib.closing(blocks):
            for place, windows in zip(self._blocks(epoch, block), blocks, strict=False):
                for number in range(skipped, len(windows)):
                    is_last = number + 1 == len(windows)
                    following = (*self._next_block(*place), 0) if is_last else (*place, number + 1)
                    yield windows[number], Position(*following)
                skipped = 0

    def first_windows(self, count: int) -> list[Window]:
        """Return the first windows of the first epoch, always the same ones."""
        found: list[Window] = []
        for place in self._blocks(0, 0):
            if place[0] > 0 or len(found) >= count:
                break
            found += self.block(place)
        return found[:count]

    def _next_block(self, epoch: int, block: int) -> tuple[int, int]:
        is_last = (block + 1) * _BLOCK_DOCUMENTS >= len(self._documents)
        return (epoch + 1, 0) if is_last else (epoch, block + 1)

    def _blocks(self, epoch: int, block: int) -> Iterator[tuple[int, int]]:
        place = epoch, block
        while True:
            yield place
            place = self._next_block(*place)

    def block(self, place: tuple[int, int]) -> list[Window]:
        """Return the windows of a block of documents, given by epoch and number, in their order."""
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
    """The windows for training and for validation."""

    stream: WindowStream
    validation: Sequence[Window]
    """Windows of held-out documents, possibly none."""


def make_training_windows(  # noqa: PLR0913, PLR0917 - all of it determines the windows
    tokenizer: Tokenizer,
    documents: Sequence[Document],
    context_tokens: int,
    seed: int,
    processes: int = 0,
    chat: ChatFormat | None = None,
) -> TrainingWindows:
    """Return the windows of documents in the template `assist`.

    Args:
        tokenizer: With the control tokens of the template.
        documents: Of the splits for training and validation.
        context_tokens: Size of a window.
        seed: Determines order, pieces and holes.
        processes: Number of processes that cut; 0 for a thread.
        chat: The chat format, if there are answers among the documents.

    Raises:
        InputError: there is no document for training.
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
    """Return the LSP ids of the languages with more than 1 % of the training code.

    TSX counts as TypeScript, which it extends.
    """
    sizes: Counter[str | None] = Counter()
    for document in documents:
        if document.origin.split == "train" and document.origin.kind == "code":
            sizes[language_of(document.origin.path)] += document.origin.bytes
    least = _MIN_SHARE * sizes.total()
    known = (one for one in LANGUAGES if sizes[language_of(f"file{one.extensions[0]}")] > least)
    return [name for language in known for name in language.lsp_ids or (language.id,)]


def own_vocabulary(tokenizer: Tokenizer) -> Vocabulary:
    """Return the vocabulary of a tokenizer in the template `assist`."""
    special_ids = control_ids(tokenizer)
    template = next(template for template in TEMPLATES if template.family == "assist")
    first, *text = tokenizer.encode("a").ids
    bos_id = first if text else None
    return Vocabulary(tokenizer, template, special_ids, special_ids[END], bos_id)


def chars_per_token(tokenizer: Tokenizer, documents: Sequence[Document]) -> float:
    """Return the mean number of characters per token in a sample of documents."""
    sample = [document.text[:4_000] for document in documents[:: max(1, len(documents) // 50)]]
    tokens = sum(len(encoding.ids) for encoding in tokenizer.encode_batch(sample))
    return sum(map(len, sample)) / max(1, tokens)
