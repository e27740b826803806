"""The state of the interpreter while models load."""

import gc
import sys
import weakref

import pytest

from assist_server.engine.loading.torch_import import quiet_loading


def state():
    return gc.isenabled(), sys.getswitchinterval()


def test_the_interpreter_is_as_before_when_loads_overlap():
    before = state()
    first, second = quiet_loading(), quiet_loading()
    first.__enter__()
    second.__enter__()
    assert state() != before
    first.__exit__(None, None, None)
    assert state() != before
    second.__exit__(None, None, None)
    assert state() == before


def test_the_interpreter_is_as_before_when_a_load_fails():
    before = state()
    with pytest.raises(ZeroDivisionError), quiet_loading():
        raise ZeroDivisionError
    assert state() == before


def test_what_a_failed_load_made_can_be_collected():
    class Circle:
        def __init__(self):
            self.itself = self

    made = []

    def fail():
        with quiet_loading():
            made.append(weakref.ref(Circle()))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    gc.collect()
    assert made[0]() is None
