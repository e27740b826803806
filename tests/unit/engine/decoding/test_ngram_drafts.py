from concurrent.futures import ThreadPoolExecutor

from hypothesis import given
from hypothesis import strategies as st

from assist_server.engine.decoding.ngram_drafts import (
    DraftPace,
    NgramDrafter,
    NgramDrafting,
    TextIndex,
    TokenText,
)

ROOM = 100


def test_what_followed_the_last_time_is_proposed():
    assert NgramDrafter([5, 6, 7, 8, 9, 5, 6]).propose(ROOM) == [7, 8, 9]


def test_the_newest_place_counts():
    assert NgramDrafter([5, 6, 1, 2, 3, 5, 6, 7, 8, 9, 5, 6]).propose(ROOM)[0] == 7


def test_a_longer_match_goes_before_a_newer_one():
    assert NgramDrafter([1, 5, 6, 7, 2, 5, 6, 8, 1, 5, 6]).propose(ROOM)[0] == 7


def test_nothing_is_proposed_where_nothing_repeats():
    assert NgramDrafter(list(range(50))).propose(ROOM) == []
    assert NgramDrafter([]).propose(ROOM) == []


def test_matches_lie_on_tokens_not_between_them():
    # 0x00010000 twice holds the bytes of 0x00000001 between its halves.
    assert NgramDrafter([0x10000, 0x10000, 0x10000, 7, 1, 1]).propose(ROOM) == []


def test_generated_text_is_looked_up_too():
    drafter = NgramDrafter([1, 2])
    drafter.update([3, 4, 1, 2], accepted=0, proposed=0)
    assert drafter.propose(ROOM) == [3, 4, 1]


def test_drafts_grow_while_they_are_right_and_shrink_after_a_wrong_one():
    drafter = NgramDrafter([*range(100), 0, 1])
    assert drafter.propose(ROOM) == [2, 3, 4]
    drafter.update([2, 3, 4, 5], accepted=3, proposed=3)
    assert drafter.propose(ROOM) == [6, 7, 8, 9, 10, 11]
    drafter.update([50], accepted=0, proposed=6)
    drafter.update([51], accepted=0, proposed=0)
    assert drafter.propose(ROOM) == []  # it rests
    drafter.update([52], accepted=0, proposed=0)
    assert drafter.propose(ROOM) == [53]


def test_wrong_drafts_are_made_ever_less_often():
    pace = DraftPace()
    tries = []
    for turn in range(60):
        if tokens := pace.next_tokens():
            tries.append(turn)
            pace.update(accepted=0, proposed=tokens)
    assert tries == [0, 2, 6, 14, 30, 47]
    pace.update(accepted=1, proposed=1)
    assert pace.next_tokens() == 2


def test_other_texts_are_looked_up_where_the_prompt_says_nothing():
    other = TextIndex([[9, 1, 2, 3, 20, 21, 22, 9, 1, 2, 3, 30, 31]])
    assert NgramDrafter([1, 2, 3], [other]).propose(ROOM) == [30, 31]
    assert NgramDrafter([1, 2, 3, 7, 2, 3], [other]).propose(ROOM)[0] == 7
    assert NgramDrafter([2, 3], [other]).propose(ROOM) == []


def test_a_text_that_is_learned_again_replaces_its_last_version():
    drafting = NgramDrafting()
    drafting.learn("a", [[1, 2, 3, 4]])
    drafting.learn("a", [[1, 2, 3, 5]])
    assert drafting((1, 2, 3)).propose(ROOM) == [5]


def test_the_texts_learned_last_are_kept():
    drafting = NgramDrafting()
    for number in range(10, 16):
        drafting.learn(str(number), [[number, 1, 2, 7]])
    known = [bool(drafting((number, 1, 2)).propose(ROOM)) for number in range(10, 16)]
    assert known == [False, False, True, True, True, True]


def test_no_more_is_proposed_than_there_is_room_for():
    assert NgramDrafter([5, 6, 7, 8, 9, 5, 6]).propose(2) == [7, 8]


def test_nothing_leads_from_one_part_of_a_text_to_the_next():
    index = TextIndex([[1, 2, 3], [4, 5, 6, 7]])
    assert index.following([1, 2, 3], 5) == []
    assert index.following([2, 3, 4], 5) == []
    assert index.following([4, 5, 6], 5) == [7]


def test_what_is_forgotten_is_looked_up_no_more():
    drafting = NgramDrafting()
    drafting.learn("a", [[1, 2, 3, 4]])
    drafting.forget("a")
    assert drafting((1, 2, 3)).propose(ROOM) == []
    drafting.forget("a")


def test_texts_learned_at_once_are_all_kept():
    drafting = NgramDrafting()
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda n: drafting.learn(str(n), [[n, 1, 2, 7] * 500]), range(4)))
    assert all(drafting((number, 1, 2)).propose(ROOM) for number in range(4))


@given(st.lists(st.integers(0, 3), max_size=60), st.integers(0, 2**21 - 2))
def test_an_index_finds_what_a_search_finds(ids, large):
    ids = [large if token_id == 3 else token_id for token_id in ids]
    ngram = ids[10:13]
    places = [p for p in range(len(ids) - 2) if len(ngram) == 3 and ids[p : p + 3] == ngram]
    expected = ids[places[-1] + 3 :][:5] if places else []
    assert TextIndex([ids]).following(ngram, 5) == expected


@given(st.lists(st.integers(0, 3), max_size=60))
def test_a_draft_is_a_piece_of_the_text_behind_its_own_end(ids):
    draft = NgramDrafter(ids).propose(ROOM)
    if not draft:
        return
    places = range(2, len(ids))
    assert any(ids[p - 2 : p] == ids[-2:] and ids[p : p + len(draft)] == draft for p in places)


def test_last_places_lie_on_tokens_not_between_them():
    # 0x00010000 twice holds the bytes of 0x00000001 between its halves.
    assert TokenText([0x10000, 0x10000, 0x10000, 7, 1]).last_place(1) is None


def test_what_is_added_follows():
    text = TokenText([1, 2])
    text.add([3, 4])
    assert (len(text), text.following(1, 9)) == (4, [2, 3, 4])


@given(st.lists(st.integers(0, 3), max_size=40), st.integers(1, 5))
def test_the_last_place_is_what_a_search_finds(ids, count):
    newest = ids[-count:]
    places = [p for p in range(len(ids) - count) if ids[p : p + count] == newest]
    assert TokenText(ids).last_place(count) == (places[-1] if places else None)
