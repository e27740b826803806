"""The one thread that owns a model and runs generations one after another."""

import queue
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from assist_server.engine.request import CancelToken, Chunk, FinishReason, GenerationRequest
from assist_server.errors import ModelError

_Run = Callable[[GenerationRequest], Iterator[Chunk]]


@dataclass(frozen=True)
class _Job:
    request: GenerationRequest
    chunks: "queue.SimpleQueue[Chunk | BaseException]" = field(default_factory=queue.SimpleQueue)


_CANCELLED = Chunk("", finish_reason=FinishReason.CANCELLED)


class Worker:
    """Takes requests from any thread, runs them in order of arrival on its own."""

    def __init__(self, run: _Run) -> None:
        """Start the thread; `run` is called on it and nowhere else."""
        self._run = run
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._current: _Job | None = None
        self._is_closed = False
        self._thread = threading.Thread(target=self._work, name="assist-model", daemon=True)
        self._thread.start()

    def generate(self, request: GenerationRequest) -> Iterator[Chunk]:
        """Run a request on the worker and read its chunks here.

        Raises:
            ModelError: the worker was closed, or the generation failed.
        """
        # The reader may give up without the caller's flag, which other requests may share.
        job = _Job(replace(request, cancel=CancelToken(request.cancel)))
        with self._lock:
            if self._is_closed:
                raise ModelError("the model was unloaded; ask again")
            self._jobs.put(job)
        return _read(job)

    def close(self) -> None:
        """Cancel what runs and what waits, and let the thread end; `join` waits for that."""
        with self._lock:
            self._is_closed = True
            if self._current is not None:
                self._current.request.cancel.cancel()
            self._jobs.put(None)

    def join(self, timeout_s: float) -> bool:
        """Wait for the thread of a closed worker; whether it has ended."""
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            with self._lock:
                self._current = job
                must_skip = self._is_closed or job.request.cancel.is_cancelled
            if must_skip:
                job.chunks.put(_CANCELLED)
            else:
                self._run_job(job)
            with self._lock:
                self._current = None

    def _run_job(self, job: _Job) -> None:
        try:
            for chunk in self._run(job.request):
                job.chunks.put(chunk)
        except BaseException as error:  # noqa: BLE001 - it is raised again where it can be answered
            job.chunks.put(error)


def _read(job: _Job) -> Iterator[Chunk]:
    try:
        while True:
            item = job.chunks.get()
            if isinstance(item, BaseException):
                raise item
            yield item
            if item.finish_reason is not None:
                return
    finally:
        job.request.cancel.cancel()  # nobody reads any more: the worker need not go on
