import pytest
from hypothesis import given
from hypothesis import strategies as st

from assist_server.context.cursor import CursorContext
from assist_server.context.snapshot import Snapshot
from assist_server.postprocess.brackets import Closer, open_before, scan
from assist_server.syntax.languages import LANGUAGES, PLAIN_TEXT, language_for

ALL_LANGUAGES = [*LANGUAGES, PLAIN_TEXT]


@pytest.mark.parametrize(
    ("language", "text", "still_open"),
    [
        ("python", "f(a[", ("(", "[")),
        ("python", "f('a(', \"[\"", ("(",)),
        ("python", "f('it\\'s (', [", ("(", "[")),
        ("python", '"""a "quoted" (', ('"""',)),
        ("python", "x = 1  # (", ("#",)),
        ("python", "x = 1  # (\n[", ("[",)),
        ("python", "x = 'unfinished (\n[", ("[",)),
        ("javascript", "f(`a\n(`, {", ("(", "{")),
        ("javascript", "/* ( */ {", ("{",)),
        ("go", "f('(', `\\`, [", ("(", "[")),
        ("rust", "fn f<'a>(x: &'a str, y: '(' {", ("(", "{")),
        ("rust", '"two\nlines (', ('"',)),
        ("c", "x = 1'000'000 + (", ("(",)),
        ("c", "if (c == '\\'' || c == '(') {", ("{",)),
        ("java", 'x = """\n  " ( """ + (', ("(",)),
        ("lua", "x = [[ ( ]] .. (", ("(",)),
        ("lua", "--[[ (\n ]] {", ("{",)),
        ("lua", "-- (\n{", ("{",)),
        ("plaintext", "it's (", ("(",)),
    ],
)
def test_what_is_open_at_the_end(language, text, still_open):
    assert scan(text, language_for(language)).still_open == still_open


def test_closers_know_where_their_openers_are():
    found = scan('a")(b))', language_for("python"), ("{", "(", '"'))

    assert found.closers == (Closer(1, '"', None), Closer(2, ")", None), Closer(5, ")", 3))
    assert [closer.start for closer in found.outer_closers] == [1, 2]
    assert found.unopened == 6


def test_a_closer_ends_what_was_left_open_inside_its_pair():
    found = scan("f(a[b) + c", language_for("go"))

    assert found.still_open == ()
    assert found.unopened is None


@given(
    st.text(alphabet="()[]{}\"'`\\#/-*\n ax", max_size=30),
    st.text(alphabet="()[]{}\"'`\\#/-*\n ax", max_size=30),
    st.sampled_from(ALL_LANGUAGES),
)
def test_scanning_on_a_new_line_is_scanning_on(first, second, language):
    """A line break ends all tokens, so a text may be scanned in two parts."""
    first = first.replace("\\", "") + "\n"
    opened = scan(first, language).still_open

    assert scan(second, language, opened).still_open == scan(first + second, language).still_open


def test_the_statement_is_scanned_from_its_first_line():
    text = "(\nx = 1\ny = f(\n    [1,\n    2, "
    context = CursorContext(Snapshot("file:///a.py", "a.py", text), len(text))

    assert open_before(context) == ("(", "[")


def test_a_line_at_the_margin_that_goes_on_with_a_call_begins_no_statement():
    text = "f(\na,\nb"
    context = CursorContext(Snapshot("file:///a.py", "a.py", text), len(text))

    assert open_before(context) == ("(",)


def test_nothing_is_known_far_below_the_first_line():
    text = "class A {\n" + "    int x;\n" * 600
    context = CursorContext(Snapshot("file:///A.java", "A.java", text), len(text) - 1)

    assert open_before(context) is None
