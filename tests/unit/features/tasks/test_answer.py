import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from assist_server.features.tasks.answer import cleaned, extract_code, fenced_blocks, indented
from assist_server.features.tasks.prompt import fenced

LINES = st.lists(
    st.sampled_from(["```", "````", "~~~", "~~~~", "```py", "``` a`b", "``", "x", "", "y ```"]),
    max_size=12,
)


def as_commonmark(text):
    """The contents of fenced blocks, by another parser."""
    tokens = MarkdownIt("commonmark").parse(text)
    return [token.content.removesuffix("\n") for token in tokens if token.type == "fence"]


@given(LINES)
def test_blocks_are_those_of_commonmark(lines):
    blocks = [block.removesuffix("\n") for block in fenced_blocks("\n".join(lines))]
    assert [block.rstrip("\n") for block in blocks] == [
        block.rstrip("\n") for block in as_commonmark("\n".join(lines))
    ]


@given(LINES.map("\n".join))
def test_a_text_in_a_prompt_is_one_block(text):
    assert [block.rstrip("\n") for block in as_commonmark(fenced(text))] == [text.rstrip("\n")]


@given(st.text())
def test_what_is_cleaned_holds_nothing_that_acts(text):
    left = cleaned(text)
    assert all(character in "\n\t" or ord(character) >= 32 for character in left)
    assert not set(left) & set("\x7f\x9b\u2028\u202e\u2066\ufeff\r")
    left.encode("utf-8")


@given(st.lists(st.sampled_from(["a", "b(", "    c", "\td", "", "  "])).map("\n".join))
def test_words_are_never_lost_by_extraction_or_indentation(code):
    code = f"first\n{code}"
    assert indented(extract_code(code, ""), "    ", "x\n  y\n").split() == code.split()


@pytest.mark.parametrize(
    ("code", "margin", "document", "expected"),
    [
        ("a\n  b", "", "x\n    y\n", "a\n    b"),
        ("a\n    b\n        c", "\t", "x\n\ty\n", "\ta\n\t\tb\n\t\t\tc"),
        ("    a\n\n    b", "  ", "x\n  y\n", "  a\n\n  b"),
        ("    a\nb", "    ", "x\n", "    a\nb"),
        ("a\n  b", "", "x\ny\n", "a\n  b"),
    ],
)
def test_indentation_is_that_of_the_place(code, margin, document, expected):
    assert indented(code, margin, document) == expected


CODE_WITH_FENCE = '''def one():
    """Return one.

    ```
    one()
    ```
    """
    return 1'''


def test_a_fence_within_the_code_does_not_end_it():
    assert extract_code(f"```python\n{CODE_WITH_FENCE}\n```\nDone.", "") == CODE_WITH_FENCE
    assert fenced_blocks("1. a\n   ```\n   b\n   ```\n2. c\n") == ["   b"]
    assert fenced_blocks("  ```\n  a\n```\nb") == ["  a"]


CODE = """\
def a():
  return '''
one
  two
'''"""


def test_lines_within_strings_stay():
    within = frozenset({2, 3, 4})
    moved = indented(CODE, "    ", "x\n    y\n", within)
    assert moved == "    def a():\n        return '''\none\n  two\n'''"
    assert indented("  a\n\n  b", "    ", "x\n", frozenset({1})) == "    a\n\n    b"


def test_lines_within_strings_that_were_moved_move_back():
    document = "    def a():\n        return '''\n    one\n      two\n    '''"
    assert indented(CODE, "    ", document, frozenset({2, 3, 4})) == document
