"""Measuring: what is typed, how samples become figures, and the bench over a scripted server."""

import importlib.util
import json
import statistics
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tiny_models import FAMILIES, save_family

from assist_server.cli import bench
from assist_server.cli.benchmark import measurement
from assist_server.cli.benchmark.drafts import DraftFigures
from assist_server.cli.benchmark.measurement import Spread
from assist_server.cli.benchmark.session import Answer, Session
from assist_server.cli.benchmark.traces import (
    SourceFile,
    copied,
    lengthened,
    library_files,
    make_traces,
    pieces,
    trace_at,
)
from assist_server.features.inline_completion import Outcome
from assist_server.lsp.client import LspClient

SCRIPTED_SERVER = Path(__file__).parent.parent / "support" / "scripted_server.py"
FILE = SourceFile("a.py", "def f(a):\n    if a:\n        return a\n\n    return None\n")
ASSIST = next(family for family in FAMILIES if family.name == "assist")


def scripted(**script):
    return (sys.executable, str(SCRIPTED_SERVER), json.dumps(script))


# Traces


def test_the_same_seed_types_the_same():
    first, second = (make_traces(library_files(3)[:10], 20, 3) for _ in range(2))
    assert first == second
    assert first != make_traces(library_files(4)[:10], 20, 4)


def test_a_line_end_is_one_key_with_its_indentation():
    trace = trace_at(FILE, FILE.text.index("if"), 9)
    assert trace.keystrokes == ("i", "f", " ", "a", ":", "\n        ", "r", "e", "t")


def test_the_rest_of_the_last_line_is_missing_and_the_file_else_as_it_was():
    trace = trace_at(FILE, FILE.text.index("if"), 3)
    assert trace.start_text == "def f(a):\n    \n        return a\n\n    return None\n"
    assert list(trace.states())[-1] == (trace.start_text.replace("    \n", "    if \n", 1), 17)


def test_a_place_behind_a_copy_sees_the_lines_that_may_follow():
    text = "".join(f"line {number}\n" for number in range(40))
    trace = copied(trace_at(SourceFile("x", text), text.index("line 30"), 3))
    shown = trace.before.splitlines()
    assert shown[:30] == text.splitlines()[:30]
    assert shown[30:] == [f"line {number}" for number in range(14, 18)]
    assert trace.after == text[text.index("line 30") + len("line 30") :]


@given(st.text("ab \n\té", min_size=1, max_size=60), st.data())
def test_what_is_typed_is_the_file(text, data):
    offset = data.draw(st.integers(0, len(text)))
    count = data.draw(st.integers(1, 70))
    trace = trace_at(SourceFile("x", text), offset, count)
    typed = "".join(trace.keystrokes)
    assert trace.before + typed == text[: offset + len(typed)]
    assert text.endswith(trace.after)
    assert trace.after[:1] in ("", "\n")
    assert len(trace.keystrokes) == count or trace.after == ""
    assert "\n" not in text[offset + len(typed) : len(text) - len(trace.after)]


@pytest.mark.parametrize("trace", make_traces(library_files(0)[:20], 40, 0), ids=lambda t: t.name)
def test_library_traces_begin_behind_indentation(trace):
    assert not trace.before.rpartition("\n")[2].strip()
    assert trace.keystrokes[0].strip()
    assert len(trace.keystrokes) == 40


def test_pieces_are_whole_definitions_that_parse():
    files = library_files(0)
    found = pieces(files, 100)
    assert len(found) > 10
    for piece in found:
        compile(piece.text, piece.name, "exec", dont_inherit=True)
        assert 70 <= piece.text.count("\n") <= 100


@pytest.mark.parametrize("lines", [100, 1_000, 10_000])
def test_a_longer_file_has_the_same_typing_in_its_middle(lines):
    (short,) = make_traces(pieces(library_files(0), 100)[:1], 10, 0)
    longer = lengthened(short, lines)
    assert lines - 4 < longer.start_text.count("\n") <= lines
    assert longer.keystrokes == short.keystrokes
    assert longer.before.endswith(short.before)
    assert longer.after.startswith(short.after)
    start, end = longer.before.count("\n"), longer.after.count("\n")
    assert abs(start - end) < 110  # the piece itself may lie to one side


# Figures


@given(st.lists(st.floats(0, 1000), min_size=2, max_size=50))
def test_percentiles_are_those_of_the_standard_library(samples):
    deciles = statistics.quantiles(samples, n=10, method="inclusive")
    spread = Spread.of(samples)
    assert spread.p50_ms == pytest.approx(statistics.median(samples), abs=0.01)
    assert spread.p90_ms == pytest.approx(deciles[8], abs=0.01)
    assert (spread.count, spread.max_ms) == (len(samples), pytest.approx(max(samples), abs=0.01))


def test_one_sample_and_none():
    assert Spread.of([5]) == Spread(1, 5, 5, 5)
    assert Spread.of([]) is None


def answer(model_ms=0.0, first_token_ms=None, new_tokens=0):
    return Answer(model_ms + 1, "shown", "", model_ms, first_token_ms, new_tokens, 10)


def test_decoding_speed_counts_what_comes_behind_the_first_token():
    answers = [answer(30, 10, 5), answer(60, 40, 3), answer(99, 99, 1), answer(5)]
    assert measurement.tokens_per_second(answers) == 6 / 40 * 1000
    assert measurement.tokens_per_second([answer(99, 99, 1)]) is None


def test_an_answer_is_from_the_model_when_that_took_time_or_said_something():
    assert [a.is_from_model for a in (answer(), answer(3), answer(0, 0.0))] == [False, True, True]
    assert answer(7).to_first_token_ms == 7
    assert answer(7, 4).to_first_token_ms == 4


# Sessions


@pytest.fixture
def session():
    """A server whose model proposes `bcdef` everywhere."""
    with LspClient(scripted(answer="bcdef", step_ms=1)) as client:
        yield Session(client)


def test_answers_are_told_apart_by_what_gave_them(session):
    document = session.document("a.py", "x = 1\ny = ", "\n")
    document.open()
    first, second, third = document.type("abx")
    assert [first.outcome, second.outcome] == ["shown", "shown"]
    assert (first.is_from_model, first.new_tokens) == (True, 5)
    assert (second.is_from_model, second.detail) == (False, "the rest of the last completion")
    assert third.is_from_model
    assert all(answer.total_ms > 0 for answer in (first, second, third))


def test_a_document_that_was_closed_is_not_remembered(session):
    document = session.document("a.py", "y = ", "\n")
    document.open()
    assert document.ask().is_from_model
    assert not document.ask().is_from_model
    document.close()
    document.open()
    assert document.ask().is_from_model


def test_positions_are_counted_as_the_protocol_does(session):
    document = session.document("a.py", "s = '\N{ROCKET}'\nt = '\N{ROCKET}", "\nlast")
    document.open()
    typed = document.type(["\N{ROCKET}", "'", "\n  ", "u"])
    document.move_to(0)
    asked = document.ask()
    # A character of the scripted model is a token, and the prompt is what is before the cursor.
    assert [one.prompt_tokens for one in typed] == [15, 16, 19, 20]
    assert asked.prompt_tokens == 7
    assert (document.line, document.line_count) == (0, 4)


def test_the_server_s_memory_is_told(session):
    memory = session.memory()
    assert memory is None or 10 < memory.now_mb <= memory.peak_mb < 1000


# The verb


@pytest.fixture
def scripted_bench(monkeypatch, tmp_path):
    """A bench of a scripted server, whose drafts are measured with a tiny model."""
    monkeypatch.setattr(bench, "SERVER_COMMAND", scripted(answer="self.value)", step_ms=0.2))
    return (*TINY, "--model", save_family(ASSIST, tmp_path / "model"))


TINY = ("bench", "--quick", "--places", 1, "--characters", 3)


def test_figures_for_programs(run, scripted_bench):
    result = run(*scripted_bench, "--json")
    assert result.code == 0, result.err
    (line,) = result.out.splitlines()
    found = json.loads(line)
    assert (found["choice"]["places"], found["choice"]["characters"]) == (1, 3)
    assert found["machine"]["torch_threads"] >= 1
    assert found["status"]["phase"] == "ready"
    assert found["keystrokes"]["all"]["count"] == 3
    assert sum(found["keystrokes"]["outcomes"].values()) == 3
    assert 0 <= found["keystrokes"]["share_without_model"] <= 1
    assert found["engine"]["cold"]["count"] == found["engine"]["jump"]["count"] == 1
    assert [row["lines"] for row in found["lengths"]] == [100, 1000]
    assert all(row["with_drafts"] > 0 < row["without"] for row in found["drafts"])
    assert len(found["drafts"]) == 3


def test_drafts_are_compared_pair_by_pair():
    figures = DraftFigures.of("text", [(10.0, 10.0), (40.0, 20.0), (300.0, 100.0)])
    assert figures == DraftFigures("text", 40.0, 20.0, 2.0)
    assert DraftFigures.of("text", []).times_faster is None


def test_outcomes_are_told_apart_by_rule_but_not_by_likelihood():
    answered = [
        replace(answer(), outcome="filtered", detail="it is too short"),
        replace(answer(), outcome=Outcome.LOW_CONFIDENCE, detail="1% likely to be right"),
        answer(),
    ]
    assert [measurement.kind(each) for each in answered] == [
        "filtered: it is too short",
        "too likely to be wrong",
        "shown",
    ]


def test_a_table_for_people_and_a_plot(run, scripted_bench, project):
    pytest.importorskip("matplotlib")
    result = run(*scripted_bench, "--plot", "plot.png")
    assert result.code == 0, result.err
    for words in (
        "keystroke to answer",
        "first token, cold",
        "in 1,000 lines",
        "without the model",
        "after a copy of the lines above",
    ):
        assert words in result.out
    assert (project / "plot.png").read_bytes().startswith(b"\x89PNG")


def test_a_plot_without_matplotlib_is_refused_before_anything_is_measured(run, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    result = run(*TINY, "--plot", "plot.png")
    assert (result.code, result.out) == (2, "")
    assert result.err == "assist-server: --plot needs matplotlib; install 'assist-server[bench]'\n"


@pytest.mark.parametrize(
    ("options", "advice"),
    [
        (("--device", "gpu"), "Set `device` to one of"),
        (("--model", "/no/such/model"), "set `model` to"),
        (("--places", 1000), "choose at most"),
    ],
)
def test_what_cannot_be_measured_is_refused_in_one_line(run, options, advice):
    result = run(*TINY, *options)
    assert (result.code, result.out) == (2, "")
    assert result.err.splitlines()[-1].startswith("assist-server: ")
    assert advice in result.err
