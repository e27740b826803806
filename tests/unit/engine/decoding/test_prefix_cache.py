import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from assist_server.engine.decoding.prefix_cache import PrefixCache, TokenSequence, shared_length
from assist_server.engine.models.protocol import Checkpoint

BYTES_PER_TOKEN = 10


class RecordingCache:
    """A KV cache that knows its tokens and costs ten bytes for each."""

    def __init__(self, ids=()):
        self.ids = list(ids)

    @property
    def length(self):
        return len(self.ids)

    @property
    def nbytes(self):
        return BYTES_PER_TOKEN * len(self.ids)

    def extend(self, ids, wanted):
        self.ids.extend(ids)
        if 666 in ids:
            raise RuntimeError("out of memory")
        return torch.zeros(wanted, 4)

    def truncate(self, length):
        del self.ids[length:]

    def fork(self, length):
        return type(self)(self.ids[:length])


class RecurrentRecordingCache(RecordingCache):
    """One whose state is right only where it was restored."""

    def __init__(self, ids=()):
        super().__init__(ids)
        self.state = list(ids)

    def extend(self, ids, wanted):
        assert self.state == self.ids
        self.state = [*self.state, *ids]
        return super().extend(ids, wanted)

    def truncate(self, length):
        super().truncate(length)
        self.state = self.state if length else []

    def fork(self, length):
        other = RecurrentRecordingCache(self.ids)
        other.truncate(length)
        return other

    def checkpoint(self):
        return Checkpoint(self.state, nbytes=BYTES_PER_TOKEN)

    def restore(self, checkpoint):
        self.state = checkpoint.state


class RecordingModel:
    device = torch.device("cpu")

    def __init__(self, new_cache=RecordingCache):
        self.new_cache = new_cache


def read(prefixes: PrefixCache, ids) -> int:
    """Read a prompt; how many tokens were known."""
    sequence = prefixes.take(tuple(ids))
    known = len(sequence)
    assert sequence.ids == list(ids[:known])
    assert sequence._cache.ids == sequence.ids
    sequence.extend(ids[known:])
    prefixes.put(sequence)
    return known


def test_the_longest_shared_beginning_is_used():
    prefixes = PrefixCache(RecordingModel(), 10_000)
    read(prefixes, [1, 2, 3])
    read(prefixes, [1, 2, 9, 9, 9])
    assert read(prefixes, [1, 2, 9, 9, 4]) == 4


def test_the_last_token_is_always_read():
    prefixes = PrefixCache(RecordingModel(), 10_000)
    assert read(prefixes, [1, 2, 3]) == 0
    assert read(prefixes, [1, 2, 3]) == 2


def test_a_long_other_text_is_copied_not_cut():
    prefixes = PrefixCache(RecordingModel(), 100_000)
    first = [1, 2, *range(1000, 1600)]
    read(prefixes, first)
    assert read(prefixes, [1, 2, 3]) == 2
    assert read(prefixes, [*first, 4]) == len(first)


def test_the_oldest_makes_room():
    prefixes = PrefixCache(RecordingModel(), 8 * BYTES_PER_TOKEN)
    for start in (10, 20, 30):
        read(prefixes, [start, start + 1, start + 2])
    assert read(prefixes, [20, 21, 22, 23]) == 3
    assert read(prefixes, [10, 11, 12, 13]) == 0


def test_a_sequence_larger_than_the_limit_is_not_kept():
    prefixes = PrefixCache(RecordingModel(), 2 * BYTES_PER_TOKEN)
    read(prefixes, [1, 2, 3])
    assert prefixes.nbytes == 0


def test_a_sequence_that_broke_in_the_middle_is_not_kept():
    prefixes = PrefixCache(RecordingModel(), 10_000)
    sequence = prefixes.take([1, 2])
    sequence.extend([1, 2])
    with pytest.raises(RuntimeError):
        sequence.extend([666])
    prefixes.put(sequence)
    assert prefixes.nbytes == 0


def read_with_checkpoint(prefixes: PrefixCache, ids, length: int) -> int:
    """Read a recurrent sequence, with a checkpoint on the way; how many tokens were known."""
    sequence = prefixes.take(tuple(ids))
    known = len(sequence)
    sequence.extend(ids[known:length])
    sequence.save_checkpoint()
    sequence.extend(ids[max(known, length) :])
    prefixes.put(sequence)
    return known


def test_a_recurrent_sequence_is_used_up_to_a_checkpoint():
    prefixes = PrefixCache(RecordingModel(RecurrentRecordingCache), 10_000)
    assert read_with_checkpoint(prefixes, [1, 2, 3, 4, 5], 2) == 0
    assert read_with_checkpoint(prefixes, [1, 2, 3, 9], 3) == 2
    assert read_with_checkpoint(prefixes, [1, 2, 3, 9, 9], 3) == 4  # all of it
    assert read_with_checkpoint(prefixes, [1, 9, 9], 3) == 0


def test_a_copy_of_a_recurrent_sequence_has_its_checkpoints():
    prefixes = PrefixCache(RecordingModel(RecurrentRecordingCache), 100_000)
    first = [1, 2, *range(1000, 1600)]
    read_with_checkpoint(prefixes, first, 2)
    assert read_with_checkpoint(prefixes, [1, 2, 3], 2) == 2
    assert read_with_checkpoint(prefixes, [1, 2, 4], 2) == 2
    assert read_with_checkpoint(prefixes, [*first, 4], 2) == len(first)


def test_a_truncated_recurrent_sequence_says_what_to_append_again():
    sequence = TokenSequence(RecurrentRecordingCache(), checkpoint_bytes=1000)
    sequence.extend([1, 2])
    sequence.save_checkpoint(before_draft=True)
    sequence.extend([3, 4, 5, 6], wanted=3)
    assert sequence.truncate(5) == [3, 4, 5]
    assert sequence.ids == [1, 2]
    sequence.extend([3, 4, 5, 7])
    assert sequence.truncate(6) == []


def test_checkpoints_are_part_of_the_size():
    sequence = TokenSequence(RecurrentRecordingCache(), checkpoint_bytes=1000)
    sequence.extend([1, 2])
    sequence.save_checkpoint()
    assert sequence.nbytes == 3 * BYTES_PER_TOKEN


def test_a_sequence_in_use_is_nobody_elses():
    prefixes = PrefixCache(RecordingModel(), 10_000)
    read(prefixes, [1, 2, 3])
    held = prefixes.take([1, 2, 3, 4])
    assert len(prefixes.take([1, 2, 3, 4])) == 0
    assert len(held) == 3


def read_by(prefixes, client, ids):
    """Read a prompt for a client; how many tokens were known."""
    sequence = prefixes.take(tuple(ids), client)
    known = len(sequence)
    sequence.extend(ids[known:])
    prefixes.put(sequence)
    return known


def test_what_was_read_for_one_client_is_unknown_to_another():
    prefixes = PrefixCache(RecordingModel(), 100_000)
    prompt = [1, 2, *range(1000, 1600)]
    assert read_by(prefixes, "one", prompt) == 0
    assert read_by(prefixes, "other", prompt) == 0
    assert read_by(prefixes, "", prompt) == 0
    for client in ("one", "other", ""):
        assert read_by(prefixes, client, [*prompt, 7]) == len(prompt)
        assert read_by(prefixes, client, [1, 2, 3]) == 2  # a copy, which is the client's, too
    assert read_by(prefixes, "third", [1, 2, 3]) == 0


ids = st.lists(st.integers(1, 3), min_size=1, max_size=40)


@given(one=ids, other=ids)
def test_shared_length(one, other):
    expected = 0
    while expected < min(len(one), len(other)) and one[expected] == other[expected]:
        expected += 1
    assert shared_length(one, other) == expected


@given(prompts=st.lists(ids, max_size=12), limit=st.integers(0, 1000))
def test_the_limit_holds_and_tokens_agree_with_caches(prompts, limit):
    prefixes = PrefixCache(RecordingModel(), limit)
    for prompt in prompts:
        read(prefixes, prompt)
        assert prefixes.nbytes <= limit


def test_the_limit_holds_for_ten_thousand_prompts():
    prefixes = PrefixCache(RecordingModel(), 5000)
    generator = torch.Generator().manual_seed(1)
    for _ in range(10_000):
        length = int(torch.randint(1, 300, (), generator=generator))
        read(prefixes, torch.randint(1, 4, (length,), generator=generator).tolist())
        assert prefixes.nbytes <= 5000


def test_a_cleared_cache_holds_nothing():
    prefixes = PrefixCache(RecordingModel(), 10_000)
    read(prefixes, [1, 2, 3])
    prefixes.clear()
    assert read(prefixes, [1, 2, 3]) == 0


def test_truncating_behind_the_end_changes_nothing():
    sequence = TokenSequence(RecordingCache([1, 2]), [1, 2])
    sequence.truncate(5)
    assert sequence.ids == [1, 2]
