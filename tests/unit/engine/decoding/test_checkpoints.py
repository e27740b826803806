from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from assist_server.engine.decoding.checkpoints import Checkpoints, LineStarts, least_useful
from assist_server.engine.models.protocol import Checkpoint

END, CONTROL = 10, 99
LINE_STARTS = LineStarts(frozenset([END]), frozenset([CONTROL]))
NO_LIMIT = 1 << 40


def lengths(ids, start=0, max_gap=256):
    return list(LINE_STARTS.checkpoint_lengths(ids, start, max_gap))


def test_the_tokens_with_a_line_end_are_found_in_a_vocabulary():
    found = LineStarts.of([b"a", b"\n", b";\n", b"\n\t", b""], [7])
    assert found == LineStarts(frozenset([1, 2, 3]), frozenset([7]))


def test_the_last_two_lines_begin_with_checkpoints():
    assert lengths([1, END, 2, END, 3, END, 4, 5]) == [4, 6]


def test_the_last_token_is_left():
    assert lengths([1, END, 2, END]) == [2]


def test_the_last_line_before_a_control_token_begins_with_a_checkpoint():
    prompt = [CONTROL, 1, END, 2, END, CONTROL, 3, END, 4, END, 4, CONTROL, 5, 6]
    assert lengths(prompt) == [5, 10, 12]
    assert lengths(prompt, start=6) == [10, 12]


def test_a_long_text_has_checkpoints_on_the_way():
    prompt = [1, 1, 1, END] * 10
    assert lengths(prompt, max_gap=10) == [8, 16, 24, 32, 36]
    assert lengths([1] * 25, max_gap=10) == [10, 20]


@given(
    st.lists(st.sampled_from([1, 2, END, CONTROL]), min_size=1), st.integers(0, 50),
    st.integers(1, 20),
)  # fmt: skip
def test_lengths_ascend_without_large_gaps(ids, start, max_gap):
    start = min(start, len(ids) - 1)
    found = lengths(ids, start, max_gap)
    ends = [start, *found, len(ids) - 1]
    gaps = [after - before for before, after in pairwise(ends)]
    assert all(gap > 0 for gap in gaps[:-1])
    assert all(0 <= gap <= max_gap for gap in gaps)


def test_a_checkpoint_in_dense_company_far_from_the_end_is_missed_least():
    assert least_useful([10, 20, 21, 30, 99, 100]) == 20


@given(st.sets(st.integers(1, 5000), min_size=1, max_size=300))
def test_many_lengths_are_thinned_out_towards_the_start(wanted):
    checkpoints = Checkpoints(NO_LIMIT)
    for length in sorted(wanted):
        checkpoints.add(length, Checkpoint(None, 1))
        assert checkpoints.at(length) is not None
        assert checkpoints.nbytes <= 32
    last = max(wanted)
    for length in sorted(wanted):
        lost = length - checkpoints.last_length(length)
        assert lost <= 1 + (last - length)  # never more than the way to the end


def test_the_limit_of_bytes_holds_and_the_newest_stays():
    checkpoints = Checkpoints(25)
    for length in range(1, 9):
        checkpoints.add(length, Checkpoint(None, 10))
        assert checkpoints.nbytes <= 25
    assert checkpoints.at(8) is not None
    checkpoints.add(9, Checkpoint(None, 1000))
    assert checkpoints.last_length(9) == 9
    assert checkpoints.last_length(8) == 0


def test_a_checkpoint_before_a_draft_stays_until_the_next_draft():
    checkpoints = Checkpoints(NO_LIMIT)
    checkpoints.add(3, Checkpoint(None, 1))
    checkpoints.add(5, Checkpoint(None, 1), before_draft=True)
    assert checkpoints.last_length(7) == 5
    checkpoints.add(8, Checkpoint(None, 1), before_draft=True)
    assert checkpoints.last_length(7) == 3
    checkpoints.truncate(4)
    assert checkpoints.last_length(9) == 3
