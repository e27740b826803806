import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from assist_server.text.inert_markdown import inert_document, inert_line

PARTS = [
    "a", " ", "\n", "\n\n", "`", "``", "```", "~~~", "![", "[", "x](http://e/p)", "](",
    "]: command:x", "<img src=e>", "<!-- ", "<a:b>",
    "\\", "- ", "1. ", "    ", "   ", "> ", ")", "]", "[a][b]",
]  # fmt: skip
ACTIVE = {"link_open", "image", "html_inline", "html_block"}


def active(markdown):
    """The types of what acts in Markdown, by another parser."""
    tokens = MarkdownIt("commonmark").parse(markdown)
    return {one.type for token in tokens for one in [token, *(token.children or ())]} & ACTIVE


@given(st.lists(st.sampled_from(PARTS)).map("".join))
def test_nothing_acts_in_a_document(markdown):
    assert active(inert_document(markdown)) == set()


@given(st.lists(st.lists(st.sampled_from(PARTS)).map("".join), max_size=3))
def test_nothing_acts_in_lines_that_are_joined(texts):
    lines = [inert_line(" ".join(text.split())) for text in texts]
    assert active(" ".join(lines)) == set()


@pytest.mark.parametrize(
    "markdown",
    [
        "a < b, x[1] and (c)",
        "`list<T>[0](x)` and ``a ` <b>``",
        "```html\n<img src=a>\n```\n\n~~~\n[a](b)\n~~~",
        "# **A**\n\n- b\n",
    ],
)
def test_what_does_not_act_stays(markdown):
    assert inert_document(markdown) == markdown


def test_what_acts_is_shown_as_it_is_written():
    text = "![x](http://e/p.png) <img src=e> [click](command:foo)"
    html = MarkdownIt("commonmark").render(inert_document(text))
    assert html == f"<p>{text.replace('<', '&lt;').replace('>', '&gt;')}</p>\n"
