import threading

import pytest

from assist_server.engine.request import (
    CancelToken,
    Chunk,
    FinishReason,
    GenerationRequest,
    collect,
)
from assist_server.engine.worker import Worker
from assist_server.errors import ModelError


class Gate:
    """A generation that emits a chunk, waits to be let on, and notes what it saw."""

    def __init__(self):
        self.entered = threading.Event()
        self.released = threading.Event()
        self.log = []

    def run(self, request):
        self.log.append(request.prompt_ids)
        yield Chunk("a")
        self.entered.set()
        assert self.released.wait(10)
        reason = FinishReason.CANCELLED if request.cancel.is_cancelled else FinishReason.END_OF_TEXT
        self.log.append(reason)
        yield Chunk("", finish_reason=reason)


def request(number=0, cancel=None):
    return GenerationRequest((number,), 8, cancel=cancel or CancelToken())


def answers(text):
    def run(_):
        yield Chunk(text, (1,), (-0.5,))
        yield Chunk("", finish_reason=FinishReason.END_OF_TEXT)

    return run


def test_chunks_arrive_and_join():
    worker = Worker(answers("hello"))
    generation = collect(worker.generate(request()))
    assert generation.text == "hello"
    assert generation.mean_log_prob == -0.5
    worker.close()
    assert worker.join(10)


def test_requests_run_one_after_another_in_order():
    gate = Gate()
    gate.released.set()
    worker = Worker(gate.run)
    streams = [worker.generate(request(number)) for number in range(5)]
    for stream in streams:
        collect(stream)
    assert [entry for entry in gate.log if isinstance(entry, tuple)] == [(n,) for n in range(5)]
    worker.close()


def test_a_failure_is_raised_where_the_chunks_are_read_and_the_worker_lives_on():
    def run(request):
        if request.prompt_ids == (1,):
            raise ModelError("no")
        yield from answers("yes")(request)

    worker = Worker(run)
    with pytest.raises(ModelError, match="no"):
        collect(worker.generate(request(1)))
    assert collect(worker.generate(request(2))).text == "yes"
    worker.close()


def test_a_reader_that_goes_away_stops_its_generation_but_not_the_callers_flag():
    gate = Gate()
    worker = Worker(gate.run)
    shared = CancelToken()
    stream = worker.generate(request(cancel=shared))
    next(stream)
    assert gate.entered.wait(10)
    stream.close()
    gate.released.set()
    worker.close()
    assert worker.join(10)
    assert gate.log[-1] is FinishReason.CANCELLED
    assert not shared.is_cancelled


def test_a_finished_generation_leaves_a_shared_flag_down():
    worker = Worker(answers("x"))
    shared = CancelToken()
    for _ in range(2):
        assert collect(worker.generate(request(cancel=shared))).text == "x"
    worker.close()


def test_closing_cancels_what_runs_and_answers_what_waits():
    gate = Gate()
    worker = Worker(gate.run)
    running, waiting = worker.generate(request(1)), worker.generate(request(2))
    assert gate.entered.wait(10)
    worker.close()
    gate.released.set()
    assert collect(running).finish_reason is FinishReason.CANCELLED
    assert collect(waiting).finish_reason is FinishReason.CANCELLED
    assert (2,) not in gate.log
    assert worker.join(10)
    with pytest.raises(ModelError, match="unloaded"):
        worker.generate(request(3))


def test_a_request_cancelled_while_it_waits_is_never_run():
    gate = Gate()
    worker = Worker(gate.run)
    cancel = CancelToken()
    running, waiting = worker.generate(request(1)), worker.generate(request(2, cancel))
    assert gate.entered.wait(10)
    cancel.cancel()
    gate.released.set()
    collect(running)
    assert collect(waiting).finish_reason is FinishReason.CANCELLED
    assert (2,) not in gate.log
    worker.close()
