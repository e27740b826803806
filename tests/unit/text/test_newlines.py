import pytest
from hypothesis import given
from hypothesis import strategies as st

from assist_server.text.edits import TextEdit
from assist_server.text.lines import LineIndex
from assist_server.text.newlines import (
    detect_newline,
    edit_original,
    split_lines,
    with_line_feeds,
    with_newline,
)

TEXTS = st.text(st.sampled_from("ab\r\n\f\u2028\x85"), max_size=20)


@pytest.mark.parametrize(
    ("text", "newline"),
    [
        ("", "\n"),
        ("one line", "\n"),
        ("a\nb", "\n"),
        ("a\r\nb", "\r\n"),
        ("a\rb", "\r"),
        ("a\r\nb\r\nc\nd", "\r\n"),
        ("a\rb\rc\r\nd", "\r"),
        ("a\x0cb\u2028c", "\n"),
    ],
)
def test_newline_is_the_most_frequent_line_end(text, newline):
    assert detect_newline(text) == newline


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("a\r\nb", "a\nb"),
        ("a\rb", "a\nb"),
        ("a\r\r\nb", "a\n\nb"),
        ("a\n\rb", "a\n\nb"),
        ("a\x0cb\u2028c", "a\x0cb\u2028c"),
    ],
)
def test_every_line_end_becomes_a_line_feed_and_nothing_else_does(text, plain):
    assert with_line_feeds(text) == plain


def test_a_text_with_line_feeds_is_not_copied():
    text = "a\nb" * 9
    assert with_line_feeds(text) is text


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_a_text_gets_the_line_ends_of_a_document(newline):
    assert with_newline("a\nb\r\nc\rd", newline) == newline.join("abcd")


@given(TEXTS)
def test_lines_end_where_the_protocol_says(text):
    lines = split_lines(text)
    assert "".join(lines) == text
    index = LineIndex(text)
    numbers = range(len(lines))
    assert [line.rstrip("\r\n") for line in lines] == [index.line_text(n) for n in numbers]


@pytest.mark.parametrize(
    ("original", "start", "end", "inserted", "changed"),
    [
        ("a\r\nb\r\n", 2, 2, "x\ny\n", "a\r\nx\r\ny\r\nb\r\n"),
        ("a\rb\r", 2, 3, "x\n", "a\rx\r\r"),
        ("a\nb\r\nc\r\n", 4, 5, "x\n", "a\nb\r\nx\r\n\r\n"),
        ("a\r\nb", 1, 2, "", "ab"),
        ("\ufeffa\r\n", 1, 2, "b\nc", "\ufeffb\r\nc\r\n"),
        ("a\fb\r\nc", 4, 5, "d", "a\fb\r\nd"),
    ],
)
def test_an_edit_keeps_the_line_ends_that_are_there(original, start, end, inserted, changed):
    assert edit_original(original, [TextEdit(start, end, inserted)]) == changed


@given(TEXTS, st.data())
def test_an_edit_of_the_original_is_the_edit_of_the_plain_text(original, data):
    plain = with_line_feeds(original)
    start = data.draw(st.integers(0, len(plain)))
    end = data.draw(st.integers(start, len(plain)))
    edited = edit_original(original, [TextEdit(start, end, "x")])
    assert with_line_feeds(edited) == plain[:start] + "x" + plain[end:]
