import pytest
from hypothesis import given
from hypothesis import strategies as st

from assist_server.engine.request import (
    FinishReason,
    Generation,
    kept_length,
    stop_after_words,
    stop_at_dedent,
    stop_at_line_end,
)


def test_line_end():
    assert stop_at_line_end("abc") is None
    assert stop_at_line_end("abc\ndef") == 3
    assert stop_at_line_end("abc\r\n") == 3


def test_words_may_begin_on_a_later_line():
    assert stop_after_words("\n   \n") is None
    assert stop_after_words("\n  Return it.\n  More.") == len("\n  Return it.")


def test_dedent_lets_the_first_line_and_deeper_ones_pass():
    rule = stop_at_dedent(4)
    assert rule("x = 1\n    y = 2\n        z\n\n    w") is None
    assert rule("x = 1\n    y\ndef f") == len("x = 1\n    y")


def test_dedent_counts_a_tab_as_eight_columns():
    assert stop_at_dedent(8)("a\n\tb") is None


def test_the_shortest_wins():
    assert kept_length("ab\ncd", [stop_at_line_end, lambda text: text.find("b")]) == 1
    assert kept_length("ab", [stop_at_line_end]) is None


@given(st.text(alphabet="ab \t\n", max_size=40), st.integers(0, 8))
def test_dedent_keeps_exactly_the_lines_before_the_first_one_further_left(text, columns):
    kept = stop_at_dedent(columns)(text)
    first, *others = text.split("\n")
    expected = [first]
    for line in others:
        stripped = line.strip()
        if stripped and len(line[: len(line) - len(line.lstrip(" \t"))].expandtabs(8)) < columns:
            break
        expected.append(line)
    assert (text if kept is None else text[:kept]) == "\n".join(expected)


def test_dedent_may_keep_the_line_that_closes_the_block():
    rule = stop_at_dedent(4, keeps_closer=True)
    assert rule("a;\n    b;\n}\nc;") == len("a;\n    b;\n}")
    assert rule("a\n    b\nend") == len("a\n    b\nend")
    assert rule("a;\n    b;\nc;") == len("a;\n    b;")
    assert rule("a;\n    });\n}") == len("a;\n    });\n}")


@pytest.mark.parametrize(
    ("log_probs", "is_likely"), [((-0.5, -0.7), True), ((-2.0,), False), ((), True)]
)
def test_a_text_whose_probability_nobody_tells_may_be_likely(log_probs, is_likely):
    generation = Generation("ab", (1, 2), log_probs, FinishReason.END_OF_TEXT)
    assert generation.is_likely(-0.8) is is_likely
    assert not Generation("", (), (), FinishReason.END_OF_TEXT).is_likely(-0.8)
