"""Properties of the whole pipeline, over text that is nothing like code and text that nearly is."""

from hypothesis import given, settings
from hypothesis import strategies as st

from assist_server.context.cursor import CursorContext
from assist_server.context.snapshot import Snapshot
from assist_server.postprocess.candidate import Candidate
from assist_server.postprocess.pipeline import FILTERS, Cleaned, clean
from assist_server.syntax.languages import LANGUAGES

FRAGMENTS = [
    *"()[]{}<>\"'`\\:;,.#=*/-| \t\n\r",
    *("    ", "\n    ", "\r\n", "\n\t", "\n}", "\n        ", "\nend", "\n} else {", "\n  "),
    *("x", "foo", "return x", "if x:", "else:", "then", "fn f(", "case 1:", "default:", "a" * 50),
    *(
        "é",
        "漢",
        "😋",
        "0, 0, 0, ",
        '"""',
        "'''",
        "//",
        "/*",
        "*/",
        "--",
        "--[[",
        "]]",
        "'a",
        "x = 1",
    ),
]
BREAKS = ["\n", "\r\n", "\r", "\n    ", "\n\t", "\n  "]
OPENERS = ["if x:", "def f():", "if (x) {", "func f() {", "\tswitch x {", "    for {", "if x then"]
code = st.lists(st.sampled_from(FRAGMENTS), min_size=1, max_size=25).map("".join)
lines = st.lists(st.tuples(st.sampled_from(BREAKS), code).map("".join), max_size=6).map("".join)
text = code | lines | st.text(max_size=40)
languages = st.sampled_from([language.id for language in LANGUAGES] + [""])


@st.composite
def contexts(draw):
    """Any place in any text, and places where several lines fit."""
    before, behind = draw(text), draw(text)
    if draw(st.booleans()):
        before = (
            f"{draw(lines)}\n{draw(st.sampled_from(OPENERS))}{draw(st.sampled_from(['', *BREAKS]))}"
        )
        behind = draw(st.sampled_from(["", "\n", "\n}", "\r\nend", "\nreturn x"])) + draw(lines)
    snapshot = Snapshot("file:///any", "any", before + behind, draw(languages))
    return CursorContext(snapshot, min(len(before), len(snapshot.text)))


@st.composite
def candidates(draw, context):
    """Any text, and text that repeats parts of the document and of itself, as models write it."""
    source = context.snapshot.text
    start = draw(st.integers(0, len(source)))
    end = draw(st.integers(start, len(source)))
    new = st.sampled_from([draw(text), draw(code), draw(lines)])
    old = st.sampled_from([source[start:end], context.line_suffix, context.line_prefix])
    repeating = st.lists(new | old, min_size=1, max_size=6).map("".join)
    return draw(repeating if draw(st.integers(0, 3)) else text)


@settings(max_examples=200)
@given(st.data(), contexts(), st.integers(-3, 50))
def test_clean_keeps_its_promises(data, context, replaced_chars):
    written = data.draw(candidates(context))

    cleaned = clean(Candidate(written, replaced_chars), context)

    if cleaned.candidate is None:
        assert cleaned.why_dropped
        return
    shown = cleaned.candidate
    assert 0 <= shown.replaced_chars <= len(context.line_suffix)
    assert context.is_multi_line or not set(shown.text) & {"\n", "\r"}
    assert len("".join(shown.text.split())) >= 2
    assert clean(shown, context) == Cleaned(shown, ())


@given(st.data(), contexts())
def test_each_filter_works_alone_and_writes_nothing_new(data, context):
    candidate = Candidate(data.draw(candidates(context)))

    for one in FILTERS:
        kept = one(candidate, context)
        if kept is not None:
            assert len("".join(kept.text.split())) <= len("".join(candidate.text.split()))
            assert kept.replaced_chars <= len(context.line_suffix)


def test_changed_by_names_the_filters_in_the_order_in_which_they_fired():
    context = CursorContext(Snapshot("file:///a.py", "a.py", "total = "), 8)

    cleaned = clean(Candidate("sum(prices)) \nprint(total)"), context)

    assert cleaned == Cleaned(
        Candidate("sum(prices)"), ("keep_first_line", "stop_at_unopened_closer")
    )


def test_what_a_cut_uncovers_is_cleaned_too():
    context = CursorContext(Snapshot("file:///a.py", "a.py", "total = prices"), 8)

    cleaned = clean(Candidate("discount + prices)"), context)

    assert cleaned.changed_by == ("stop_at_unopened_closer", "join_line_suffix")
    assert cleaned.candidate == Candidate("discount + prices", len("prices"))


def test_a_range_that_leaves_the_line_is_clamped():
    context = CursorContext(Snapshot("file:///a.py", "a.py", "f()\ng()"), 2)

    assert clean(Candidate("x)", replaced_chars=99), context).candidate == Candidate("x)", 1)
