import pytest
from hypothesis import given
from hypothesis import strategies as st

from assist_server.text.edits import TextEdit, apply_edits


@st.composite
def texts_with_edits(draw):
    """A text cut into pieces, with another text for some of them."""
    pieces = draw(st.lists(st.text("ab\n😋", max_size=4), max_size=8))
    replacements = [draw(st.none() | st.text("xy\r\n", max_size=3)) for _ in pieces]
    edits, start = [], 0
    for piece, new in zip(pieces, replacements, strict=True):
        if new is not None and piece:
            edits.append(TextEdit(start, start + len(piece), new))
        start += len(piece)
    expected = "".join(
        piece if new is None or not piece else new
        for piece, new in zip(pieces, replacements, strict=True)
    )
    return "".join(pieces), draw(st.permutations(edits)), expected


@given(texts_with_edits())
def test_edits_mean_the_text_before_any_of_them_in_any_order(case):
    text, edits, expected = case

    assert apply_edits(text, edits) == expected


def test_an_insertion_goes_before_the_replacement_that_begins_there():
    edits = [TextEdit(1, 2, "X"), TextEdit(1, 1, "+")]

    assert apply_edits("abc", edits) == "a+Xc"


@pytest.mark.parametrize(
    "edits",
    [
        [TextEdit(0, 2, ""), TextEdit(1, 3, "")],
        [TextEdit(2, 1, "")],
        [TextEdit(-1, 0, "")],
        [TextEdit(3, 4, "")],
    ],
    ids=["overlapping", "backwards", "before the text", "behind the text"],
)
def test_edits_that_cannot_be_applied_are_refused(edits):
    with pytest.raises(ValueError, match="overlaps another or leaves the text"):
        apply_edits("abc", edits)
