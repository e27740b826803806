import ast
import itertools

import pytest
from distributions import library_code
from hypothesis import given
from hypothesis import strategies as st

from assist_server.training.data.documents import document_of, pair_of
from assist_server.training.examples.cutting import Hole, Layout, Mixture, cut

SHLEX = library_code("shlex")["shlex.py"]
TEXTS = st.one_of(
    st.text(min_size=1),
    st.text("ab_1 (\n\té🚀", min_size=1, max_size=300),
    st.integers(0, len(SHLEX) - 10).map(lambda start: SHLEX[start:]),
)


def document(text, path="a.py"):
    return document_of("d", "1", "MIT", path, text.encode("utf-8", "replace"), "code")


def only(hole, **others):
    return Mixture(infilling=1.0, without_suffix=0.0, holes={hole: 1.0}, **others)


def cuts(text, mixture, *, seed=0, epochs=20, chars=2_000):
    doc = document(text)
    return [example for epoch in range(epochs) for example in cut(doc, seed, epoch, chars, mixture)]


@given(TEXTS, st.integers(), st.integers(0, 50), st.integers(8, 900), st.floats(0, 1))
def test_the_pieces_together_are_the_document(text, seed, epoch, chars, infilling):
    doc = document(text)
    mixture = Mixture(infilling=infilling, prefix_first=0.3)
    examples = list(cut(doc, seed, epoch, chars, mixture))
    assert "".join(example.text for example in examples) == doc.text
    assert all(example.text for example in examples)
    assert all(len(example.text) <= chars for example in examples)
    assert all(example.middle or example.layout is Layout.LEFT_TO_RIGHT for example in examples)


@given(TEXTS, st.integers(), st.integers(0, 9))
def test_a_cut_is_a_function_of_seed_epoch_and_document(text, seed, epoch):
    first, second = (list(cut(document(text), seed, epoch, 300, Mixture())) for _ in range(2))
    assert first == second


def test_each_epoch_cuts_anew():
    epochs = [list(cut(document(SHLEX), 0, epoch, 2_000, Mixture())) for epoch in range(5)]
    assert all(one != other for one, other in itertools.pairwise(epochs))
    assert list(cut(document(SHLEX), 1, 0, 2_000, Mixture())) != epochs[0]


@pytest.mark.parametrize("hole", [Hole.REST_OF_LINE, Hole.IDENTIFIER])
def test_the_rest_of_a_line_ends_with_the_line(hole):
    for example in cuts(SHLEX, only(hole)):
        assert "\n" not in example.middle
        assert example.suffix[:1] in {"", "\n"}
        if hole is Hole.IDENTIFIER and example.middle:
            assert example.prefix[-1].isidentifier() or example.prefix[-1].isdigit()


def test_lines_are_whole_lines():
    for example in cuts(SHLEX, only(Hole.LINES)):
        assert not example.prefix.rpartition("\n")[2].strip()
        assert example.suffix[:1] in {"", "\n"}


def test_new_lines_are_asked_for_at_column_0_and_bring_their_indentation():
    found = [one for one in cuts(SHLEX, only(Hole.NEW_LINE)) if one.middle]
    assert all(one.prefix.endswith("\n") for one in found)
    assert all(one.suffix[:1] in {"", "\n"} and one.middle.strip() for one in found)
    indented = [one for one in found if one.middle.startswith("    ")]
    assert len(found) > len(indented) > 0.8 * len(found)
    assert any("\n" in one.middle for one in found)


def test_comments_that_document_are_cut_from_after_their_mark():
    text = "/**\n * Return the sum.\n * @param a one\n */\nfunction add(a) { return a; }\n"
    code = document(text * 3, "a.js")
    holes = [one for n in range(30) for one in cut(code, 0, n, 2_000, only(Hole.DOCSTRING))]
    middles = {one.middle for one in holes if one.middle}
    assert middles == {"Return the sum.", "Return the sum.\n * @param a one"}
    assert all(one.prefix.endswith("/**\n * ") for one in holes if one.middle)


def test_a_file_is_documented_more_often_than_each_of_its_functions():
    functions = "".join(f'def f{n}():\n    """Do it {n} times."""\n\n\n' for n in range(20))
    text = f'"""Things that are done often."""\n\n\n{functions}'
    examples = cuts(text, only(Hole.DOCSTRING, whole_pieces=1.0), epochs=200, chars=9_000)
    middles = [one.middle for one in examples if one.middle]
    assert 0.2 < middles.count("Things that are done often.") / len(middles) < 0.5


def test_nodes_are_pieces_of_code_with_a_meaning():
    text = "value = compute(first, [second, third])\n"
    middles = {example.middle for example in cuts(text, only(Hole.NODE), epochs=200)}
    for expected in ("first", "[second, third]", "(first, [second, third])", "value"):
        assert expected in middles
    assert "first, [" not in middles


def test_docstrings_are_cut_from_between_their_quotes():
    docstrings = {
        ast.get_docstring(node, clean=False)
        for node in ast.walk(ast.parse(SHLEX))
        if isinstance(node, ast.Module | ast.FunctionDef | ast.ClassDef)
    }
    found = [one for one in cuts(SHLEX, only(Hole.DOCSTRING), chars=100_000) if one.middle]
    assert found
    assert all(any(str(text).startswith(one.middle) for text in docstrings) for one in found)
    assert all(one.prefix.endswith('"""') for one in found)


def test_a_suffix_may_be_missing_and_comes_next_then():
    mixture = Mixture(infilling=1.0, without_suffix=1.0)
    first, second, *_ = cut(document(SHLEX), 3, 0, 2_000, mixture)
    assert first.suffix == ""
    assert SHLEX.startswith(first.text + second.text)


def test_both_orders_come_in_their_shares():
    layouts = [example.layout for example in cuts(SHLEX, Mixture(infilling=0.5, prefix_first=0.5))]
    shares = [
        layouts.count(layout) / len(layouts) for layout in Layout if layout is not Layout.CHAT
    ]
    assert all(0.15 < share < 0.6 for share in shares), shares


def test_of_a_pair_the_short_text_is_to_be_written_behind_the_long_one():
    pair = pair_of("d", "1", "MIT", "summaries/d.md", "Do it.", "It is a longer text. " * 9)
    (example,) = cut(pair, 0, 0, 500, Mixture())
    assert (example.prefix, example.middle) == ("", "Do it")
    assert example.suffix.startswith("\n\nIt is a longer")
    assert not example.learns_all


def test_other_languages_have_nodes_too_and_plain_text_has_none():
    code = document("function f(a) { return g(a, 1); }\n" * 5, "a.js")
    examples = [one for epoch in range(20) for one in cut(code, 0, epoch, 200, only(Hole.NODE))]
    assert any(one.middle == "g(a, 1)" for one in examples)
    plain = document("just some words\n" * 5, "a.txt")
    assert all(one.layout is Layout.LEFT_TO_RIGHT for one in cut(plain, 0, 0, 99, only(Hole.NODE)))
