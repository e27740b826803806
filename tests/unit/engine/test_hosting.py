import threading

import pytest

from assist_server.engine.backend import NullBackend
from assist_server.engine.hosting import ModelHost, Phase
from assist_server.errors import ModelError, ModelLoadingError


def test_a_model_is_loading_then_ready():
    may_load = threading.Event()
    states = []

    def load(report):
        report("reading")
        assert may_load.wait(10)
        return NullBackend()

    host = ModelHost(load, states.append)
    with pytest.raises(ModelLoadingError, match="is loading"):
        host.backend(wait_ms=0)
    may_load.set()
    assert host.backend(wait_ms=None).info.name == "null"
    assert [(state.phase, state.message) for state in states] == [
        (Phase.LOADING, "reading"),
        (Phase.READY, "null"),
    ]


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
