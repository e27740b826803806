"""The endless stream of training windows, which can be entered again at any place."""

import random
from collections.abc import Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import NamedTuple

from assist_server.training.cutting import Mixture, cut
from assist_server.training.documents import Document
from assist_server.training.packing import Window, pack
from assist_server.training.rendering import Renderer, Vocabulary

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
        self, documents: Sequence[Document], vocabulary: Vocabulary, recipe: Recipe
    ) -> None:
        """Stream documents, of which there must be one at least."""
        self._documents, self._recipe = documents, recipe
        self._pad_id = vocabulary.end_id
        self._renderer = Renderer(vocabulary, recipe.context_tokens + 1)

    def windows(self, position: Position = START) -> Generator[tuple[Window, Position], None, None]:
        """Windows from a place on, each with the place behind it; blocks are made ahead."""
        epoch, block, skipped = position
        with ThreadPoolExecutor(1, "assist-cutting") as pool:
            ahead = pool.submit(self._block, epoch, block)
            while True:
                windows = ahead.result()
                following = self._behind(epoch, block)
                ahead = pool.submit(self._block, *following)
                for number in range(skipped, len(windows)):
                    is_last = number + 1 == len(windows)
                    behind = Position(*following) if is_last else Position(epoch, block, number + 1)
                    yield windows[number], behind
                (epoch, block), skipped = following, 0

    def first_windows(self, count: int) -> list[Window]:
        """Some windows from all over the first epoch; always the same ones."""
        found: list[Window] = []
        epoch, block = 0, 0
        while epoch == 0 and len(found) < count:
            found += self._block(epoch, block)
            epoch, block = self._behind(epoch, block)
        return found[:count]

    def _behind(self, epoch: int, block: int) -> tuple[int, int]:
        is_last = (block + 1) * _BLOCK_DOCUMENTS >= len(self._documents)
        return (epoch + 1, 0) if is_last else (epoch, block + 1)

    def _block(self, epoch: int, block: int) -> list[Window]:
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
