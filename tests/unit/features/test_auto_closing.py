import pytest

from assist_server.context.cursor import CursorContext
from assist_server.context.snapshot import Snapshot
from assist_server.features.infilling import auto_closed_chars


def closed_in(marked, language="python"):
    """What counts as inserted behind the cursor, which a bar marks."""
    before, _, behind = marked.partition("|")
    context = CursorContext(Snapshot("file:///a", "a", before + behind, language), len(before))
    return behind[: auto_closed_chars(context)]


@pytest.mark.parametrize(
    ("document", "closed"),
    [
        ("print(|)", ")"),
        ("x = [|]\n", "]"),
        ('d["|"]\n', '"]'),
        ("f(g(|))", "))"),
        ("x = { | }  \ny", " }"),
        ("s = f'{|}'", "}'"),
        ('s = """|"""', '"""'),
        ('s = """|"', '"'),
        ('print("a (%s|)")', ')")'),
        ("# see f(|)", ")"),
        ("don't (|)", ")"),
    ],
)
def test_closers_of_what_the_line_opens(document, closed):
    assert closed_in(document) == closed


@pytest.mark.parametrize(
    ("document", "closed"),
    [
        ("f(\n    foo(|))", ")"),
        ("f(\n    x|)", ""),
        ("x|)", ""),
        ("f(|]", ""),
        ("f([|)", ""),
        ("'a|\"", ""),
        ("# it's|'", ""),
    ],
)
def test_closers_of_what_began_above_stay(document, closed):
    assert closed_in(document) == closed


@pytest.mark.parametrize("document", ["f(|", "f(|\n)", "f(|) + 1", "f(|, b)", "f(|):", "|", "f()|"])
def test_nothing_where_no_closer_follows_or_more_than_closers(document):
    assert closed_in(document) == ""


@pytest.mark.parametrize(
    ("language", "document", "closed"),
    [
        ("javascript", "f(`a ${|}`)", "}`)"),
        ("javascript", "f(/* | */)", ""),
        ("lua", "f([[|]])", ""),
        ("rust", "f('|')", ""),  # a lifetime may begin there
        ("plaintext", "it's (|)", ")"),
    ],
)
def test_in_other_languages(language, document, closed):
    assert closed_in(document, language) == closed


def test_a_very_long_line_is_not_read():
    assert closed_in("x" * 5000 + "f(|)") == ""
