import pytest

from assist_server.features.repetition import stop_at_loop, stop_at_repetition


def kept(text, source=""):
    """What is kept of a text that arrives character by character."""
    rule = stop_at_loop(source)
    lengths = (rule(text[:end]) for end in range(1, len(text) + 1))
    length = next((length for length in lengths if length is not None), None)
    return text if length is None else text[:length]


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("It is so. " + "Yes, it is. " * 40, "It is so. Yes, it is."),
        ("def a():\n" + "    b = 1\n" * 40, "def a():\n    b = 1"),
        ("x" * 400, "x"),
        (
            "First.\n" + "- one\n- two, and a longer one\n" * 9,
            "First.\n- one\n- two, and a longer one",
        ),
    ],
)
def test_a_loop_is_kept_once(text, left):
    assert kept(text).startswith(left)
    assert len(kept(text)) < len(left) + 40


@pytest.mark.parametrize(
    "text",
    [
        "=" * 79 + "\n",
        "    }\n" * 9,
        "".join(f"{n}: 0, 0, 0, 0,\n" for n in range(99)),
        "It is so. " * 3,
    ],
)
def test_what_only_resembles_a_loop_goes_on(text):
    assert kept(text) == text


def test_what_the_source_repeats_may_be_repeated():
    table = "0, 0, 0, 0,\n" * 40
    assert kept(table) != table
    assert kept(table, source=table) == table


def test_a_huge_answer_is_cut():
    text = "".join(map(str, range(40_000)))
    assert stop_at_loop("")(text) == 65_536


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("It reads a file.\nIt reads a file.\n", "It reads a file.\n"),
        (
            "It reads the file `a.b` twice. It writes. It reads the `a.b` file. It",
            "It reads the file `a.b` twice. It writes. ",
        ),
        (
            "Here is what it does now.\n\nIt is so. What it does is here now.\n",
            "Here is what it does now.\n\nIt is so. ",
        ),
        ("It reads a.toml and then stops. It reads b.toml and then stops. ", None),
        ("It does. It does. ", None),
        ("- one of two things to do. And\n- one of the two things. And\n", None),
        ("- reads files\n- writes files\n- reads files\n- wri", "- reads files\n- writes files\n"),
        (
            "The code is " + "used to read the file and " * 3,
            "The code is used to read the file and ",
        ),
        ("It reads a file.\nIt writes a file.\n", None),
        ("very very very good", None),
    ],
)
def test_a_summary_is_cut_where_it_repeats_itself(text, kept):
    length = stop_at_repetition(text)
    assert (None if length is None else text[:length]) == kept
