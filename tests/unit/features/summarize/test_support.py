"""What an answer says without support in its text."""

import pytest

from assist_server.features.summarize.support import unsupported


def test_words_that_begin_a_sentence_or_a_line_need_no_support():
    assert unsupported("a b", "Reads a. Writes b.\nThen\n- Ends") == []
    assert unsupported("a b", "Reads a with Numpy and 3 toFloat") == ["3", "Numpy", "toFloat"]


@pytest.mark.parametrize(
    ("text", "answer", "found"),
    [
        ("It takes forty minutes.", "It takes about four minutes.", ["four"]),
        ("It takes 40 minutes.", "It takes about four minutes.", ["four"]),
        ("Each has its own 20.", "It has 2, Two of them.", ["2", "Two"]),
        ("one = 1", "Return one of them.", []),
    ],
)
def test_numbers_in_words_need_support_too(text, answer, found):
    assert sorted(set(unsupported(text, answer))) == found
