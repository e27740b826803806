from hypothesis import given
from hypothesis import strategies as st

from assist_server.engine.decoding.token_text import TokenText


def test_matches_lie_on_tokens_not_between_them():
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
