import pytest
from hypothesis import given
from hypothesis import strategies as st

from assist_server.context.cursor import CursorContext
from assist_server.context.snapshot import Snapshot
from assist_server.text.newlines import with_line_feeds


def cursor_in(marked, language="python"):
    before, cursor, behind = marked.partition("█")
    assert cursor
    return CursorContext(
        Snapshot("file:///a", "a", before + behind, language), len(with_line_feeds(before))
    )


def test_the_line_is_cut_at_the_cursor():
    context = cursor_in("a\r\nb😋█c\r\nd")

    assert context.line == 1
    assert (context.line_prefix, context.line_suffix) == ("b😋", "c")


@given(
    st.lists(st.sampled_from(["a", "😋", "\n", "\r\n", "\r", "\f", "  "])).map("".join), st.data()
)
def test_both_sides_of_the_line_touch_the_cursor(text, data):
    snapshot = Snapshot("file:///a", "a", text)
    text = with_line_feeds(text)
    offset = data.draw(st.integers(0, len(text)))
    context = CursorContext(snapshot, offset)

    assert text[:offset].endswith(context.line_prefix)
    assert text[offset:].startswith(context.line_suffix)
    assert not set(context.line_suffix) & {"\r", "\n"}
    assert context.surroundings == text


def test_the_surroundings_of_a_long_document_are_whole_lines_above_the_cursor():
    text = "".join(f"{number:9}\n" for number in range(10_000))
    surroundings = CursorContext(Snapshot("file:///a", "a", text), 50_005).surroundings

    assert "     5000\n" in surroundings
    assert surroundings.startswith("     4591\n")
    assert len(surroundings) < 10_000


def test_neighbouring_lines_are_the_nearest_that_are_not_blank():
    context = cursor_in("0\n1\n\n2\n \n3\n█\n\n4\n \t\n5\n6\n7")

    assert context.previous_lines == ("1", "2", "3")
    assert context.next_lines == ("4", "5", "6")


def test_far_away_lines_are_no_neighbours():
    context = cursor_in("x\n" + "\n" * 1000 + "█" + "\n" * 1000 + "y")

    assert context.previous_lines == context.next_lines == ()


def test_at_the_ends_of_a_document_there_are_no_neighbours():
    assert cursor_in("█").previous_lines == cursor_in("█").next_lines == ()


@pytest.mark.parametrize(
    ("marked", "is_inside"), [("ab█cd", True), ("ab█", False), ("█é", True), ("a█(b", False)]
)
def test_inside_a_word(marked, is_inside):
    assert cursor_in(marked).is_inside_word is is_inside


@pytest.mark.parametrize(
    ("language", "marked"),
    [
        ("python", "def f():█"),
        ("python", "def f():\n    █"),
        ("python", "def f():  # why\n\n    █\n\nx = 1"),
        ("python", "class A:\n    def f(self):\n        █\n    def g(self): ..."),
        ("python", "if x:█  \nelse:\n    y"),
        ("javascript", "function f() {█\n}"),
        ("javascript", "function f() { // why\n  █\n}"),
        ("go", "func f() {\r\n\t█\r\n}"),
        ("rust", "match x {█\n}"),
        ("lua", "function f()█\nend"),
        ("lua", "for _, x in ipairs(y) do -- why\n  █\nend"),
        ("lua", "f(function(x)█\nend)"),
        ("", "anything {█\n}"),
    ],
)
def test_several_lines_fit_where_a_block_has_just_begun(language, marked):
    assert cursor_in(marked, language).is_multi_line


@pytest.mark.parametrize(
    ("language", "marked"),
    [
        ("python", "█"),
        ("python", "x = 1█"),
        ("python", "def f():\n    x = 1\n    █"),
        ("python", "def f():█\n    return 1"),
        ("python", "def f():\n    █\n    return 1"),
        ("python", "def f():\n█"),
        ("python", "def f(█):"),
        ("python", "# note:█"),
        ("python", "x = 'a:█'"),
        ("javascript", "function f() {█}"),
        ("javascript", "f();\n█"),
        ("javascript", "// {█"),
        ("lua", "local done█"),
        ("lua", "f(x)█"),
    ],
)
def test_elsewhere_a_line_is_enough(language, marked):
    assert not cursor_in(marked, language).is_multi_line
