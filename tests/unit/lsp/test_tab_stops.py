import pytest

from assist_server.lsp.tab_stops import snippet_edit
from assist_server.text.edits import TextEdit

TEXT = "def f(a):\n    return a\n"
DOCSTRING = (
    '\n    """TODO: describe.\n\n    Args:\n        a: Costs ${a} \\ TODO: describe.\n    """'
)


def test_whole_lines_are_inserted_with_a_tab_stop_for_each_placeholder():
    found = snippet_edit(TEXT, [TextEdit(9, 9, DOCSTRING)])
    assert found == TextEdit(
        10,
        10,
        '    """${1:TODO: describe}.\n\n    Args:\n'
        '        a: Costs \\${a\\} \\\\ ${2:TODO: describe}.\n    """\n',
    )


def test_lines_above_are_inserted_as_they_are():
    assert snippet_edit(TEXT, [TextEdit(0, 0, "# TODO: describe.\n")]) == TextEdit(
        0, 0, "# ${1:TODO: describe}.\n"
    )


@pytest.mark.parametrize(
    ("text", "edits"),
    [
        (TEXT, [TextEdit(9, 9, '\n    """Done."""')]),
        ("def f(a): pass\n", [TextEdit(9, 10, '\n    """TODO: describe."""\n    ')]),
        ("def f(a):", [TextEdit(9, 9, '\n    """TODO: describe."""')]),
        (TEXT, [TextEdit(9, 9, "\n    # TODO: describe."), TextEdit(22, 22, "\n    # more")]),
    ],
)
def test_code_is_never_part_of_a_snippet(text, edits):
    assert snippet_edit(text, edits) is None
