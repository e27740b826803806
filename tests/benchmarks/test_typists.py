"""The figures of people who type, and the balancer's log that they come from."""

import importlib
from collections import Counter
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
LOG = """\
[WARNING] Server models/one is UP, reason: Layer7 check passed, code: 200
/tokenize one 200 1 --
/completion one 200 238 CD
/completion one 400 2004 CH
/completion two 200 57 --
/props <NOSRV> 401 0 PR
"""


@pytest.fixture
def program(monkeypatch):
    monkeypatch.syspath_prepend(BENCHMARKS)
    return importlib.import_module("typists")


def test_requests_in_the_log_are_counted_by_path_and_server(program, tmp_path):
    log = tmp_path / "requests.log"
    log.write_text(LOG)
    assert program.count_requests(log) == {
        ("/tokenize", "one"): 1,
        ("/completion", "one"): 2,
        ("/completion", "two"): 1,
        ("/props", "<NOSRV>"): 1,
    }
    assert program.count_requests(None) == Counter()


def test_rates_are_those_of_one_typist(program):
    load = program.Load(
        typists=4,
        minutes=2.0,
        keystrokes=800,
        shown=0.5,
        shown_at_line_ends=0.25,
        shown_ms=[10.0, 20.0, 30.0],
        answers={"shown": 20, "filtered": 5, "ran out of time": 9, "failed": 1},
        prompts={"one": 60, "two": 40},
        other_requests=160,
        tokens={"computed": 100, "cached": 900, "generated": 400},
        client_cpu_s=7.6,
    )
    found = program.figures(load)
    assert found["keystrokes a minute"] == "100"
    assert found["prompts per keystroke"] == "12%"
    assert found["prompts answered in time"] == "25%"
    assert found["keystroke to shown, p50, ms"] == "20"
    assert found["prompt tokens from the cache"] == "90.0%"
    assert found["prompt tokens computed a minute"] == "12"
    assert found["failed"] == "1"


def test_nothing_shown_and_nothing_counted_is_no_division_by_zero(program):
    load = program.Load(1, 1.0, 10, 0.0, 0.0, [], {}, {}, 0, {}, 1.0)
    assert program.figures(load)["prompt tokens from the cache"] == "0.0%"
