import pytest

from assist_server.engine.backend import retry_delay_s
from assist_server.engine.remote.health import Health
from assist_server.errors import ModelServerError

GONE, BUSY = ModelServerError("it is gone"), ModelServerError("it is busy")


@pytest.fixture
def health():
    delays, troubles = [], []
    health = Health(delays.append)
    health.watch(troubles.append)
    return health, delays, troubles


def test_delays_double_up_to_a_limit():
    assert [retry_delay_s(failures) for failures in (1, 2, 3, 9, 10_000)] == [1, 2, 4, 30, 30]


def test_failures_of_requests_at_once_are_one_trouble(health):
    health, delays, troubles = health
    health.check()
    for _ in range(3):
        health.fail(GONE)
    with pytest.raises(ModelServerError, match="it is gone"):
        health.check()
    assert (delays, troubles) == ([1], ["it is gone"])


def test_a_server_that_stays_away_is_one_trouble(health):
    health, delays, troubles = health
    health.fail(GONE)
    health.fail_again(GONE)
    health.fail_again(BUSY)
    health.recover()
    health.check()
    assert (delays, troubles) == ([1, 2, 4], ["it is gone", "it is busy", ""])


def test_the_delay_grows_until_a_request_succeeds(health):
    health, delays, _ = health
    for _ in range(3):
        health.fail(GONE)
        health.recover()
    health.succeed()
    health.fail(GONE)
    assert delays == [1, 2, 4, 1]
