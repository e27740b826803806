import pytest
from hypothesis import given
from hypothesis import strategies as st

from assist_server.text.indentation import (
    DEFAULT_INDENT,
    detect_indent_unit,
    indent_width,
    leading_whitespace,
)


@pytest.mark.parametrize(
    ("line", "margin", "columns"),
    [
        ("x", "", 0),
        ("    x", "    ", 4),
        ("\tx", "\t", 8),
        ("  \tx", "  \t", 8),
        ("\t  x", "\t  ", 10),
        ("   ", "   ", 3),
        ("", "", 0),
        ("\fx", "", 0),
        ("\u00a0x", "", 0),
    ],
)
def test_margin_of_a_line(line, margin, columns):
    assert leading_whitespace(line) == margin
    assert indent_width(line) == columns


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("", DEFAULT_INDENT),
        ("a\nb", DEFAULT_INDENT),
        ("a:\n  b\n", "  "),
        ("a {\n\tb {\n\t\tc\n\t}\n}\n", "\t"),
        ("a:\r\n\r\n    b:\r\n\r\n        c", "    "),
        ("\tfoo()\n\tbar()", "\t"),
        ("a(\n        b)\nc:\n  d\ne:\n  f", "  "),
        ("/**\n * a\n */\n/**\n * b\n */\nx {\n    y\n}", "    "),
        ("def f(a,\n      b):\nc", "    "),
        ("a\u2028  b\nc:\n\td", "\t"),
        ("a() {\n  b();\n}", "  "),
    ],
    ids=[
        "empty",
        "no indentation",
        "two spaces",
        "tabs",
        "crlf and blank lines",
        "only inner lines",
        "alignment is rarer",
        "block comments are no levels",
        "alignment alone",
        "a separator that ends no line",
        "a bracket that is closed",
    ],
)
def test_unit_is_the_most_frequent_step_inwards(text, unit):
    assert detect_indent_unit(text) == unit


@given(st.sampled_from(["\t", "  ", "   ", "    "]), st.lists(st.integers(0, 4), min_size=1))
def test_the_unit_of_a_regularly_indented_text_is_found(unit, deltas):
    depth, lines = 0, ["a"]
    for delta in deltas:
        depth = min(delta, depth + 1)
        lines.append(unit * depth + "a")

    found = detect_indent_unit("\n".join(lines))

    assert found == (unit if any(line != "a" for line in lines) else DEFAULT_INDENT)
