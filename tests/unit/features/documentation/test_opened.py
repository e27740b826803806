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
        """Load the path.

        Args:
            path: The path.

        Returns:
            The result.
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
        ('def f(): """█"""\n', 'def f():\n    """Handle the f."""\n'),
        ('def f():\n    """█"""\n', 'def f():\n    """Handle the f."""\n'),
        ('def f():\n    """█', 'def f():\n    """Handle the f."""'),
        ('def f():█\n    """\n    return\n', 'def f():\n    """Handle the f."""\n    return\n'),
        ('def f():\n    r"""█"""\n', 'def f():\n    r"""Handle the f."""\n'),
        ('class Ab:\n    """█"""\n    x = 1\n', 'class Ab:\n    """An ab class."""\n    x = 1\n'),
        (
            'def f():\n    """█\n\n\nx = """a"""\n',
            'def f():\n    """Handle the f."""\n\n\nx = """a"""\n',
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
    "javascript": ("function load(path) {\n  return path;\n}\n", "Loads the path.", " - The path.", "@returns The result."),
    "typescript": ("export const load = (path: X) => path;\n", "Loads the path.", " - The path.", "@returns The result."),
    "java": ("int load(int path) { return path; }\n", "Loads the path.", " the path", "@return the result"),
    "c": ("int load(int path) { return path; }\n", "Load the path.", " The path.", "@return The result."),
    "cpp": ("int load(int path) { return path; }\n", "Load the path.", " The path.", "@return The result."),
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
        "class A {\n\t/**\n\t * Loads the path.\n\t *\n\t * @param path - The path.\n\t */\n"
        "\tload(path) {}\n}\n"
    )
    assert fill(marked, "javascript") == expected.replace("\n", newline)


OTHERS = [
    ("rust", "///█\nfn load() {}\n", "/// Loads.\nfn load() {}\n"),
    ("rust", "/// █\n///\nfn load() {}\n", "/// Loads.\nfn load() {}\n"),
    (
        "lua",
        "---█\nfunction load(a) end\n",
        "--- Load the result.\n---@param a any The value of a.\nfunction load(a) end\n",
    ),
    (
        "lua",
        "--- █\n---\nfunction load(a) end\n",
        "--- Load the result.\n---@param a any The value of a.\nfunction load(a) end\n",
    ),
    (
        "c",
        "///█\nint load(int a);\n",
        "/// Load the result.\n///\n/// @param a The value of a.\n/// @return The result.\nint load(int a);\n",
    ),
    (
        "cpp",
        "//!█\nint load(int a);\n",
        "//! Load the result.\n//!\n//! @param a The value of a.\n//! @return The result.\nint load(int a);\n",
    ),
    (
        "cpp",
        "/*!█\n */\nint load(int a);\n",
        "/*!\n * Load the result.\n *\n * @param a The value of a.\n * @return The result.\n */\nint load(int a);\n",
    ),
    (
        "go",
        "package p\n\n//█\nfunc load(a int) {}\n",
        "package p\n\n// load loads the result.\nfunc load(a int) {}\n",
    ),
    (
        "go",
        "package p\n\n// █\n//\n//go:noinline\nfunc load(a int) {}\n",
        "package p\n\n// load loads the result.\n//\n//go:noinline\nfunc load(a int) {}\n",
    ),
    (
        "rust",
        "/** █ */\n#[inline]\nfn load(a: u8) {}\n",
        "/**\n * Loads the result.\n *\n * # Arguments\n *\n * * `a` - The value of a.\n */\n#[inline]\nfn load(a: u8) {}\n",
    ),
]


@pytest.mark.parametrize(("language_id", "marked", "expected"), OTHERS)
def test_typed_marks_of_other_languages(language_id, marked, expected):
    assert fill(marked, language_id) == expected


LAID_OUT = [
    (
        "javascript",
        "/**\n * █\n * @param {*} path\n * @param {string} [mode] -\n * @returns \n */\nfunction load(path, mode) {\n  return path;\n}\n",
        "/**\n * Loads the path.\n *\n * @param {*} path - The path.\n * @param {string} [mode] - The mode.\n * @returns The result.\n */\nfunction load(path, mode) {\n  return path;\n}\n",
    ),
    (
        "java",
        "/**\n * \n * @param path\n * @return█\n */\nint load(int path) { return 1; }\n",
        "/**\n * Loads the path.\n *\n * @param path the path\n * @return the result\n */\nint load(int path) { return 1; }\n",
    ),
    (
        "c",
        "/**\n *█\n *\n * @param path\n * @param mode Mine.\n */\nvoid load(int path, int mode);\n",
        "/**\n * Load the path.\n *\n * @param path The path.\n * @param mode Mine.\n */\nvoid load(int path, int mode);\n",
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
        '"""\n    Load the path.\n\n    :param path: The path.\n    :param mode: The mode.\n    :return: The result.\n    """',
    ),
    (
        '"""█\n\n    :param path: \n    :param mode: Mine.\n    :raises KeyError:"""',
        '"""\n    Load the path.\n\n    :param path: The path.\n    :param mode: Mine.\n    :raises KeyError: If a key is missing."""',
    ),
    (
        '"""\n    █\n    @param path: \n    @param mode:\n    @return: \n    """',
        '"""\n    Load the path.\n\n    @param path: The path.\n    @param mode: The mode.\n    @return: The result.\n    """',
    ),
    (
        '"""\n    █\n    Args:\n        path: \n        mode (int): \n\n    Returns:\n\n    """',
        '"""\n    Load the path.\n\n    Args:\n        path: The path.\n        mode (int): The mode.\n\n    Returns:\n        The result.\n\n    """',
    ),
    (
        '"""\n    █\n    Parameters\n    ----------\n    path :\n    mode :\n        Mine.\n\n    Returns\n    -------\n\n    """',
        '"""\n    Load the path.\n\n    Parameters\n    ----------\n    path :\n        The path.\n    mode :\n        Mine.\n\n    Returns\n    -------\n    object\n        The result.\n\n    """',
    ),
    (
        '"""Mine.█\n\n    :param path:\n    :param mode: Mine too.\n    :rtype:\n    """',
        '"""Mine.\n\n    :param path: The path.\n    :param mode: Mine too.\n    :rtype:\n    """',
    ),
    (
        '"""\n    █\n    :param path:\n    """',
        '"""\n    Load the path.\n\n    :param path: The path.\n    :param mode: The mode.\n    """',
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
