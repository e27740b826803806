import pytest
from hypothesis import given
from hypothesis import strategies as st

from assist_server.training.examples.packing import IGNORED, pack
from assist_server.training.examples.rendering import Rendered

SIZE, PAD = 16, 0
examples = st.lists(
    st.lists(st.tuples(st.integers(1, 50), st.booleans()), min_size=1, max_size=SIZE + 1),
    max_size=40,
).map(lambda rows: [Rendered([i for i, _ in row], [3.0 * on for _, on in row]) for row in rows])


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
