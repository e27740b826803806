"""Making things before they are wanted: by a thread, or by processes where one is not enough."""

import os
import signal
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import torch
from torch.utils.data import DataLoader, Dataset

_Key = TypeVar("_Key")
_Thing = TypeVar("_Thing")


def made_by_thread(
    make: Callable[[_Key], _Thing], keys: Iterator[_Key]
) -> Generator[_Thing, None, None]:
    """What is made of endless keys, one thing ahead."""
    with ThreadPoolExecutor(1, "assist-ahead") as pool:
        ahead = pool.submit(make, next(keys))
        while True:
            made = ahead.result()
            ahead = pool.submit(make, next(keys))
            yield made


def made_by_processes(
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
