import gc
import random
import threading
import weakref
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assist_server.engine import scheduler as scheduler_module
from assist_server.engine.request import (
    CancelToken,
    Chunk,
    FinishReason,
    GenerationRequest,
    Priority,
    collect,
)
from assist_server.engine.scheduler import Scheduler
from assist_server.errors import ModelError

BACKGROUND, INTERACTIVE = Priority.BACKGROUND, Priority.INTERACTIVE
END = FinishReason.END_OF_TEXT
WAIT_S = 30


@dataclass
class Model:
    """Counts up for every request, and notes each step and each end of a generation.

    `before_step` is called on the scheduler's thread with the request's number and the step's.
    """

    before_step: object = lambda number, step: None
    steps: list = field(default_factory=list)
    closed: list = field(default_factory=list)
    threads: set = field(default_factory=set)

    def run(self, request):
        (number,) = request.prompt_ids
        self.threads.add(threading.current_thread().name)
        try:
            for step in range(request.max_new_tokens):
                self.before_step(number, step)
                self.steps.append((number, step))
                yield Chunk(f"{number}.{step} ", (step,), (-0.5,))
            yield Chunk("", finish_reason=END)
        finally:
            self.threads.add(threading.current_thread().name)
            self.closed.append(number)


def request(number=0, steps=3, priority=BACKGROUND, cancel=None, max_latency_ms=None):
    return GenerationRequest(
        (number,),
        steps,
        cancel=cancel or CancelToken(),
        priority=priority,
        max_latency_ms=max_latency_ms,
    )


def text_of(number, steps):
    return "".join(f"{number}.{step} " for step in range(steps))


@pytest.fixture
def start():
    """Start schedulers; each one has ended when the test is over."""
    schedulers = []

    def start_scheduler(run, **options):
        schedulers.append(Scheduler(run, **options))
        return schedulers[-1]

    yield start_scheduler
    for scheduler in schedulers:
        scheduler.close()
        assert scheduler.join(WAIT_S)


@dataclass
class Gate:
    """Holds the model before one step until it is let on."""

    number: int
    step: int = 0
    entered: threading.Event = field(default_factory=threading.Event)
    released: threading.Event = field(default_factory=threading.Event)

    def __call__(self, number, step):
        if (number, step) == (self.number, self.step):
            self.entered.set()
            assert self.released.wait(WAIT_S)


@pytest.fixture
def gated(start):
    """A scheduler whose model is held before a step of request 0, which is running."""

    def start_gated(step=0, **more):
        gate = Gate(0, step)
        model = Model(gate)
        scheduler = start(model.run)
        stream = scheduler.generate(request(0, **more))
        assert gate.entered.wait(WAIT_S)
        return gate, model, scheduler, stream

    return start_gated


# One request


def test_chunks_arrive_and_join(start):
    generation = collect(start(Model().run).generate(request()))
    assert (generation.text, generation.token_ids) == ("0.0 0.1 0.2 ", (0, 1, 2))
    assert (generation.mean_log_prob, generation.finish_reason) == (-0.5, END)


def test_empty_chunks_are_not_forwarded(start):
    def run(_):
        yield from [Chunk(""), Chunk("", (1,), (-0.5,)), Chunk(""), Chunk("a"), Chunk("")]
        yield Chunk("", finish_reason=END)

    chunks = list(start(run).generate(request()))
    assert chunks == [Chunk("", (1,), (-0.5,)), Chunk("a"), Chunk("", finish_reason=END)]


def test_a_failure_is_raised_where_the_chunks_are_read_and_the_thread_lives_on(start):
    def run(request):
        yield Chunk("a")
        if request.prompt_ids == (1,):
            raise ModelError("no")
        yield Chunk("", finish_reason=END)

    scheduler = start(run)
    stream = scheduler.generate(request(1))
    assert next(stream) == Chunk("a")
    with pytest.raises(ModelError, match="no"):
        next(stream)
    assert collect(scheduler.generate(request(2))).text == "a"


def test_a_generation_that_breaks_off_is_a_failure(start):
    with pytest.raises(ModelError, match="without a finish reason"):
        collect(start(lambda _: iter([Chunk("a")])).generate(request()))


def test_a_generation_that_fails_while_it_is_closed_has_answered_and_harms_no_other(start, caplog):
    def run(request):
        try:
            yield Chunk("a", finish_reason=END)
        finally:
            raise RuntimeError("cannot clean up")

    scheduler = start(run)
    for _ in range(2):
        assert collect(scheduler.generate(request())).text == "a"
    scheduler.close()
    assert scheduler.join(WAIT_S)
    assert [record.levelname for record in caplog.records] == ["ERROR", "ERROR"]


def test_what_a_failed_generation_held_is_freed_with_its_error(start):
    class Cache:
        pass

    held = []

    def run(_):
        cache = Cache()
        held.append(weakref.ref(cache))
        yield Chunk("a")
        raise ModelError("no")

    scheduler = start(run)
    gc.disable()  # only what no circle keeps is freed at once, as on a GPU it must be
    try:
        error_name = ""
        try:
            collect(scheduler.generate(request()))
        except ModelError as error:
            error_name = str(error)
        scheduler.close()
        assert scheduler.join(WAIT_S)
        assert (error_name, held[0]()) == ("no", None)
    finally:
        gc.enable()


# Readers that go away


def test_a_reader_that_goes_away_stops_its_generation_but_not_the_callers_flag(gated):
    shared = CancelToken()
    gate, model, scheduler, stream = gated(step=1, steps=100, cancel=shared)
    next(stream)
    stream.close()
    gate.released.set()
    assert collect(scheduler.generate(request(1))).text == text_of(1, 3)
    assert model.closed[0] == 0
    assert (0, 2) not in model.steps
    assert not shared.is_cancelled


@pytest.mark.parametrize("give_up", ["close", "drop"])
def test_a_reader_that_never_read_stops_its_generation_too(gated, give_up):
    gate, model, scheduler, stream = gated(step=1, steps=100)
    if give_up == "close":
        stream.close()
    del stream
    gate.released.set()
    assert collect(scheduler.generate(request(1))).finish_reason is END
    assert (0, 2) not in model.steps


def test_a_finished_generation_leaves_a_shared_flag_down(start):
    scheduler = start(Model().run)
    shared = CancelToken()
    for _ in range(2):
        assert collect(scheduler.generate(request(cancel=shared))).finish_reason is END


# Order


def test_requests_of_one_priority_run_in_order_of_arrival(gated):
    gate, model, scheduler, first = gated()
    streams = [first, *(scheduler.generate(request(number)) for number in range(1, 5))]
    gate.released.set()
    assert [collect(s).text for s in streams] == [text_of(number, 3) for number in range(5)]
    assert model.steps == [(number, step) for number in range(5) for step in range(3)]


def test_an_interactive_request_waits_for_one_step_and_disturbs_nothing(gated):
    gate, model, scheduler, background = gated(step=1, steps=5)
    interactive = scheduler.generate(request(1, 2, INTERACTIVE))
    gate.released.set()
    assert collect(interactive).text == text_of(1, 2)
    assert collect(background).text == text_of(0, 5)
    assert model.steps == [(0, 0), (0, 1), (1, 0), (1, 1), (0, 2), (0, 3), (0, 4)]


def test_an_empty_chunk_is_a_place_to_change_turns(start):
    order = []
    gate = Gate(0)

    def run(request):
        (number,) = request.prompt_ids
        for step in range(2):
            gate(number, step)
            order.append((number, "prefill"))
            yield Chunk("")
        order.append((number, "token"))
        yield Chunk("x", (1,), (-0.5,), END)

    scheduler = start(run)
    background = scheduler.generate(request(0))
    assert gate.entered.wait(WAIT_S)
    interactive = scheduler.generate(request(1, priority=INTERACTIVE))
    gate.released.set()
    assert (collect(background).text, collect(interactive).text) == ("x", "x")
    one, other = [(0, "prefill")], [(1, "prefill")]
    assert order == [*one, *other, *other, (1, "token"), *one, (0, "token")]


def test_a_background_request_waits_for_one_that_rests(gated):
    gate, model, scheduler, resting = gated(step=1, steps=4)
    interactive = scheduler.generate(request(1, 2, INTERACTIVE))
    waiting = scheduler.generate(request(2, 1))
    gate.released.set()
    for stream in (interactive, resting, waiting):
        assert collect(stream).finish_reason is END
    assert [number for number, _ in model.steps] == [0, 0, 1, 1, 0, 0, 2]


ARRIVALS = st.lists(
    st.tuples(st.integers(0, 40), st.sampled_from(Priority), st.integers(1, 6)), max_size=8
)


@given(ARRIVALS)
def test_every_step_belongs_to_the_request_that_comes_first(arrivals):
    """Requests are handed over inside steps of others, so each schedule is the same every time."""
    todo = sorted(enumerate(arrivals, start=1), key=lambda entry: entry[1][0])
    streams, present = {}, {}

    def hand_over(number, priority, length):
        present[number] = [priority, len(present), length]
        streams[number] = scheduler.generate(request(number, length, priority))

    def arrive(_number, _step):
        while todo and todo[0][1][0] <= len(model.steps):
            number, (_, priority, length) = todo.pop(0)
            hand_over(number, priority, length)

    def check_turn(number, step):
        first = min((entry for entry in present.items() if entry[1][2]), key=lambda e: e[1][:2])
        turns.append(first[0] == number)
        present[number][2] -= 1
        arrive(number, step)

    turns = []
    model = Model(check_turn)
    scheduler = Scheduler(model.run)
    hand_over(0, BACKGROUND, 50)
    assert collect(streams[0]).text == text_of(0, 50)
    for number, (_, _, length) in enumerate(arrivals, start=1):
        assert collect(streams[number]).text == text_of(number, length)
    assert all(turns)
    scheduler.close()
    assert scheduler.join(WAIT_S)
    assert sorted(model.closed) == sorted(streams)


# Cancelling


def test_a_request_cancelled_while_it_waits_is_never_run(gated):
    gate, model, scheduler, running = gated()
    cancel = CancelToken()
    waiting = scheduler.generate(request(1, cancel=cancel))
    cancel.cancel()
    gate.released.set()
    assert collect(waiting).finish_reason is FinishReason.CANCELLED
    assert collect(running).finish_reason is END
    assert model.closed == [0]


def test_a_request_cancelled_while_it_rests_is_closed_at_the_next_step_of_the_other(start):
    cancel = CancelToken()
    streams = []

    def on_step(number, step):
        if (number, step) == (0, 1):
            streams.append(scheduler.generate(request(1, 4, INTERACTIVE)))
        if (number, step) == (1, 1):
            cancel.cancel()
        if (number, step) == (1, 2):
            closed_by_then.extend(model.closed)

    closed_by_then = []
    model = Model(on_step)
    scheduler = start(model.run)
    generation = collect(scheduler.generate(request(0, 9, cancel=cancel)))
    assert (generation.text, generation.finish_reason) == (text_of(0, 2), FinishReason.CANCELLED)
    assert collect(streams[0]).text == text_of(1, 4)
    assert closed_by_then == [0]


def test_closing_cancels_what_runs_rests_and_waits(gated):
    gate, model, scheduler, resting = gated(step=1, steps=9)
    running_gate = Gate(1)
    model.before_step = running_gate
    running = scheduler.generate(request(1, 9, INTERACTIVE))
    waiting = scheduler.generate(request(2))
    gate.released.set()
    assert running_gate.entered.wait(WAIT_S)
    scheduler.close()
    running_gate.released.set()
    for stream in (resting, running, waiting):
        assert collect(stream).finish_reason is FinishReason.CANCELLED
    assert scheduler.join(WAIT_S)
    assert sorted(model.closed) == [0, 1]
    assert model.threads == {"assist-model"}
    with pytest.raises(ModelError, match="unloaded"):
        scheduler.generate(request(3))


# Deadlines


@dataclass
class Clock:
    """Time that passes when a test says so."""

    now_s: float = 1000.0

    def __call__(self):
        return self.now_s

    def pass_ms(self, milliseconds):
        self.now_s += milliseconds / 1000


@pytest.fixture
def slow(start):
    """A scheduler whose model takes 20 ms a step by the clock, and that clock."""

    def start_slow(also=lambda number, step: None):
        def before_step(number, step):
            clock.pass_ms(20)
            also(number, step)

        clock, model = Clock(), Model(before_step)
        return start(model.run, clock=clock), model

    return start_slow


@pytest.mark.parametrize(
    ("max_latency_ms", "steps", "reason"),
    [
        (None, 9, END),
        (181, 9, END),
        (170, 9, FinishReason.DEADLINE),  # over with the last step, before the end was known
        (50, 3, FinishReason.DEADLINE),
        (20, 1, FinishReason.DEADLINE),
        (0, 0, FinishReason.DEADLINE),
    ],
)
def test_a_deadline_ends_a_generation_behind_the_step_in_which_it_passes(
    slow, max_latency_ms, steps, reason
):
    scheduler, model = slow()
    stream = scheduler.generate(request(0, 9, max_latency_ms=max_latency_ms))
    generation = collect(stream)
    assert (generation.text, generation.finish_reason) == (text_of(0, steps), reason)
    scheduler.close()
    assert scheduler.join(WAIT_S)
    assert model.closed == [0] * (steps > 0)


def test_waiting_counts(slow):
    streams = []

    def hand_over(number, step):
        if (number, step) == (0, 0):
            streams.extend(scheduler.generate(request(n, 2, max_latency_ms=90)) for n in (1, 2))

    scheduler, model = slow(hand_over)
    assert collect(scheduler.generate(request(0, 4))).finish_reason is END
    reached, missed = map(collect, streams)
    assert (reached.text, reached.finish_reason) == (text_of(1, 2), FinishReason.DEADLINE)
    assert (missed.text, missed.finish_reason) == ("", FinishReason.DEADLINE)
    assert 2 not in model.closed


def test_resting_counts(slow):
    streams = []

    def hand_over(number, step):
        if (number, step) == (0, 1):
            streams.append(scheduler.generate(request(1, 4, INTERACTIVE)))

    scheduler, model = slow(hand_over)
    generation = collect(scheduler.generate(request(0, 9, max_latency_ms=70)))
    assert (generation.text, generation.finish_reason) == (text_of(0, 2), FinishReason.DEADLINE)
    assert collect(streams[0]).finish_reason is END
    assert model.closed == [0, 1]


# Anything in any order


@dataclass
class Asked:
    """A request that a random schedule has made, and what became of it."""

    length: int
    cancel: CancelToken
    stream: object
    text: str = ""
    ends: list = field(default_factory=list)

    def read(self):
        """Read a chunk, or note the end."""
        try:
            chunk = next(self.stream)
        except StopIteration:
            self.ends.append("stop")
        except ModelError as error:
            self.ends.append(str(error))
        else:
            self.text += chunk.text
            if chunk.finish_reason is not None:
                self.ends.append(chunk.finish_reason)


class RandomSession:
    """Submits, cancels, abandons, fails and lets the model on by single steps."""

    def __init__(self, seed):
        self.choice = random.Random(seed)  # noqa: S311 - the same schedule for the same seed
        self.permits = threading.Semaphore(0)
        self.model = Model(self._before_step)
        self.scheduler = Scheduler(self.model.run)
        self.failing, self.asked, self.abandoned = set(), {}, set()

    def _before_step(self, number, step):
        self.permits.acquire()
        if number in self.failing and step == 1:
            raise ModelError("failed")

    def act(self):
        actions = [self.submit, self.submit, self.let_on, self.let_on, self.cancel, self.abandon]
        self.choice.choice(actions)()

    def submit(self):
        number, length = len(self.asked), self.choice.randint(1, 5)
        if self.choice.random() < 0.2:
            self.failing.add(number)
        cancel, priority = CancelToken(), self.choice.choice(list(Priority))
        stream = self.scheduler.generate(request(number, length, priority, cancel))
        self.asked[number] = Asked(length, cancel, stream)

    def let_on(self):
        self.permits.release(self.choice.randint(1, 4))

    def cancel(self):
        if self.asked:
            self.choice.choice(list(self.asked.values())).cancel.cancel()

    def abandon(self):
        numbers = list(self.asked.keys() - self.abandoned)
        if numbers:
            number = self.choice.choice(numbers)
            self.abandoned.add(number)
            self.asked[number].stream.close()

    def finish(self, *, is_closed_first):
        if is_closed_first:
            self.scheduler.close()
        self.permits.release(10_000)
        for asked in self.asked.values():
            while not asked.ends:
                asked.read()
            asked.read()
        self.scheduler.close()
        assert self.scheduler.join(WAIT_S)


@pytest.mark.parametrize("seed", range(60))
def test_every_reader_ends_once_and_every_generation_is_closed_on_the_thread(seed):
    session = RandomSession(seed)
    for _ in range(session.choice.randint(5, 60)):
        session.act()
    is_closed_first = seed % 3 == 0
    session.finish(is_closed_first=is_closed_first)

    for number, asked in session.asked.items():
        end, after = asked.ends
        assert after == "stop"
        if number in session.abandoned:
            assert (end, asked.text) == ("stop", "")
        elif end is END:
            assert asked.text == text_of(number, asked.length)
        else:
            assert text_of(number, asked.length).startswith(asked.text)
            assert end == ("failed" if number in session.failing else FinishReason.CANCELLED) or (
                end is FinishReason.CANCELLED and (asked.cancel.is_cancelled or is_closed_first)
            )
    started = {number for number, _ in session.model.steps}
    assert started <= set(session.model.closed)
    assert len(session.model.closed) == len(set(session.model.closed))
    assert session.model.threads <= {"assist-model"}
    assert session.scheduler._jobs == []


def test_memory_is_given_back_once_in_a_rest(monkeypatch):
    given_back = threading.Semaphore(0)
    monkeypatch.setattr(scheduler_module, "_IDLE_S", 0.001)
    monkeypatch.setattr(scheduler_module, "return_free_memory", given_back.release)
    scheduler = Scheduler(Model().run)
    assert given_back.acquire(timeout=WAIT_S)
    assert collect(scheduler.generate(request())).finish_reason is END
    assert given_back.acquire(timeout=WAIT_S)
    scheduler.close()
    assert scheduler.join(WAIT_S)
    assert not given_back.acquire(blocking=False)
