"""The endless stream of training windows, which can be entered again at any place."""

import contextlib
import multiprocessing
import os
import random
import signal
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass
from typing import NamedTuple

from assist_server.training.cutting import Mixture, cut
from assist_server.training.documents import Document
from assist_server.training.packing import Window, pack
from assist_server.training.rendering import Renderer, Vocabulary

_BLOCK_DOCUMENTS = 48
"""Documents whose examples are packed together: enough that little room is left over."""

_Make = Callable[[int, int], list[Window]]


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
        with self._pool() as (pool, make, blocks_ahead):
            following = (epoch, block)
            ahead: deque[tuple[tuple[int, int], Future[list[Window]]]] = deque()
            while True:
                while len(ahead) <= blocks_ahead:
                    ahead.append((following, pool.submit(make, *following)))
                    following = self._behind(*following)
                (epoch, block), made = ahead.popleft()
                windows = made.result()
                for number in range(skipped, len(windows)):
                    is_last = number + 1 == len(windows)
                    behind = (*ahead[0][0], 0) if is_last else (epoch, block, number + 1)
                    yield windows[number], Position(*behind)
                skipped = 0

    @contextlib.contextmanager
    def _pool(self) -> Iterator[tuple[Executor, _Make, int]]:
        """What makes blocks, how it is asked for one, and how many are made ahead."""
        pool: Executor
        if self._processes:
            # A fork has the documents already; to send them would take as long as to read them.
            pool = ProcessPoolExecutor(
                self._processes, multiprocessing.get_context("fork"), _adopt, (self,)
            )
            make, blocks_ahead = _adopted_block, 2 * self._processes
        else:
            pool, make, blocks_ahead = ThreadPoolExecutor(1, "assist-cutting"), self.block, 1
        try:
            yield pool, make, blocks_ahead
        finally:
            pool.shutdown(cancel_futures=True)

    def first_windows(self, count: int) -> list[Window]:
        """Some windows from all over the first epoch; always the same ones."""
        found: list[Window] = []
        epoch, block = 0, 0
        while epoch == 0 and len(found) < count:
            found += self.block(epoch, block)
            epoch, block = self._behind(epoch, block)
        return found[:count]

    def _behind(self, epoch: int, block: int) -> tuple[int, int]:
        is_last = (block + 1) * _BLOCK_DOCUMENTS >= len(self._documents)
        return (epoch + 1, 0) if is_last else (epoch, block + 1)

    def block(self, epoch: int, block: int) -> list[Window]:
        """The windows of some documents of an epoch, in the order in which they are read."""
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


_adopted: list[WindowStream] = []
"""The one stream of a process that cuts for another."""


def _adopt(stream: WindowStream) -> None:
    os.environ["TOKENIZERS_PARALLELISM"] = "false"  # there is a process for each core already
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the training decides when to stop
    threading.Thread(target=_end_with_the_training, daemon=True).start()
    _adopted[:] = [stream]


def _end_with_the_training() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(0)


def _adopted_block(epoch: int, block: int) -> list[Window]:
    return _adopted[0].block(epoch, block)
