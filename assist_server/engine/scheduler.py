"""The thread that owns a model, and the order of requests on it.

Before every step the first request of the highest priority is chosen, so an urgent request waits
for one step of another at most. The other is paused: its generator is not advanced, and its state,
such as its KV cache, stays as it is.
"""

import logging
import math
import threading
import time
from bisect import insort
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field, replace
from queue import SimpleQueue

from assist_server.engine.device import return_free_memory
from assist_server.engine.request import CancelToken, Chunk, FinishReason, GenerationRequest
from assist_server.errors import ModelError

_log = logging.getLogger(__name__)

_Run = Callable[[GenerationRequest], Iterator[Chunk]]

_EMPTY = Chunk("")

_IDLE_S = 30.0
"""Idle time after which freed memory is returned to the system."""


@dataclass(frozen=True, eq=False)
class _Job:
    """A request in progress."""

    request: GenerationRequest
    steps: Generator[Chunk, None, None]
    deadline_s: float
    answers: "SimpleQueue[Chunk | BaseException]" = field(default_factory=SimpleQueue)


class Scheduler:
    """The thread that owns the model: it runs requests from any thread, chunk by chunk.

    An empty chunk (no text, no tokens, no finish reason) marks a point between two steps where the
    request may be paused or ended, such as between two parts of a long prompt. It is not passed on.
    """

    def __init__(self, run: _Run, clock: Callable[[], float] = time.monotonic) -> None:
        """Start the thread.

        Args:
            run: Yields the chunks of a request, the last one with its finish reason. It is called,
                advanced and closed on the scheduler's thread only.
            clock: A monotonic clock in seconds, for deadlines.
        """
        self._run = run
        self._clock = clock
        self._changed = threading.Condition()
        self._jobs: list[_Job] = []  # by priority, then by arrival
        self._is_closed = False
        self._thread = threading.Thread(target=self._work, name="assist-model", daemon=True)
        self._thread.start()

    def generate(self, request: GenerationRequest) -> Iterator[Chunk]:
        """Run a request on the scheduler's thread, and return an iterator over its chunks.

        Closing the iterator, or dropping it, ends the generation after its current step.

        Raises:
            ModelError: the scheduler was closed, or the generation failed.
        """
        limit_ms = math.inf if request.max_latency_ms is None else request.max_latency_ms
        # The reader may give up, which must not set the caller's flag: other requests may share it.
        own = replace(request, cancel=CancelToken(request.cancel))
        job = _Job(own, self._steps(own), self._clock() + limit_ms / 1000)
        with self._changed:
            if self._is_closed:
                raise ModelError("the model was unloaded; try again")
            insort(self._jobs, job, key=lambda one: one.request.priority)
            self._changed.notify()
        chunks = _answers(job)
        next(chunks)
        return chunks

    def close(self) -> None:
        """Cancel all requests and let the thread end; `join` waits for it."""
        with self._changed:
            self._is_closed = True
            for job in self._jobs:
                job.request.cancel.cancel()
            self._changed.notify()

    def join(self, timeout_s: float) -> bool:
        """Wait for the thread of a closed scheduler; return whether it has ended."""
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _work(self) -> None:
        while self._take_turn():
            pass

    def _take_turn(self) -> bool:
        """End the jobs that are over, or else advance the first one; return False after `close`."""
        jobs = self._wait_for_jobs()
        over = [(job, reason) for job in jobs if (reason := self._reason_to_end(job))]
        for job, reason in over:
            self._end(job, Chunk("", finish_reason=reason))
        if jobs and not over:
            self._advance(jobs[0])
        return bool(jobs)

    def _wait_for_jobs(self) -> tuple[_Job, ...]:
        """Wait for jobs and return them in their order; none when the scheduler is closed."""
        is_trimmed = False
        while True:
            with self._changed:
                timeout_s = None if is_trimmed else _IDLE_S
                if self._changed.wait_for(lambda: self._jobs or self._is_closed, timeout_s):
                    return tuple(self._jobs)
            return_free_memory()
            is_trimmed = True

    def _reason_to_end(self, job: _Job) -> FinishReason | None:
        if job.request.cancel.is_cancelled:
            return FinishReason.CANCELLED
        return FinishReason.DEADLINE if self._clock() >= job.deadline_s else None

    def _steps(self, request: GenerationRequest) -> Generator[Chunk, None, None]:
        """Yield the chunks of a request; nothing runs before the first one is requested."""
        yield from self._run(request)
        raise ModelError(
            "the generation ended without a finish reason; try again"
        )  # not reached after a last chunk

    def _advance(self, job: _Job) -> None:
        try:
            chunk = next(job.steps)
        except BaseException as error:  # noqa: BLE001 - it is raised again in the reader
            self._end(job, error)
            return
        if chunk.finish_reason is not None:
            self._end(job, chunk)
        elif chunk.text or chunk.token_ids:
            job.answers.put(chunk)

    def _end(self, job: _Job, answer: Chunk | BaseException) -> None:
        with self._changed:
            self._jobs.remove(job)
        job.answers.put(answer)  # first: the reader need not wait for the cleanup
        try:
            job.steps.close()
        except BaseException:  # noqa: BLE001 - the thread must go on for the other requests
            _log.exception("a generation failed while it was closed")


def _answers(job: _Job) -> Generator[Chunk, None, None]:
    """Yield an empty chunk and then those of the job; closing this cancels the job.

    The caller consumes the empty chunk: a generator that was never advanced is closed without
    running its `finally`.
    """
    try:
        yield _EMPTY
        while True:
            answer = job.answers.get()
            if isinstance(answer, BaseException):
                raise answer
            yield answer
            if answer.finish_reason is not None:
                return
    finally:
        answer = _EMPTY  # avoids a reference cycle: an error's traceback holds this frame
        job.request.cancel.cancel()  # there is no reader any more
