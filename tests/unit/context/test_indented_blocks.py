"""The part around a line begins and ends where statements do, so that a parser reads it."""

import pytest
import tree_sitter

from assist_server.context.indented_blocks import whole_statements
from assist_server.syntax.languages import language_for, load_grammar

METHODS = (
    "  @Test\n  void f(int a,\n      int b) {\n"
    "    if (a) {\n      g();\n    } else {\n      h();\n    }\n  }\n\n"
)
JAVA = "class A {\n" + METHODS * 12 + "}\n"
PYTHON = (
    "def f(a,\n      b):\n"
    '    """Say it.\n\n    More words (and others\n    of it.\n    """\n'
    "    if a:\n        return [\n            b,\n        ]\n"
    "    else:\n        b = 1\n    return b\n\n\n"
) * 8


def part_at(text: str, offset: int, *, by_definitions: bool = False) -> str:
    start = text.rfind("\n", 0, offset) + 1
    part = whole_statements(text, start, text.index("\n", offset), by_definitions=by_definitions)
    assert part is not None
    assert part[0] <= start < part[1]
    return text[part[0] : part[1]]


def reads(text: str, path: str) -> bool:
    grammar = language_for("", path).grammar
    return not tree_sitter.Parser(load_grammar(grammar)).parse(text.encode()).root_node.has_error


def test_a_part_of_a_class_holds_whole_members():
    part = part_at(JAVA, JAVA.index("int b", len(JAVA) // 2))
    assert part.count("\n") < 40
    assert reads(f"class A {{\n{part}}}\n", "A.java")


@pytest.mark.parametrize("at", ["return [", "More words", "return b", "b = 1"])
def test_a_part_of_python_begins_at_a_definition(at):
    part = part_at(PYTHON, PYTHON.index(at, len(PYTHON) // 2), by_definitions=True)
    assert part.startswith("def f(a,\n")
    assert part.count("\n") < 45


def test_a_short_text_is_taken_whole():
    text = "a = 1\nb = 2\n"
    assert part_at(text, 7) == text


def test_there_is_none_where_all_around_is_further_right():
    more = "  a +\n" * 100
    assert whole_statements(f"{more}b +\n{more}", len(more), len(more) + 3) is None
