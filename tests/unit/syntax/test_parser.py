import pytest
from hypothesis import given
from hypothesis import strategies as st

from assist_server.syntax.languages import PLAIN_TEXT, language_for
from assist_server.syntax.parser import SyntaxTree

PYTHON = language_for("python")
pieces = st.sampled_from(["é", "漢", "😋", "a", " ", "\n", "\r\n", "\ud83d", "'", "(", "1", "#"])


def leaves(node):
    return [leaf for child in node.children for leaf in leaves(child)] if node.children else [node]


def test_offsets_count_characters():
    tree = SyntaxTree("s = 'é漢😋'; name = 1", PYTHON)

    found = tree.node_at(12)

    assert tree.node_text(found) == "name"
    assert (tree.start(found), tree.end(found)) == (11, 15)


def test_a_lone_surrogate_is_one_character():
    tree = SyntaxTree("s = '\ud83d'; name", PYTHON)

    assert tree.node_text(tree.node_at(10)) == "name"


def test_a_range_gives_the_node_around_it():
    tree = SyntaxTree("x = f(a, b)", PYTHON)

    assert tree.node_text(tree.node_at(6, 10)) == "(a, b)"


def test_there_is_no_tree_without_a_grammar():
    with pytest.raises(ValueError, match="no grammar for plaintext"):
        SyntaxTree("x", PLAIN_TEXT)


@given(st.lists(pieces, max_size=20).map("".join))
def test_leaves_lie_in_order_and_offsets_stay_in_the_text(text):
    tree = SyntaxTree(text, PYTHON)

    places = [place for leaf in leaves(tree.root) for place in (tree.start(leaf), tree.end(leaf))]

    assert places == sorted(places)
    assert all(0 <= place <= len(text) for place in places)


@given(st.lists(pieces, max_size=20).map("".join), st.data())
def test_any_range_has_a_node(text, data):
    tree = SyntaxTree(text, PYTHON)
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))

    found = tree.node_at(start, end)

    # A root begins behind leading blanks, so only inner nodes surely cover the range.
    assert found == tree.root or tree.start(found) <= start <= end <= tree.end(found)


@given(st.lists(pieces, max_size=20).map("".join), st.data())
def test_the_tree_of_a_part_counts_from_the_beginning_of_the_text(text, data):
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))

    part = SyntaxTree(text, PYTHON, start, end)
    alone = SyntaxTree(text[start:end], PYTHON)

    places = [(part.start(leaf), part.end(leaf)) for leaf in leaves(part.root)]
    assert places == [
        (start + alone.start(leaf), start + alone.end(leaf)) for leaf in leaves(alone.root)
    ]
    assert [part.node_text(leaf) for leaf in leaves(part.root)] == [
        alone.node_text(leaf) for leaf in leaves(alone.root)
    ]
    place = data.draw(st.integers(start, end))
    assert part.start(part.node_at(place)) == start + alone.start(alone.node_at(place - start))
