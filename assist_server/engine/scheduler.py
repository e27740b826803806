"""The one thread that owns a model, and which request's turn it is there.

Before every step the first request of the highest priority is chosen, so that one which arrives
while another runs waits for a single step. The other rests meanwhile: its generator is simply not
advanced, and what it holds, such as its KV cache, is as it was when its turn comes again.
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
"""Without work for so long, memory that passes have left behind is given back to the system."""


@dataclass(frozen=True, eq=False)
class _Job:
    """A request that is not over yet."""

    request: GenerationRequest
    steps: Generator[Chunk, None, None]
    deadline_s: float
    answers: "SimpleQueue[Chunk | BaseException]" = field(default_factory=SimpleQueue)


class Scheduler:
    """Takes requests from any thread and runs them on its own, chunk by chunk.

    An empty chunk (no text, no tokens, no finish reason) is a place between two steps where the
    request may have to rest or to end, such as between two parts of a long prompt. Readers never
    see it.
    """

    def __init__(self, run: _Run, clock: Callable[[], float] = time.monotonic) -> None:
        """Start the thread.

        Args:
            run: Gives the chunks of a request, the last one with its finish reason. It is called,
                advanced and closed on the thread and nowhere else.
            clock: Seconds that only grow; deadlines are read from it.
        """
        self._run = run
        self._clock = clock
        self._changed = threading.Condition()
        self._jobs: list[_Job] = []  # by priority, then by arrival
        self._is_closed = False
        self._thread = threading.Thread(target=self._work, name="assist-model", daemon=True)
        self._thread.start()

    def generate(self, request: GenerationRequest) -> Iterator[Chunk]:
        """Run a request on the scheduler's thread and read its chunks here.

        Closing the iterator, or dropping it, ends the generation after its current step.

        Raises:
            ModelError: the scheduler was closed, or the generation failed.
        """
        limit_ms = math.inf if request.max_latency_ms is None else request.max_latency_ms
        # The reader may give up without the caller's flag, which other requests may share.
        own = replace(request, cancel=CancelToken(request.cancel))
        job = _Job(own, self._steps(own), self._clock() + limit_ms / 1000)
        with self._changed:
            if self._is_closed:
                raise ModelError("the model was unloaded; ask again")
            insort(self._jobs, job, key=lambda one: one.request.priority)
            self._changed.notify()
        chunks = _read(job)
        next(chunks)
        return chunks

    def close(self) -> None:
        """Cancel what runs, rests and waits, and let the thread end; `join` waits for that."""
        with self._changed:
            self._is_closed = True
            for job in self._jobs:
                job.request.cancel.cancel()
            self._changed.notify()

    def join(self, timeout_s: float) -> bool:
        """Wait for the thread of a closed scheduler; whether it has ended."""
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _work(self) -> None:
        while self._take_turn():
            pass

    def _take_turn(self) -> bool:
        """End what is over, or else advance the first job; False when there will be no more."""
        jobs = self._wait_for_jobs()
        over = [(job, reason) for job in jobs if (reason := self._reason_to_end(job))]
        for job, reason in over:
            self._end(job, Chunk("", finish_reason=reason))
        if jobs and not over:
            self._advance(jobs[0])
        return bool(jobs)

    def _wait_for_jobs(self) -> tuple[_Job, ...]:
        """The jobs in their order as soon as there are some; none when the scheduler is closed."""
        has_rested = False
        while True:
            with self._changed:
                timeout_s = None if has_rested else _IDLE_S
                if self._changed.wait_for(lambda: self._jobs or self._is_closed, timeout_s):
                    return tuple(self._jobs)
            return_free_memory()
            has_rested = True

    def _reason_to_end(self, job: _Job) -> FinishReason | None:
        if job.request.cancel.is_cancelled:
            return FinishReason.CANCELLED
        return FinishReason.DEADLINE if self._clock() >= job.deadline_s else None

    def _steps(self, request: GenerationRequest) -> Generator[Chunk, None, None]:
        """The chunks of a request; nothing is run before the first of them is asked for."""
        yield from self._run(request)
        raise ModelError("the model broke off; ask again")  # behind a last chunk, nobody asks

    def _advance(self, job: _Job) -> None:
        try:
            chunk = next(job.steps)
        except BaseException as error:  # noqa: BLE001 - it is raised again where it can be answered
            self._end(job, error)
            return
        if chunk.finish_reason is not None:
            self._end(job, chunk)
        elif chunk.text or chunk.token_ids:
            job.answers.put(chunk)

    def _end(self, job: _Job, answer: Chunk | BaseException) -> None:
        with self._changed:
            self._jobs.remove(job)
        job.answers.put(answer)  # first, as the reader need not wait for the cleaning up
        try:
            job.steps.close()
        except BaseException:  # noqa: BLE001 - the thread must live on, as others wait for it
            _log.exception("a generation failed while it was closed")


def _read(job: _Job) -> Generator[Chunk, None, None]:
    """An empty chunk and those of the job; it is given up when its reader is.

    A generator that was never advanced is closed without its `finally`, hence the empty chunk.
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
        answer = _EMPTY  # an error's traceback holds this frame: no circle
        job.request.cancel.cancel()  # nobody reads any more: the scheduler need not go on
