# ruff: noqa: E501 - a source is read best on one line
"""The usual way: the marks are typed, then documentation is asked for."""

import ast

import pytest

from assist_server.context.snapshot import Snapshot
from assist_server.errors import InputError
from assist_server.features.documentation.document import document
from assist_server.settings import DocumentationSettings
from assist_server.text.newlines import edit_original, with_line_feeds


def silent(prefix, suffix, request):
    """A writer that leaves every phrase to the names."""


def fill(marked: str, language_id: str = "python") -> str:
    text = marked.replace("█", "", 1)
    snapshot = Snapshot("file:///a", "", text, language_id)
    offset = len(with_line_feeds(text[: marked.index("█")]))
    result = document(snapshot, offset, silent, DocumentationSettings())
    return edit_original(text, result.edits)


FILLED = '''\
class A:
    def load(self, path):
        """Return the given `path`.

        Args:
            path: TODO: describe.

        Returns:
            The given `path`.
        """
        return path

    def save(self, path):
        """Save."""
        return path
'''
BELOW = (
    '        return path\n\n    def save(self, path):\n        """Save."""\n        return path\n'
)


@pytest.mark.parametrize(
    "typed",
    [
        '        """█"""\n',
        '        """   █"""\n',
        '        """\n        █\n        """\n',
        '        """\n        """█\n',
        '        """█\n',
        '        █"""\n',
        '        """\n        █\n',
        "        ''''''█\n",
        '        ""█\n',
        "        '''█\n",
    ],
)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_typed_quotes(typed, newline):
    marked = f"class A:\n    def load(self, path):\n{typed}{BELOW}".replace("\n", newline)
    after = fill(marked).replace("\r\n", "\n")
    expected = FILLED
    if "'" in typed:
        head, _, tail = FILLED.partition("    def save")
        expected = head.replace('"""', "'''") + "    def save" + tail
    lines = [line for line in after.split("\n") if line.strip()]
    assert lines == [line for line in expected.split("\n") if line.strip()]


@pytest.mark.parametrize(
    ("marked", "expected"),
    [
        ('def f(): """█"""\n', 'def f():\n    """TODO: describe."""\n'),
        ('def f():\n    """█"""\n', 'def f():\n    """TODO: describe."""\n'),
        ('def f():\n    """█', 'def f():\n    """TODO: describe."""'),
        ('def f():█\n    """\n    return\n', 'def f():\n    """TODO: describe."""\n    return\n'),
        ('def f():\n    r"""█"""\n', 'def f():\n    r"""TODO: describe."""\n'),
        (
            'class Ab:\n    """█"""\n    x = 1\n',
            'class Ab:\n    """TODO: describe."""\n    x = 1\n',
        ),
        (
            'def f():\n    """█\n\n\nx = """a"""\n',
            'def f():\n    """TODO: describe."""\n\n\nx = """a"""\n',
        ),
    ],
)
def test_other_places_of_typed_quotes(marked, expected):
    assert fill(marked) == expected


def test_words_after_open_quotes_are_kept():
    after = fill('def f(a):\n    """Count them all.█\n    return a\n')
    assert after.startswith('def f(a):\n    """Count them all.\n\n    Args:\n        a: ')
    ast.parse(after)


@pytest.mark.parametrize(
    "marked",
    [
        'def f():\n    """█\n    Do it.\n    """\n    return 1\n',
        'def f():\n    """\n    Do it.\n    """█\n    return 1\n',
        'def f():\n    """Do it.█\n\n    More.\n    """\n    return 1\n',
        "/**\n *█\n * Does it.\n */\nfunction f() {}\n",
    ],
)
def test_documentation_that_is_closed_is_not_taken_for_open(marked):
    with pytest.raises(InputError, match="already documented"):
        fill(marked, "python" if "def" in marked else "javascript")


BLOCK = "/**\n * {}\n *\n * @param path{}\n * {}\n */\n"
BLOCKS = {
    "javascript": ("function load(path) {\n  return path;\n}\n", "Returns the given `path`.", " - TODO: describe.", "@returns The given `path`."),
    "typescript": ("export const load = (path: X) => path;\n", "Returns the given `path`.", " - TODO: describe.", "@returns The given `path`."),
    "java": ("int load(int path) { return path; }\n", "Returns the given {@code path}.", " TODO: describe", "@return the given {@code path}"),
    "c": ("int load(int path) { return path; }\n", "Return the given `path`.", " TODO: describe.", "@return The given `path`."),
    "cpp": ("int load(int path) { return path; }\n", "Return the given `path`.", " TODO: describe.", "@return The given `path`."),
}  # fmt: skip


@pytest.mark.parametrize("language_id", BLOCKS)
@pytest.mark.parametrize(
    "typed",
    [
        "/**\n * █\n */\n",
        "/** █ */\n",
        "/**█\n */\n",
        "/**\n█\n */\n",
        "/**█\n",
        "/**\n * █\n",
        "█/**\n",
        "/** █\n",
    ],
)
@pytest.mark.parametrize("rest", ["", "\n/** Saves. */\n", "\n/* a note */\nint x;\n"])
def test_typed_block_comments(language_id, typed, rest):
    source, summary, parameter, result = BLOCKS[language_id]
    after = fill(typed + source + rest, language_id)
    assert after == BLOCK.format(summary, parameter, result) + source + rest


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_a_typed_block_comment_inside_a_class(newline):
    marked = "class A {\n\t/**\n\t * █\n\t */\n\tload(path) {}\n}\n".replace("\n", newline)
    expected = (
        "class A {\n\t/**\n\t * TODO: describe.\n\t *\n\t * @param path - TODO: describe.\n\t */\n"
        "\tload(path) {}\n}\n"
    )
    assert fill(marked, "javascript") == expected.replace("\n", newline)


OTHERS = [
    ("rust", "///█\nfn load() {}\n", "/// TODO: describe.\nfn load() {}\n"),
    ("rust", "/// █\n///\nfn load() {}\n", "/// TODO: describe.\nfn load() {}\n"),
    (
        "lua",
        "---█\nfunction load(a) end\n",
        "--- TODO: describe.\n---@param a any TODO: describe.\nfunction load(a) end\n",
    ),
    (
        "lua",
        "--- █\n---\nfunction load(a) end\n",
        "--- TODO: describe.\n---@param a any TODO: describe.\nfunction load(a) end\n",
    ),
    (
        "c",
        "///█\nint load(int a);\n",
        "/// TODO: describe.\n///\n/// @param a TODO: describe.\n/// @return TODO describe.\nint load(int a);\n",
    ),
    (
        "cpp",
        "//!█\nint load(int a);\n",
        "//! TODO: describe.\n//!\n//! @param a TODO: describe.\n//! @return TODO describe.\nint load(int a);\n",
    ),
    (
        "cpp",
        "/*!█\n */\nint load(int a);\n",
        "/*!\n * TODO: describe.\n *\n * @param a TODO: describe.\n * @return TODO describe.\n */\nint load(int a);\n",
    ),
    (
        "go",
        "package p\n\n//█\nfunc load(a int) {}\n",
        "package p\n\n// load TODO: describe.\nfunc load(a int) {}\n",
    ),
    (
        "go",
        "package p\n\n// █\n//\n//go:noinline\nfunc load(a int) {}\n",
        "package p\n\n// load TODO: describe.\n//\n//go:noinline\nfunc load(a int) {}\n",
    ),
    (
        "rust",
        "/** █ */\n#[inline]\nfn load(a: u8) {}\n",
        "/**\n * TODO: describe.\n *\n * # Arguments\n *\n * * `a` - TODO: describe.\n */\n#[inline]\nfn load(a: u8) {}\n",
    ),
]


@pytest.mark.parametrize(("language_id", "marked", "expected"), OTHERS)
def test_typed_marks_of_other_languages(language_id, marked, expected):
    assert fill(marked, language_id) == expected


LAID_OUT = [
    (
        "javascript",
        "/**\n * █\n * @param {*} path\n * @param {string} [mode] -\n * @returns \n */\nfunction load(path, mode) {\n  return path;\n}\n",
        "/**\n * Returns the given `path`.\n *\n * @param {*} path - TODO: describe.\n * @param {string} [mode] - TODO: describe.\n * @returns The given `path`.\n */\nfunction load(path, mode) {\n  return path;\n}\n",
    ),
    (
        "java",
        "/**\n * \n * @param path\n * @return█\n */\nint load(int path) { return 1; }\n",
        "/**\n * Returns {@code 1}.\n *\n * @param path TODO: describe\n * @return {@code 1}\n */\nint load(int path) { return 1; }\n",
    ),
    (
        "c",
        "/**\n *█\n *\n * @param path\n * @param mode Mine.\n */\nvoid load(int path, int mode);\n",
        "/**\n * TODO: describe.\n *\n * @param path TODO: describe.\n * @param mode Mine.\n */\nvoid load(int path, int mode);\n",
    ),
]


@pytest.mark.parametrize(("language_id", "marked", "expected"), LAID_OUT)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_what_an_editor_laid_out_is_filled(language_id, marked, expected, newline):
    after = fill(marked.replace("\n", newline), language_id)
    assert after == expected.replace("\n", newline)


RESULT = (
    "def load(path, mode=1):\n    {}\n    if mode:\n        raise KeyError(mode)\n    return path\n"
)
PYTHON_LAID_OUT = [
    (
        '"""\n    █\n    :param path: \n    :param mode:\n    :return: \n    """',
        '"""\n    TODO: describe.\n\n    :param path: TODO: describe.\n    :param mode: TODO: describe.\n    :return: The given ``path``.\n    """',
    ),
    (
        '"""█\n\n    :param path: \n    :param mode: Mine.\n    :raises KeyError:"""',
        '"""\n    TODO: describe.\n\n    :param path: TODO: describe.\n    :param mode: Mine.\n    :raises KeyError: If ``mode``."""',
    ),
    (
        '"""\n    █\n    @param path: \n    @param mode:\n    @return: \n    """',
        '"""\n    TODO: describe.\n\n    @param path: TODO: describe.\n    @param mode: TODO: describe.\n    @return: The given C{path}.\n    """',
    ),
    (
        '"""\n    █\n    Args:\n        path: \n        mode (int): \n\n    Returns:\n\n    """',
        '"""\n    TODO: describe.\n\n    Args:\n        path: TODO: describe.\n        mode (int): TODO: describe.\n\n    Returns:\n        The given `path`.\n\n    """',
    ),
    (
        '"""\n    █\n    Parameters\n    ----------\n    path :\n    mode :\n        Mine.\n\n    Returns\n    -------\n\n    """',
        '"""\n    TODO: describe.\n\n    Parameters\n    ----------\n    path :\n        TODO: describe.\n    mode :\n        Mine.\n\n    Returns\n    -------\n    object\n        The given ``path``.\n\n    """',
    ),
    (
        '"""Mine.█\n\n    :param path:\n    :param mode: Mine too.\n    :rtype:\n    """',
        '"""Mine.\n\n    :param path: TODO: describe.\n    :param mode: Mine too.\n    :rtype:\n    """',
    ),
    (
        '"""\n    █\n    :param path:\n    """',
        '"""\n    TODO: describe.\n\n    :param path: TODO: describe.\n    :param mode: TODO: describe.\n    """',
    ),
]


@pytest.mark.parametrize(("laid_out", "expected"), PYTHON_LAID_OUT)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_a_docstring_that_an_editor_laid_out_is_filled(laid_out, expected, newline):
    after = fill(RESULT.format(laid_out).replace("\n", newline))
    assert after == RESULT.format(expected).replace("\n", newline)


@pytest.mark.parametrize(
    "written",
    [
        '"""Mine.█\n\n    Parameters\n    ----------\n    path : str\n    mode\n    """',
        '"""Mine.█\n\n    :param path: See:\n    :param mode: ``a:``\n    :return: It:\n    """',
        '"""Mine.█\n\n    Args:\n        path:\n            Below.\n        mode: Here.\n    """',
    ],
)
def test_a_docstring_without_gaps_is_left_alone(written):
    with pytest.raises(InputError, match="already documented"):
        fill(RESULT.format(written))
