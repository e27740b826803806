import threading

import pytest

from assist_server.engine import backend as backend_module
from assist_server.engine.backend import ModelChoice, NullBackend
from assist_server.engine.loading.model_pool import ModelHost, ModelPool, Phase
from assist_server.errors import ModelError, ModelLoadingError, ModelServerError


def test_a_model_is_loading_then_ready():
    may_load = threading.Event()
    states = []

    def load(report):
        report("reading", 40)
        assert may_load.wait(10)
        return NullBackend()

    host = ModelHost(load)
    host.listen(states.append)
    with pytest.raises(ModelLoadingError, match="is loading"):
        host.backend(wait_ms=0)
    may_load.set()
    assert host.backend(wait_ms=None).info.name == "null"
    told = [(state.phase, state.message) for state in states]
    assert told[-2:] == [(Phase.LOADING, "reading"), (Phase.READY, "null")]


def test_a_failure_is_kept_and_told_to_whoever_asks():
    def load(report):
        raise ModelError("no weights; save some")

    host = ModelHost(load)
    with pytest.raises(ModelError, match="no weights; save some"):
        host.backend(wait_ms=None)
    assert host.state.phase is Phase.FAILED


def test_an_unexpected_failure_names_its_kind_and_not_its_text():
    def load(report):
        raise ZeroDivisionError("user text")

    host = ModelHost(load)
    with pytest.raises(ModelError, match="ZeroDivisionError") as caught:
        host.backend(wait_ms=None)
    assert "user text" not in str(caught.value)


@pytest.mark.parametrize("end", [ModelHost.cancel, ModelHost.close])
def test_a_download_that_nobody_waits_for_ends_with_its_next_report(end):
    is_downloading, is_ended, found = threading.Event(), threading.Event(), []

    def load(report):
        report("downloading", 40, is_download=True)
        is_downloading.set()
        assert is_ended.wait(10)
        try:
            report("downloading", 50, is_download=True)
        except ModelError as error:
            found.append(str(error))
            raise

    before = threading.enumerate()
    host = ModelHost(load)
    (loading,) = [one for one in threading.enumerate() if one not in before]
    assert is_downloading.wait(10)
    states, _ = follow(host)
    end(host)
    is_ended.set()
    loading.join(10)
    assert "what has arrived is kept" in found[0]
    assert len(states) == 2  # the first is that before the end
    with pytest.raises(ModelError, match="cancelled" if end is ModelHost.cancel else "unloaded"):
        host.backend()
    assert host.has_given_up is (end is ModelHost.cancel)


def test_a_loaded_model_is_not_cancelled():
    host = ModelHost(lambda report: NullBackend())
    backend = host.backend(wait_ms=None)
    host.cancel()
    assert host.backend() is backend


class Server:
    """A server that cannot be used at first."""

    def __init__(self, monkeypatch):
        monkeypatch.setattr(backend_module, "_FIRST_DELAY_S", 0.01)
        self.works = threading.Event()
        self.backend = Closable()

    def open(self, report):
        report("connecting", 0)
        if not self.works.is_set():
            raise ModelServerError("no server; start it")
        return self.backend


def follow(host):
    """The phases and messages of a host from now on, and a flag for each phase."""
    states, entered = [], {phase: threading.Event() for phase in Phase}

    def listener(state):
        states.append((state.phase, state.message))
        entered[state.phase].set()

    host.listen(listener)
    return states, entered


def test_a_server_is_tried_until_it_works_with_one_message(monkeypatch):
    server = Server(monkeypatch)
    host = ModelHost(server.open)
    states, entered = follow(host)
    assert entered[Phase.FAILED].wait(10)
    with pytest.raises(ModelError, match="no server; start it"):
        host.backend(wait_ms=None)
    server.works.set()
    assert entered[Phase.READY].wait(10)
    assert host.backend() is server.backend
    assert states[-2:] == [(Phase.FAILED, "no server; start it"), (Phase.READY, "null")]


def test_a_server_that_is_tried_again_has_one_host_which_closes(monkeypatch):
    server = Server(monkeypatch)
    tried = []
    pool = ModelPool(lambda choice, report: (tried.append(choice), server.open(report))[1])
    host = pool.acquire(ModelChoice("a"))
    _, entered = follow(host)
    assert entered[Phase.FAILED].wait(10)
    while len(tried) < 2:
        pass
    assert pool.acquire(ModelChoice("a")) is host
    pool.close()
    server.works.set()
    assert host.state.phase is Phase.CLOSED
    with pytest.raises(ModelError, match="unloaded"):
        host.backend()


def test_a_failure_that_stays_is_not_tried_again_but_for_the_next_client():
    def load(choice, report):
        raise ModelError("no weights")

    pool = ModelPool(load)
    host = pool.acquire(ModelChoice("a"))
    with pytest.raises(ModelError):
        host.backend(wait_ms=None)
    assert pool.acquire(ModelChoice("a")) is not host


def test_the_troubles_of_a_backend_are_states(monkeypatch):
    server = Server(monkeypatch)
    server.works.set()
    host = ModelHost(server.open)
    assert host.backend(wait_ms=None) is server.backend
    states, _ = follow(host)
    server.backend.on_trouble("it is gone")
    assert host.backend() is server.backend  # which says so itself
    server.backend.on_trouble("")
    assert states == [(Phase.READY, "null"), (Phase.FAILED, "it is gone"), (Phase.READY, "null")]


class Closable(NullBackend):
    def __init__(self):
        super().__init__()
        self.closed = threading.Event()

    def watch(self, on_trouble):
        self.on_trouble = on_trouble

    def close(self):
        self.closed.set()


def test_closing_closes_the_backend():
    backend = Closable()
    host = ModelHost(lambda report: backend)
    host.backend(wait_ms=None)
    host.close()
    assert backend.closed.is_set()
    with pytest.raises(ModelError, match="unloaded"):
        host.backend()


def test_a_model_that_finishes_loading_after_closing_is_closed_too():
    backend, may_load = Closable(), threading.Event()

    def load(report):
        assert may_load.wait(10)
        return backend

    host = ModelHost(load)
    host.close()
    may_load.set()
    assert backend.closed.wait(10)
    assert host.state.phase is Phase.CLOSED


def test_a_listener_that_stopped_is_told_no_more():
    states, may_load = [], threading.Event()

    def load(report):
        assert may_load.wait(10)
        return NullBackend()

    host = ModelHost(load)
    host.listen(states.append)
    host.stop_listening(states.append)
    may_load.set()
    host.backend(wait_ms=None)
    assert Phase.READY not in [state.phase for state in states]


def pool_of(backends):
    return ModelPool(lambda choice, report: backends.setdefault(choice.model, Closable()))


def test_clients_with_the_same_choice_share_one_model():
    pool = pool_of(backends := {})
    first, second = pool.acquire(ModelChoice("a")), pool.acquire(ModelChoice("a"))
    assert first is second
    assert first.backend(wait_ms=None) is backends["a"]
    pool.release(ModelChoice("a"))
    assert not backends["a"].closed.is_set()


def test_a_model_without_users_is_freed_when_another_is_used():
    pool = pool_of(backends := {})
    pool.acquire(ModelChoice("a")).backend(wait_ms=None)
    pool.acquire(ModelChoice("b")).backend(wait_ms=None)
    pool.release(ModelChoice("a"))
    assert backends["a"].closed.is_set()
    assert not backends["b"].closed.is_set()


def test_the_last_model_stays_for_the_next_client():
    pool = pool_of(backends := {})
    host = pool.acquire(ModelChoice("a"))
    host.backend(wait_ms=None)
    pool.release(ModelChoice("a"))
    assert not backends["a"].closed.is_set()
    assert pool.acquire(ModelChoice("a")) is host


def test_a_choice_that_failed_is_tried_again_by_the_next_client():
    attempts = []

    def load(choice, report):
        attempts.append(choice)
        raise ModelError("not this time")

    pool = ModelPool(load)
    for _ in range(2):
        with pytest.raises(ModelError, match="not this time"):
            pool.acquire(ModelChoice("a")).backend(wait_ms=None)
    assert len(attempts) == 2


class Recorded:
    """The phases of a host, and a wait for the next one."""

    def __init__(self, host):
        self.phases, self.changed = [], threading.Condition()
        host.listen(self.note)

    def note(self, state):
        with self.changed:
            self.phases.append(state.phase)
            self.changed.notify_all()

    def until(self, *phases):
        with self.changed:
            assert self.changed.wait_for(lambda: self.phases[-len(phases) :] == [*phases], 10)


def test_a_model_without_use_is_unloaded_until_it_is_used():
    backends = [Closable(), Closable()]
    waiting = iter(backends)
    host = ModelHost(lambda report: next(waiting))
    recorded = Recorded(host)
    recorded.until(Phase.READY)
    with host.in_use():
        host.wake(0.01)
        assert not backends[0].closed.wait(0.05)
    recorded.until(Phase.UNLOADED)
    assert backends[0].closed.wait(10)
    assert host.loaded is None
    host.wake(float("inf"))
    assert host.backend(wait_ms=None) is backends[1]
    assert recorded.phases[-2:] == [Phase.LOADING, Phase.READY]
    host.close()


@pytest.mark.parametrize("error", [ModelError("no weights"), ZeroDivisionError()])
def test_a_model_that_is_not_loaded_again_is_tried_at_the_next_use(error):
    last = Closable()
    results = iter([Closable(), error, last])

    def load(report):
        result = next(results)
        if isinstance(result, Exception):
            raise result
        return result

    host = ModelHost(load)
    recorded = Recorded(host)
    recorded.until(Phase.READY)
    host.wake(0)
    recorded.until(Phase.UNLOADED)
    host.wake(float("inf"))
    with pytest.raises(ModelError, match=r"no weights|ZeroDivisionError"):
        host.backend(wait_ms=None)
    assert (host.state.phase, host.has_given_up) == (Phase.UNLOADED, False)
    host.wake(float("inf"))
    assert host.backend(wait_ms=None) is last
    host.close()


def test_a_host_that_is_closed_while_it_is_unloaded_stays_closed():
    opened = []
    host = ModelHost(lambda report: opened.append(1) or NullBackend())
    recorded = Recorded(host)
    host.wake(0)
    recorded.until(Phase.UNLOADED)
    host.close()
    with pytest.raises(ModelError, match="was unloaded"):
        host.backend(wait_ms=None)
    assert opened == [1]
