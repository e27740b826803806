import collections
import contextlib
import itertools
import multiprocessing
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assist_server.cli.train import stopped_by_signals
from assist_server.errors import InputError
from assist_server.training.data.documents import document_of
from assist_server.training.examples.cutting import Mixture
from assist_server.training.examples.rendering import Rendered
from assist_server.training.examples.windows import (
    IGNORED,
    Recipe,
    WindowStream,
    learned_languages,
    make_training_windows,
    pack,
    split_documents,
)

NUMBERS = ("inputs", "targets", "weights")
needs_fork = pytest.mark.skipif(
    "fork" not in multiprocessing.get_all_start_methods(), reason="processes are not forked here"
)

SIZE, PAD = 16, 0
examples = st.lists(
    st.lists(st.tuples(st.integers(1, 50), st.booleans()), min_size=1, max_size=SIZE + 1),
    max_size=40,
).map(lambda rows: [Rendered([i for i, _ in row], [3.0 * on for _, on in row]) for row in rows])


def document(path, size, split="train", kind="code"):
    found = document_of("d", "1", "MIT", path, b"x" * size, kind)
    return replace(found, origin=replace(found.origin, split=split))


def test_the_languages_that_are_learned_are_those_with_a_fair_share():
    documents = [
        document("a.py", 10_000),
        document("b.tsx", 500),
        document("c.js", 300),
        document("d.lua", 50),
        document("e.go", 9_000, split="validation"),
        document("f.rs", 9_000, kind="pair"),
        document("g.md", 3_000),
    ]
    assert learned_languages(documents) == [
        "python", "javascript", "javascriptreact", "typescript", "typescriptreact",
    ]  # fmt: skip


def test_documents_without_any_to_learn_from_are_refused(tokenizer):
    held_out = [document("a.py", 900, split="validation")]
    assert split_documents(held_out) == {"train": [], "validation": held_out}
    with pytest.raises(InputError, match="nothing to train on"):
        make_training_windows(tokenizer, held_out, 64, 0)


@pytest.fixture
def stream(documents, vocabulary, monkeypatch):
    monkeypatch.setattr("assist_server.training.examples.windows._BLOCK_DOCUMENTS", 4)
    return WindowStream(documents, vocabulary, Recipe(0, 64, 200, Mixture()))


def same(window, other):
    numbers = ((getattr(w, name) for w in (window, other)) for name in NUMBERS)
    return window.lengths == other.lengths and all((a == b).all() for a, b in numbers)


def taken(stream, count, *position):
    windows = stream.windows(*position)
    found = list(itertools.islice(windows, count))
    windows.close()
    return found


@pytest.mark.slow
def test_the_stream_goes_on_from_every_place_as_it_did(stream):
    whole = taken(stream, 2_500)
    assert whole[-1][1].epoch >= 1
    for number in (0, 1, 7, len(whole) // 2, len(whole) - 12):
        again = taken(stream, 10, whole[number][1])
        for (window, place), (expected, its_place) in zip(again, whole[number + 1 :], strict=False):
            assert place == its_place
            assert same(window, expected)


@pytest.mark.slow
@needs_fork
def test_processes_cut_the_same_windows(documents, vocabulary, stream):
    forked = WindowStream(documents, vocabulary, Recipe(0, 64, 200, Mixture()), processes=2)
    expected = taken(stream, 2_500)
    for (window, place), (plain, its_place) in zip(taken(forked, 2_500), expected, strict=True):
        assert place == its_place
        assert same(window, plain)
    assert taken(forked, 3, expected[40][1])[0][1] == expected[41][1]


@pytest.mark.slow
def test_an_epoch_reads_every_document_and_the_next_one_in_another_order(stream):
    epochs = {0: [], 1: [], 2: []}
    for window, place in taken(stream, 4_000):
        epochs.get(place.epoch, []).append(window.inputs.tolist())
    assert epochs[0]
    assert epochs[1][:5] != epochs[0][:5]


def test_windows_to_measure_with_are_always_the_same(stream):
    first, second = stream.first_windows(9), stream.first_windows(9)
    assert len(first) == 9
    assert all((a.inputs == b.inputs).all() for a, b in zip(first, second, strict=True))


@pytest.mark.parametrize("processes", [0, pytest.param(2, marks=needs_fork)])
def test_an_error_while_cutting_is_told(documents, vocabulary, processes):
    recipe = Recipe(0, 64, 200, Mixture(holes={}))
    stream = WindowStream(documents, vocabulary, recipe, processes)
    with pytest.raises(ValueError, match="expected 2"):
        taken(stream, 1)
    assert not multiprocessing.active_children()


@pytest.mark.slow
@needs_fork
def test_a_process_that_is_killed_ends_the_training(documents, vocabulary):
    stream = WindowStream(documents, vocabulary, Recipe(0, 64, 200, Mixture()), processes=2)
    with stopped_by_signals():  # whose handlers the processes inherit
        windows = stream.windows()
        next(windows)
        worker = multiprocessing.active_children()[0]
        with pytest.raises(RuntimeError, match=r"^DataLoader worker"):  # noqa: PT012 - as it is told
            worker.kill()
            collections.deque(windows, 0)
    windows.close()
    assert not multiprocessing.active_children()


@pytest.mark.slow
@needs_fork
def test_processes_outlive_a_signal_to_their_group(documents, vocabulary):
    """The training, which gets it as well, still makes its step and saves."""
    stream = WindowStream(documents, vocabulary, Recipe(0, 64, 200, Mixture()), processes=2)
    with stopped_by_signals(), contextlib.closing(stream.windows()) as windows:
        next(windows)
        for worker in multiprocessing.active_children():
            worker.terminate()
        assert len(list(itertools.islice(windows, 2_500))) == 2_500


def unpacked(windows):
    """The examples as (input, target) rows."""
    found = []
    for window in windows:
        start = 0
        for length in window.lengths:
            part = slice(start, start + length)
            found.append((window.inputs[part].tolist(), window.targets[part].tolist()))
            start += length
    return found


def expected(example):
    targets = [
        token if on else IGNORED
        for token, on in zip(example.ids[1:], example.weights[1:], strict=True)
    ]
    return example.ids[:-1], targets


@given(examples)
def test_every_example_comes_once_and_predicts_only_itself(examples):
    found = unpacked(pack(examples, SIZE, PAD))
    padding = [row for row in found if set(row[0]) == {PAD}]
    assert all(set(targets) == {IGNORED} for _, targets in padding)
    rest = [row for row in found if row not in padding]
    assert sorted(rest) == sorted(expected(one) for one in examples if len(one) > 1)


@given(examples)
def test_windows_are_full_size_and_their_parts_add_up(examples):
    for window in pack(examples, SIZE, PAD):
        assert len(window.inputs) == len(window.targets) == sum(window.lengths) == SIZE
        assert all(window.lengths)


@given(examples)
def test_no_two_windows_would_fit_into_one(examples):
    used = [int((window.inputs != PAD).sum()) for window in pack(examples, SIZE, PAD)]
    assert len(used) < 2 or sum(sorted(used)[:2]) > SIZE


def test_an_example_that_cannot_fit_is_an_error_of_the_caller():
    with pytest.raises(ValueError, match="does not fit"):
        pack([Rendered([1] * 18, [True] * 18)], SIZE, PAD)
