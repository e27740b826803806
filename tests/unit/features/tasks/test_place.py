import pytest

from assist_server.context.selection import Selection
from assist_server.context.snapshot import Snapshot
from assist_server.errors import InputError
from assist_server.features.tasks.place import find_place
from assist_server.prompts.tasks import load_tasks

PYTHON = '''\
# About the module.
# Two lines.

x = 1
y = 2


@cached
def one(a):
    """Return one."""
    # Count.
    # And more.
    return 1

'''
C = "int a;\n\n/* Returns\n   two. */\n\nint two(void)\n{\n}\n"
PROSE = "One\ntwo.\n\n\nThree.\n"


def at(name, text, part, path, tmp_path):
    """The place of a task with the cursor at a part of a text."""
    snapshot = Snapshot(f"file:///{path}", path, text)
    offset = text.index(part)
    return find_place(load_tasks(tmp_path).find(name), Selection(snapshot, offset, offset))


@pytest.mark.parametrize(
    ("name", "source", "part", "about", "replaced"),
    [
        ("explain", (PYTHON, "a.py"), "x =", "x = 1\ny = 2", ""),
        ("explain", (PYTHON, "a.py"), "Count", PYTHON[PYTHON.index("@") :].rstrip(), ""),
        ("fix", (PYTHON, "a.py"), "y =", "x = 1\ny = 2", "x = 1\ny = 2"),
        ("implement", (PYTHON, "a.py"), "About", "# About the module.\n# Two lines.", ""),
        ("implement", (PYTHON, "a.py"), "And", "    # Count.\n    # And more.", ""),
        ("implement", (PYTHON, "a.py"), "Return one", PYTHON[PYTHON.index("@") :].rstrip(), None),
        ("implement", (C, "a.c"), "two.", "/* Returns\n   two. */", ""),
        ("implement", (C, "a.c"), "(void", "int two(void)\n{\n}", None),
        ("continue-text", (PROSE, "a.md"), "two", "One\ntwo.", ""),
        ("shorten", (PROSE, "a.md"), "Three", "Three.", "Three."),
    ],
)
def test_what_the_cursor_means(name, source, part, about, replaced, tmp_path):  # noqa: PLR0917
    text, path = source
    place = at(name, text, part, path, tmp_path)
    assert place.text == about
    expected = about if replaced is None else replaced
    assert text[place.replaced.start : place.replaced.end] == expected
    if not expected:
        assert place.replaced.start == place.about.end


@pytest.mark.parametrize(("text", "path"), [(PYTHON, "a.py"), (PROSE, "a.md")])
def test_a_blank_line_is_no_text(text, path, tmp_path):
    with pytest.raises(InputError, match="there is no text"):
        at("explain", f"\n{text}", "\n", path, tmp_path)
