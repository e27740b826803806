"""The endless stream of training windows, which can be entered again at any place."""

import contextlib
import random
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from assist_server.training.data.documents import Document
from assist_server.training.examples.cutting import Mixture, cut
from assist_server.training.examples.packing import Window, pack
from assist_server.training.examples.prefetch import made_by_processes, made_by_thread
from assist_server.training.examples.rendering import Renderer, Vocabulary

_BLOCK_DOCUMENTS = 48
"""Documents whose examples are packed together: enough that little room is left over."""


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
            made_by_processes(make, places, self._processes)
            if self._processes
            else made_by_thread(make, places)
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
