"""The way from the commands to the tensor side, which is imported only when it is needed."""

from typing import Any

from assist_server.engine.quiet_import import let_waiting_threads_sleep
from assist_server.training.choices import FinetuneChoice, TrainChoice
from assist_server.training.reporting import Watcher
from assist_server.training.resources import DISK_FULL, disk_error


def run_training(choice: TrainChoice | FinetuneChoice, watcher: Watcher) -> dict[str, Any]:
    """Train what was chosen; what is known of the result.

    Raises:
        AssistError: something that was asked for cannot be done.
    """
    watcher.tell("starting torch")
    let_waiting_threads_sleep()
    try:
        return _run(choice, watcher)
    except OSError as error:
        if error.errno not in DISK_FULL:
            raise
        kept = "what was saved before is kept: make room and add --resume"
        raise disk_error(error, kept) from error


def _run(choice: TrainChoice | FinetuneChoice, watcher: Watcher) -> dict[str, Any]:
    if isinstance(choice, TrainChoice):
        from assist_server.training.pretraining import pretrain  # noqa: PLC0415

        return pretrain(choice, watcher)
    from assist_server.training.finetuning import finetune  # noqa: PLC0415

    return finetune(choice, watcher)
