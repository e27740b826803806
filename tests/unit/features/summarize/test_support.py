"""Numbers and names in an answer that do not occur in its text."""

import pytest

from assist_server.features.summarize.support import unsupported, unsupported_names


def test_words_that_begin_a_sentence_or_a_line_need_no_support():
    assert unsupported_names("a b", "Reads a. Writes b.\nThen\n- Ends") == []
    assert unsupported_names("a b", "Reads a with Numpy and 3 toFloat") == ["Numpy"]


@pytest.mark.parametrize(
    ("text", "answer", "found"),
    [
        ("a b", "Reads a with Numpy and 3 toFloat of a_c", ["3", "a_c", "toFloat"]),
        ("It takes forty minutes.", "It takes about four minutes.", ["four"]),
        ("It takes 40 minutes.", "It takes about four minutes.", ["four"]),
        ("Each has its own 20.", "It has 2, Four of them.", ["2", "Four"]),
        ("limit = 10_000", "At most 10,000 rows are read.", []),
        ("one = 1", "Return one of the two halves.", []),
        ("def f(): ...", "1. **Reads** in Python\n2. Der Aufruf liest die Datei.", []),
    ],
)
def test_numbers_and_identifiers_need_support(text, answer, found):
    assert sorted(set(unsupported(text, answer))) == found
