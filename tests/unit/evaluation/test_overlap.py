"""Expected values are those of sacrebleu 2.6's CHRF() and rouge-score 0.1.2."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assist_server.evaluation.overlap import chrf, rouge_l, rouge_n


@pytest.mark.parametrize(
    ("written", "wanted", "expected"),
    [
        ("Return the size of a file.", "Get the size of the file in bytes.", 0.375),
        ("Parse the header", "Parse header lines and return them", 0.3287),
        ("Send", "Send a request.", 0.2493),
        ("a", "b", 0.0),
        ("", "b", 0.0),
    ],
)
def test_chrf(written, wanted, expected):
    assert chrf(written, wanted) == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize(
    ("written", "wanted", "expected"),
    [
        (
            "Return the size of a file.",
            "Get the size of the file in bytes.",
            (0.5714, 0.3333, 0.5714),
        ),
        ("Parse the header", "Parse header lines and return them", (0.4444, 0.0, 0.4444)),
        ("a", "b", (0.0, 0.0, 0.0)),
    ],
)
def test_rouge(written, wanted, expected):
    found = (rouge_n(written, wanted, 1), rouge_n(written, wanted, 2), rouge_l(written, wanted))
    assert found == pytest.approx(expected, abs=1e-4)


@given(st.text("ab c", max_size=12), st.text("ab c", max_size=12))
def test_they_are_shares_and_one_for_the_same_text(one, other):
    for measure in (chrf, rouge_l, lambda a, b: rouge_n(a, b, 1)):
        assert 0 <= measure(one, other) <= 1
        assert measure(one, one) == (1 if one.strip() else 0)
