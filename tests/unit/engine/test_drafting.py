from hypothesis import given
from hypothesis import strategies as st

from assist_server.engine.drafting import NgramDrafter


def test_what_followed_the_last_time_is_proposed():
    assert NgramDrafter([5, 6, 7, 8, 9, 5, 6]).propose() == [7, 8, 9]


def test_the_newest_place_counts():
    assert NgramDrafter([5, 6, 1, 2, 3, 5, 6, 7, 8, 9, 5, 6]).propose()[0] == 7


def test_a_longer_match_goes_before_a_newer_one():
    assert NgramDrafter([1, 5, 6, 7, 2, 5, 6, 8, 1, 5, 6]).propose()[0] == 7


def test_nothing_is_proposed_where_nothing_repeats():
    assert NgramDrafter(list(range(50))).propose() == []
    assert NgramDrafter([]).propose() == []


def test_matches_lie_on_tokens_not_between_them():
    # 0x00010000 twice holds the bytes of 0x00000001 between its halves.
    assert NgramDrafter([0x10000, 0x10000, 0x10000, 7, 1, 1]).propose() == []


def test_generated_text_is_looked_up_too():
    drafter = NgramDrafter([1, 2])
    drafter.tell([3, 4, 1, 2], accepted=0, proposed=0)
    assert drafter.propose() == [3, 4, 1]


def test_drafts_grow_while_they_are_right_and_shrink_after_a_wrong_one():
    drafter = NgramDrafter([*range(100), 0, 1])
    assert drafter.propose() == [2, 3, 4]
    drafter.tell([2, 3, 4, 5], accepted=3, proposed=3)
    assert drafter.propose() == [6, 7, 8, 9, 10, 11]
    drafter.tell([50], accepted=0, proposed=6)
    drafter.tell([51], accepted=0, proposed=0)
    assert drafter.propose() == [52]


@given(st.lists(st.integers(0, 3), max_size=60))
def test_a_draft_is_a_piece_of_the_text_behind_its_own_end(ids):
    draft = NgramDrafter(ids).propose()
    if not draft:
        return
    places = range(2, len(ids))
    assert any(ids[p - 2 : p] == ids[-2:] and ids[p : p + len(draft)] == draft for p in places)
