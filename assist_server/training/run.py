"""The way from the commands to the tensor side, which is imported only when it is needed."""

from importlib.metadata import version
from typing import Any

from assist_server.engine.loading.open_backend import limit_thread_spinning
from assist_server.errors import AssistError, InputError
from assist_server.training.loop.reports import Watcher
from assist_server.training.loop.resources import DISK_FULL, disk_error
from assist_server.training.options import FinetuneChoice, TrainChoice

_OLDEST_TORCH = (2, 11)
_ENDED_PROCESS = "DataLoader worker"
"""What torch's errors begin with when one of its processes was ended from outside."""


def run_training(choice: TrainChoice | FinetuneChoice, watcher: Watcher) -> dict[str, Any]:
    """Train what was chosen; what is known of the result.

    Raises:
        AssistError: something that was asked for cannot be done.
    """
    watcher.report("starting torch")
    limit_thread_spinning()
    try:
        return _run(choice, watcher)
    except RuntimeError as error:
        if not str(error).startswith(_ENDED_PROCESS):
            raise
        raise AssistError(
            "a process that cuts windows was ended, perhaps for want of memory; what was saved "
            "before is kept: close other programs and add --resume"
        ) from error
    except OSError as error:
        if error.errno not in DISK_FULL:
            raise
        kept = "what was saved before is kept: make room and add --resume"
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
