import threading

import pytest

from assist_server.engine.backend import ModelChoice, NullBackend
from assist_server.engine.loading.model_pool import ModelHost, ModelPool, Phase
from assist_server.errors import ModelError, ModelLoadingError


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


class Closable(NullBackend):
    def __init__(self):
        super().__init__()
        self.closed = threading.Event()

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
