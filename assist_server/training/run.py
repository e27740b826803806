"""The entry point of `train` and `finetune`, which imports torch only when called."""

from importlib.metadata import version
from typing import Any

from assist_server.engine.loading.open_backend import limit_thread_spinning
from assist_server.errors import AssistError, InputError
from assist_server.training.loop.reports import Watcher
from assist_server.training.loop.resources import DISK_FULL, disk_error
from assist_server.training.options import FinetuneChoice, TrainChoice

_OLDEST_TORCH = (2, 11)
_ENDED_PROCESS = "DataLoader worker"
"""The start of torch's error message when one of its processes was killed."""


def run_training(choice: TrainChoice | FinetuneChoice, watcher: Watcher) -> dict[str, Any]:
    """Train as chosen; return the facts about the result.

    Raises:
        AssistError: the training cannot be done as chosen.
    """
    watcher.report("starting torch")
    limit_thread_spinning()
    try:
        return _run(choice, watcher)
    except RuntimeError as error:
        if not str(error).startswith(_ENDED_PROCESS):
            raise
        raise AssistError(
            "a process that cuts windows was killed, perhaps for lack of memory; the last saved "
            "state is kept: close other programs and add --resume"
        ) from error
    except OSError as error:
        if error.errno not in DISK_FULL:
            raise
        kept = "the last saved state is kept: make room and add --resume"
        raise disk_error(error, kept) from error


def _check_torch() -> None:
    found = version("torch")
    if tuple(map(int, found.split(".")[:2])) < _OLDEST_TORCH:
        oldest = ".".join(map(str, _OLDEST_TORCH))
        raise InputError(
            f"training needs torch {oldest} or newer, and this is {found}; "
            "install 'assist-server[train]'"
        )


def _run(choice: TrainChoice | FinetuneChoice, watcher: Watcher) -> dict[str, Any]:
    _check_torch()
    if isinstance(choice, TrainChoice):
        from assist_server.training.pretrain import pretrain  # noqa: PLC0415

        return pretrain(choice, watcher)
    from assist_server.training.finetune import finetune  # noqa: PLC0415

    return finetune(choice, watcher)
