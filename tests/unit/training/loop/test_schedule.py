import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assist_server.errors import InputError
from assist_server.training.loop.schedule import Budget, Schedule, parse_budget


@pytest.mark.parametrize(
    ("time", "tokens", "budget"),
    [
        ("90s", None, Budget(seconds=90)),
        ("1.5h", None, Budget(seconds=5400)),
        (None, "20M", Budget(tokens=20_000_000)),
        (None, "1b", Budget(tokens=10**9)),
        (None, "700", Budget(tokens=700)),
        (None, None, None),
    ],
)
def test_budgets_are_written_with_units(time, tokens, budget):
    assert parse_budget(time, tokens) == budget


@pytest.mark.parametrize(
    ("time", "tokens"),
    [("90", None), ("h", None), (None, "-5"), (None, "0"), (None, "5x"), ("1h", "5")],
)
def test_other_budgets_are_refused_with_an_example(time, tokens):
    with pytest.raises(InputError, match=r"write it as|choose one"):
        parse_budget(time, tokens)


shares = st.floats(0, 1)


@given(st.integers(1, 10**10), shares, st.integers(0, 500))
def test_the_rate_warms_up_stays_and_falls_to_nothing(total, begun_at, warmup):
    schedule = Schedule.of(Budget(tokens=total), begun_at * total, warmup)
    rates = [schedule.rate(warmup + step, step / 100 * total) for step in range(101)]
    assert all(0 <= rate <= 1 for rate in rates)
    assert all(one >= other for one, other in itertools.pairwise(rates))
    assert rates[-1] == 0
    assert schedule.is_over(total)
    if schedule.decay_start > 0:
        assert rates[0] == 1
    warm = [schedule.rate(step, 0) for step in range(warmup)]
    assert warm == sorted(warm)


@given(st.floats(0.01, 0.99))
def test_a_decay_begins_at_any_moment_without_a_jump(spent):
    schedule = Schedule.of(Budget(seconds=1.0), spent, 0)
    assert schedule.rate(10**6, spent) == pytest.approx(1)
    assert schedule.decays(spent) == (spent >= 0.5)


def test_tokens_and_seconds_are_counted_by_their_own_budget():
    assert Budget(tokens=100).spent(50, 7.0) == 50
    assert Budget(seconds=100).spent(50, 7.0) == 7
