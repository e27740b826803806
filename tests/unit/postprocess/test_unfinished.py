import pytest
from hypothesis import given
from hypothesis import strategies as st

from assist_server.context.cursor import CursorContext
from assist_server.context.snapshot import Snapshot
from assist_server.postprocess.candidate import Candidate
from assist_server.postprocess.unfinished import cut_unfinished
from assist_server.syntax.languages import LANGUAGES, PLAIN_TEXT


def cut(text, document="", language="python"):
    """What is left of a text at the end of a document."""
    context = CursorContext(Snapshot("file:///any", "any", document, language), len(document))
    kept = cut_unfinished(Candidate(text), context)
    return kept and kept.text


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        # names
        ("total", None),
        ("\n    retur", None),
        ("total ", "total "),
        ("f(a, b", "f(a,"),
        ("f(a, b)", "f(a, b)"),
        ("self.items.app", "self.items."),
        ("a + größ", "a +"),
        ("a + cafe\N{COMBINING ACUTE ACCENT}", "a +"),
        ("(x) @prop", "(x)"),
        # numbers
        ("x, 3.1", "x,"),
        ("x, .5", "x,"),
        ("x, 1.5e-", "x,"),
        ("x, 0xe-5", "x,"),
        ("x, 1_000", "x,"),
        ("a1.b2", "a1."),
        # strings
        ("f('text", "f("),
        ("f('text'", "f('text'"),
        ("f(rb'text", "f("),
        ('f(""', "f("),
        ('f(b""', "f("),
        ('"""A docstr', None),
        ("'it\\'s (', na", "'it\\'s (',"),
        # operators
        ("a <", "a"),
        ("a < ", "a < "),
        ("a <b", "a <"),
        ("f(a)[", "f(a)["),
        ("f(a).", "f(a)"),
        # comments
        ("f()  # of the", "f()  # of"),
        ("f()  # of", "f()"),
        ("f()  #of", "f()"),
        # lines
        ("a = 1\nb = 2", "a = 1\n"),
        ("a = 1\r\nb = 2", "a = 1\r\n"),
        ("a = 1\n", "a = 1\n"),
        ("\n\na = 1", "\n\na ="),
        ("", ""),
        (" ", " "),
    ],
)
def test_what_cannot_go_on_is_kept(text, kept):
    assert cut(text) == kept


@pytest.mark.parametrize(
    ("language", "document", "text", "kept"),
    [
        ("python", "f('the first ", "and the sec", "and the"),
        ("python", "f('the first ", "and the second', na", "and the second',"),
        ("python", "# it is ", "what it doesn't", "what it"),
        ("plaintext", "It is ", "what it doesn't", "what it"),
        ("plaintext", "It is ", 'what "one', "what"),
        ("rust", "", "fn f(x: &'stat", "fn f(x: &"),
        ("rust", "", "x: &'static str, c == '('", "x: &'static str, c == '('"),
        ("cpp", "", "f(x, 1'000'0", "f(x,"),
        ("cpp", "", "std::vec", "std::"),
        ("cpp", "", "std:", "std"),
        ("cpp", "", "f(); /* of the", "f(); /* of"),
        ("javascript", "", "$cou", None),
        ("javascript", "", "f(`a ${b} ", "f("),
        ("lua", "", "x = [[of the", "x ="),
        ("lua", "", "f() -- of the", "f() -- of"),
    ],
)
def test_languages_have_their_own_strings_and_comments(language, document, text, kept):
    assert cut(text, document, language) == kept


WORDS = st.sampled_from(["total", "x1", "é", "3.14", "0x1F", "1e-5", "return", "f"])
SIGNS = st.sampled_from([*"()[]{}.,;:+-<>='\"# ", "\n", "  ", "->", "==", "# of ", '"""', "''"])


@given(
    st.lists(WORDS | SIGNS, max_size=12).map("".join),
    st.data(),
    st.sampled_from([*LANGUAGES, PLAIN_TEXT]),
)
def test_a_text_that_goes_on_is_never_cut_inside_a_word(whole, data, language):
    ready = whole[: data.draw(st.integers(0, len(whole)))]
    kept = cut(ready, language=language.id) or ""
    assert ready.startswith(kept)
    around = whole[len(kept) - 1 : len(kept) + 1] if kept else ""
    assert len(around) < 2 or not all(letter.isalnum() for letter in around)
