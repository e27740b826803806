import pytest
from hypothesis import given
from hypothesis import strategies as st

from assist_server.text.identifiers import healing_start, text_to_heal


@pytest.mark.parametrize(
    ("line_prefix", "chars"),
    [
        ("", 0),
        ("    return fo", 2),
        ("self.config", 6),
        ("x", 1),
        ("_", 1),
        ("a = __na", 4),
        ("vec3", 4),
        ("call(", 0),
        ("name ", 0),
        ("x = !", 0),
        ("x = 12", 0),  # a number
        ("0x1f", 0),
        ("größ", 4),
        ("变量", 2),
        ("e\u0301", 2),  # an accent of its own
        ("x\u00b2", 0),  # no identifier may hold it
        ("$name", 4),
    ],
)
def test_the_identifier_before_the_cursor(line_prefix, chars):
    assert healing_start(line_prefix) == chars


@pytest.mark.parametrize(("length", "chars"), [(64, 64), (65, 0), (100_000, 0)])
def test_a_very_long_run_is_no_name(length, chars):
    assert healing_start("x = " + "a" * length) == chars


@given(before=st.text(), word=st.from_regex(r"[^\W\d]\w{0,20}", fullmatch=True))
def test_any_identifier_is_found_behind_what_is_none(before, word):
    if word.isidentifier():
        assert healing_start(before + "." + word) == len(word)


@pytest.mark.parametrize(
    ("line_prefix", "text"),
    [
        ("", ""),
        ("    ", ""),
        ("    return fo", "fo"),
        ("x = ", " "),
        ("call(", "("),
        ("x = 12", "2"),
    ],
)
def test_text_to_heal(line_prefix, text):
    assert text_to_heal(line_prefix) == text


@given(st.text())
def test_what_is_healed_stands_at_the_end(line_prefix):
    assert line_prefix.endswith(text_to_heal(line_prefix))
