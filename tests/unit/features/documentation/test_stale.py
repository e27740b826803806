# ruff: noqa: E501 - a source is read best on one line
"""Documentation that no longer fits: what is found, where, and how the update mends it."""

import pytest

from assist_server.context.snapshot import Snapshot
from assist_server.errors import AssistError
from assist_server.features.documentation.document import document
from assist_server.features.documentation.stale import Problem, find_incomplete, find_stale
from assist_server.settings import DocumentationSettings
from assist_server.text.edits import apply_edits

GOOGLE = '''\
class ConfigurationError(Exception):
    """Wrong."""


def scale(size, nrows, extra):
    """Scale it.

    Args:
        size: The size.
        n_rows: The rows.
        other: Gone.

    Returns:
        The scaled size.

    Raises:
        ConfigError: If it is wrong.
    """
    if extra.size:
        raise ConfigurationError("x")
    print(size)
'''
NUMPY = '''\
def scale(size, nrows):
    """Scale it.

    Parameters
    ----------
    size : int
        The size.
    n_rows : int
        The rows.

    Returns
    -------
    int
        The size.
    """
    print(size)
'''
SPHINX = '''\
def scale(size, nrows):
    """Scale it.

    :param size: The size.
    :param n_rows: The rows.
    :returns: The size.
    :rtype: int
    """
    print(size)
'''
JAVA = """\
class A {
    /**
     * Scales it.
     *
     * @param size the size
     * @param nRows the rows
     * @return the size
     * @throws ConfigError if it is wrong
     */
    void scale(int size, int numRows) {
        if (size > 2) { throw new ConfigurationError(); }
        print(size);
    }
}
"""
DOXYGEN = """\
/**
 * Scales it.
 * \\\\param size the size
 * \\\\param n_rows the rows
 * \\\\return the size
 */
void scale(int size, int nrows) { print(size); }
""".replace("\\\\", "\\")


def tree_of(text, language_id="python"):
    return Snapshot("file:///a", "", text, language_id).syntax


def problems(text, language_id="python"):
    return [
        (one.problem.value, text[one.place.start : one.place.end])
        for one in find_stale(tree_of(text, language_id))
    ]


def test_each_problem_is_found_at_its_place():
    assert problems(GOOGLE) == [
        ("missing-parameter", "extra"),
        ("renamed-parameter", "n_rows"),
        ("unknown-parameter", "other"),
        ("nothing-returned", "Returns:"),
        ("renamed-exception", "ConfigError"),
    ]


@pytest.mark.parametrize(
    ("text", "language_id", "result"),
    [
        (NUMPY, "python", "Returns"),
        (SPHINX, "python", ":returns: The size."),
        (JAVA, "java", "@return the size"),
        (DOXYGEN, "c", "\\return the size"),
    ],
)
def test_conventions(text, language_id, result):
    found = problems(text, language_id)
    assert ("nothing-returned", result) in found
    assert {"renamed-parameter"} <= {problem for problem, _ in found}


@pytest.mark.parametrize(
    ("text", "language_id"),
    [(GOOGLE, "python"), (NUMPY, "python"), (SPHINX, "python"), (JAVA, "java"), (DOXYGEN, "c")],
)
def test_the_update_mends_what_was_found_and_loses_no_other_word(text, language_id):
    snapshot = Snapshot("file:///a", "", text, language_id)
    found = find_stale(snapshot.syntax)
    names = [name for one in found for name in one.prune]
    keyword = next(one.keyword for one in found)
    settings = DocumentationSettings()
    updated = document(snapshot, keyword, lambda *_: None, settings, names)
    after = apply_edits(text, updated.edits)
    assert problems(after, language_id) == []
    for words in ("cale", "size", "rows"):
        assert words in after
    assert "scaled size" not in after.lower()
    assert "return" not in after.lower().split("scale", 2)[1]


def test_a_result_in_several_blocks_is_left_to_the_person():
    text = SPHINX.replace(":rtype: int", "\n    More words.\n    :rtype: int")
    numpy = NUMPY.replace(
        '        The size.\n    """', '        The size.\n\n    My words.\n    """'
    )
    for written in (text, numpy):
        snapshot = Snapshot("file:///a", "", written, "python")
        try:
            found = document(snapshot, 0, lambda *_: None, DocumentationSettings(), ["Returns"])
        except AssistError:
            continue
        assert "words." in apply_edits(written, found.edits)


@pytest.mark.parametrize(
    ("language_id", "text"),
    [
        ("python", 'def f(a, b):\n    """Do.\n\n    Args:\n        a: See `b`.\n    """\n'),
        ("python", 'def f(a, **rest):\n    """Do.\n\n    Args:\n        a: A.\n        b: In rest.\n    """\n'),
        ("python", '@patched\ndef f(a):\n    """Do.\n\n    Args:\n        a: A.\n        b: B.\n    """\n'),
        ("python", '@docs.filled\ndef f(a, b):\n    """Do.\n\n    Args:\n        a: A.\n    """\n'),
        ("python", 'def f(a, b):\n    """Do it with a and c."""\n'),
        ("python", 'def f(a):\n    """Do.\n\n    Returns:\n        Nothing.\n    """\n    g(a)\n'),
        ("python", 'def f(a):\n    """Do.\n\n    Returns:\n        The a.\n    """\n    raise NotImplementedError(a)\n'),
        ("python", 'def f(a):\n    """Do.\n\n    Returns:\n        The a.\n    """\n'),
        ("python", 'def f(a):\n    """Do.\n\n    Returns:\n        The a.\n    """\n    g(a)\n    return None\n'),
        ("python", 'def f(a):\n    """Do.\n\n    Raises:\n        OSError: If it fails.\n    """\n    g(a)\n'),
        ("python", 'def f(a):\n    """Do.\n\n    Raises:\n        ConfigError: If it fails.\n    """\n    try:\n        g(a)\n    except ConfigError:\n        raise ConfigsError(a)\n'),
        ("python", 'def f(k_val, v_val):\n    """Do.\n\n    Args:\n        k_val: K.\n        v_val: V.\n    """\n'),
        ("javascript", "/**\n * Do.\n * `x` is nice: see above.\n * @param {number} a - A.\n */\nfunction f(a) { g(a); }\n"),
        ("javascript", "/**\n * Do.\n * @param a A.\n * @param b B.\n */\nconst f = debounce(function (a) { g(a); });\n"),
        ("javascript", "/**\n * Do.\n * @param a A.\n * @param b B.\n */\nfunction f(a) { g(a, arguments[1]); }\n"),
        ("javascript", "/**\n * Do.\n * @returns {Promise<void>} When done.\n */\nasync function f(a) { g(a); }\n"),
        ("typescript", "/**\n * Do.\n * @param a A.\n * @param b B.\n */\nfunction f(a: A): void;\nfunction f(a: A, b: B): void { g(a); }\n"),
        ("typescript", "/**\n * Do.\n * @param store A.\n * @param next B.\n * @param action C.\n */\nexport const mw = (store) => (next) => action => { g(store, next, action); };\n"),
        ("lua", "--- Do.\n-- @param a A.\n-- @param b B.\nfunction f(a)\n  return function(b) g(a, b) end\nend\n"),
        ("typescript", "/**\n * Do.\n * @param this The window.\n * @param x X.\n */\nfunction h(this: Window, x) { g(x); }\n"),
        ("c", "/**\n * Do.\n * @param ctx A.\n * @param event B.\n */\nvoid on_event(ctx_t *ctx, UNUSED(int event)) { g(ctx); }\n"),
        ("python", 'def f(k, x1, x2, x3):\n    """Do.\n\n    Args:\n        k: K.\n        x1..x3: The values.\n    """\n'),
        ("python", 'def f(k, x1, x2, x3):\n    """Do.\n\n    Args:\n        k: K.\n        x1-x3: The values.\n    """\n'),
        ("javascript", "/**\n * Do.\n * @param k K.\n * @param {number} a...d The values.\n */\nfunction f(k, a, b, c, d) { g(k); }\n"),
    ],
)  # fmt: skip
def test_what_may_be_right_is_not_found(language_id, text):
    assert problems(text, language_id) == []


def test_definitions_without_documentation_and_placeholders_are_incomplete():
    text = 'def f(a):\n    """TODO: describe."""\n\n\ndef g():\n    pass\n\n\ndef _h():\n    pass\n'
    found = find_incomplete(tree_of(text))
    assert [(one.problem, one.name) for one in found] == [
        (Problem.PLACEHOLDER, "f"),
        (Problem.UNDOCUMENTED, "g"),
    ]
    assert len(find_incomplete(tree_of(text), include_private=True)) == 3
