import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assist_server.features.documentation.layout import Slot, wrap
from assist_server.features.documentation.phrases import (
    PhraseForm,
    PhraseKind,
    PhraseRequest,
    clean,
)
from assist_server.syntax.definition import Definition, Kind, Span

NOWHERE = Span(0, 0)
FRAGMENT = PhraseForm(is_capitalised=False, has_full_stop=False)
DESCRIPTIVE = PhraseForm(is_imperative=False)
AFTER_NAME = PhraseForm(is_capitalised=False, is_imperative=False)


def defined(name="load_header", kind=Kind.FUNCTION, **more) -> Definition:
    return Definition(kind, name, NOWHERE, NOWHERE, 0, **more)


def asked(kind=PhraseKind.PARAMETER, subject="path", form=None, definition=None) -> PhraseRequest:
    return PhraseRequest(kind, subject, definition or defined(), form or PhraseForm())


@pytest.mark.parametrize(
    ("raw", "form", "expected"),
    [
        (" the file to read", PhraseForm(), "The file to read."),
        ("The file to read.", FRAGMENT, "the file to read"),
        ("URL of the file", FRAGMENT, "URL of the file"),
        ('The file to read."""', PhraseForm(), "The file to read."),
        ("The file to read.\nfrom x import y", PhraseForm(), "The file to read."),
        ("The file. Then more of it.", PhraseForm(), "The file."),
        ("Some item(s), e.g. 50% of them", PhraseForm(), "Some item(s), e.g. 50% of them."),
        ('Say "yes" or "no"', PhraseForm(), 'Say "yes" or "no".'),
        ("Die Größe der Datei", PhraseForm(), "Die Größe der Datei."),
        ("What is read?", PhraseForm(), "What is read?"),
    ],
)  # fmt: skip
def test_usable_phrases(raw, form, expected):
    assert clean(raw, asked(form=form)) == expected


@pytest.mark.parametrize(
    "raw",
    [
        None, "", "  \n", "path", "The path.", "x: foo", "Args:", "a = b", "foo(bar)", "self.x",
        'end """ of it', "end */ of it", "back\\slash in it", "the the file", "TODO", "...",
        "go and go and go and go and go", "_description_", "12 34 56", "word " * 40, 'say "it',
        "zero\u200bwidth space", "\ud800 surrogate here", "`code` in it", "import this now",
        "see http://x.y", "a -- b and c", "open (bracket", ":param x", "@param x the file",
    ],
)  # fmt: skip
def test_unusable_phrases(raw):
    assert clean(raw, asked()) is None


def test_a_phrase_is_used_once():
    assert clean("the file", asked(), {"The file."}) is None


def test_a_sentence_after_the_name_does_not_repeat_it():
    request = asked(PhraseKind.SUMMARY, "Open", AFTER_NAME)
    assert clean("Open opens the file", request) == "opens the file."


@given(st.text(max_size=60) | st.text(alphabet="ab \"'\\*/:@.\n\r-`(){}\u202e", max_size=40))
def test_no_phrase_can_break_out(raw):
    phrase = clean(raw, asked())
    if phrase is not None:
        assert phrase.isprintable()
        assert not re.search(r'"""|\'\'\'|\*/|\\|[{}@`]|: |:$', phrase)
        assert phrase.endswith((".", "!", "?"))
        assert len(phrase) <= 121


@given(st.lists(st.text("abc", min_size=1, max_size=8), min_size=1), st.integers(20, 60))
def test_wrapping_loses_nothing_and_keeps_the_width(words, width):
    lines = wrap(Slot(asked(), "  x: ", "    ", '"""'), " ".join(words), width)
    joined = " ".join(line.strip() for line in lines).removeprefix("x: ")
    assert joined.removesuffix('"""').split() == words
    assert all(len(line) <= width for line in lines)
    assert all(line.startswith("    ") for line in lines[1:])


def test_code_is_neither_divided_nor_at_the_start_of_a_line():
    lines = wrap(Slot(asked(), "x: ", "  "), "if `a b` is c or `d e` is f", 12)
    assert lines == ["x: if `a b`", "  is c", "  or `d e`", "  is f"]
