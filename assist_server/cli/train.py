"""`assist-server train` and `finetune`: progress on the terminal, and a clean stop."""

import contextlib
import importlib.util
import signal
import threading
from collections.abc import Iterator
from types import FrameType

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

from assist_server.training.loop.reports import StepReport, plot_log
from assist_server.training.options import FinetuneChoice, TrainChoice
from assist_server.training.run import run_training


class _Terminal:
    """Shows the progress of a training run, and stops it after a signal."""

    def __init__(self, progress: Progress, stop: threading.Event) -> None:
        self._progress, self._stop = progress, stop
        self._task = progress.add_task("starting", total=1.0, figures="")
        self._validation = ""
        self.tokens_trained = 0

    def report(self, message: str) -> None:
        """Show the current activity."""
        self._progress.update(self._task, description=message, figures="")

    def step(self, report: StepReport) -> None:
        """Show a step."""
        self.tokens_trained = report.tokens
        if report.validation_loss is not None:
            self._validation = f", held out {report.validation_loss:.3f}"
        figures = (
            f"loss {report.loss:.3f}{self._validation} · {report.tokens / 1e6:.2f} M tokens · "
            f"{report.tokens_per_second:,.0f} a second · {_duration(report.seconds_left)} left"
        )
        description = f"step {report.step}"
        self._progress.update(
            self._task, completed=report.done, description=description, figures=figures
        )

    def wants_to_stop(self) -> bool:
        """Return whether a signal was received."""
        return self._stop.is_set()


def run_train(choice: TrainChoice | FinetuneChoice) -> None:
    """Train, and print how to use the model.

    Raises:
        AssistError: the choice is invalid, or the training fails.
    """
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[figures]}"),
    )
    console = Console(stderr=True)
    with stopped_by_signals() as stop:
        with Progress(*columns, console=console, transient=True) as progress:
            terminal = _Terminal(progress, stop)
            facts = run_training(choice, terminal)
        _plot(choice)
        loss = facts["validation_nats_per_token"]
        held_out = "" if loss is None else f", {loss:.3f} nats per token on held-out code"
        ending = "stopped; continue with --resume" if stop.is_set() else "done"
        typer.echo(
            f"{ending}: {facts['tokens']:,} tokens in {_duration(facts['seconds'])}{held_out}\n"
            f"to use it, set: model = {str(choice.out.absolute())!r}"
        )


def _plot(choice: TrainChoice | FinetuneChoice) -> None:
    folder = choice.out / "training"
    if importlib.util.find_spec("matplotlib") and (folder / "log.jsonl").exists():
        plot_log(folder / "log.jsonl", folder / "loss.png")


@contextlib.contextmanager
def stopped_by_signals() -> Iterator[threading.Event]:
    """Yield an event that Ctrl+C and SIGTERM set; a second signal ends the program at once."""
    stop = threading.Event()
    signals = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.getsignal(number) for number in signals}

    def note(number: int, frame: FrameType | None) -> None:
        del frame
        stop.set()
        signal.signal(number, before[signal.Signals(number)])

    for number in signals:
        signal.signal(number, note)
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"
