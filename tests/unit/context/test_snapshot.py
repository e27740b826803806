import inspect
import textwrap

import pytest

from assist_server.context.cursor import CursorContext
from assist_server.context.snapshot import Snapshot
from assist_server.syntax.definitions import find_definition
from assist_server.syntax.scope import Region, Scope

MODULE = inspect.getsource(textwrap)
COPIES = 5
LONG = MODULE * COPIES
"""Statements at the margin, and docstrings with text at the margin among them."""


def snapshot_of(text, language="python"):
    return Snapshot("file:///a", "a", text, language)


def test_a_short_document_is_parsed_as_a_whole():
    snapshot = snapshot_of(MODULE)
    assert snapshot.syntax_near(300, 10) is snapshot.syntax


def test_without_a_grammar_there_is_no_tree():
    assert snapshot_of("x\n" * 5000, "plaintext").syntax_near(2500, 100) is None


def test_of_a_long_document_a_part_is_parsed():
    snapshot = snapshot_of(LONG)
    tree = snapshot.syntax_near(1200, 300)
    start, end = tree.start(tree.root), tree.end(tree.root)
    first, last = snapshot.lines.line_at(start), snapshot.lines.line_at(end)
    assert 900 <= first <= 1200 <= last <= 1500
    assert LONG[start - 1] == "\n"
    assert not LONG[start].isspace()


@pytest.mark.parametrize("copy", range(1, COPIES))
def test_in_a_part_places_mean_what_they_mean_in_the_whole(copy):
    long, short = snapshot_of(LONG), snapshot_of(MODULE)
    for line in range(0, short.lines.line_count - 1, 7):
        offset = short.lines.end_of(line)
        in_short = CursorContext(short, offset)
        in_long = CursorContext(long, copy * len(MODULE) + offset)
        assert in_long.scope.region is in_short.scope.region, line


@pytest.mark.parametrize("line", range(2, 300, 40))
def test_definitions_are_found_in_a_part(line):
    long, short = snapshot_of(LONG), snapshot_of(MODULE)
    offset = short.lines.end_of(line)
    whole = find_definition(short.syntax, offset)
    far = 2 * len(MODULE) + offset
    found = find_definition(long.syntax_near(long.lines.line_at(far), 1000), far)
    assert (found and found.name) == (whole and whole.name)
    if found and found.documentation and whole:
        assert found.span.start == whole.span.start + 2 * len(MODULE)


def test_without_a_line_at_the_margin_a_part_begins_at_a_definition():
    method = "    def f(self):\n        '''Text\n\n        of two lines.'''\n        return 'a'\n\n"
    snapshot = snapshot_of("class A:\n" + method * 500)
    for line in range(1003, 1009):
        context = CursorContext(snapshot, snapshot.lines.end_of(line) - 1)
        is_text = "def" not in snapshot.lines.line_text(line) and line % 6 != 0
        assert context.scope == Scope(Region.STRING if is_text else Region.CODE, "f")


def test_without_any_of_these_a_part_begins_anywhere():
    body = "".join(f"    x{number} = 'text'\n" for number in range(3000))
    snapshot = snapshot_of(f"def f():\n{body}")
    offset = snapshot.lines.end_of(2000)
    assert CursorContext(snapshot, offset - 1).scope.region is Region.STRING
    assert CursorContext(snapshot, offset).scope.region is Region.CODE
