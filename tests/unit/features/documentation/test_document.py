import ast

import pytest

from assist_server.context.snapshot import Snapshot
from assist_server.errors import AssistError, InputError
from assist_server.features.documentation.document import Documentation, document
from assist_server.features.documentation.phrases import PhraseKind
from assist_server.features.documentation.verification import verify
from assist_server.settings import DocumentationSettings
from assist_server.syntax.definitions import find_definition
from assist_server.text.edits import TextEdit
from assist_server.text.newlines import edit_original, with_line_feeds

GOOGLE = '\n    """Do.\n\n    Args:\n        a: A.\n    """'
SETTINGS = DocumentationSettings()


def silent(prefix, suffix, request):
    """A writer that knows nothing."""


def run(
    marked: str, language_id: str = "python", writer=silent, settings=SETTINGS
) -> tuple[str, Documentation]:
    """The text after documentation at the cursor, and the result."""
    text = marked.replace("█", "", 1)
    snapshot = Snapshot("file:///a", "", text, language_id)
    offset = len(with_line_feeds(marked[: marked.index("█")]))
    result = document(snapshot, offset, writer, settings)
    return edit_original(text, result.edits), result


@pytest.mark.parametrize(
    ("marked", "language_id", "message"),
    [
        ("x = 1█\n", "python", "put the cursor on a function"),
        ("█hello", "plaintext", "plaintext cannot be documented; these can: python, javascript"),
        ('def f():█\n    """Do it."""\n', "python", "`f` is already documented"),
        (
            'def f(a):█\n    """Do it.\n\n    Args:\n        a: Done.\n    """\n',
            "python",
            "already",
        ),
        ('class A:█\n    "Thing."\n    x: int\n', "python", "already"),
        ('def f(a):█\n    ("Do it.")\n', "python", "already"),
        ('def f(a):█\n    "Do" "it."\n', "python", "already"),
        ("package p\n\n// F it.\nfunc F(a int) {█}\n", "go", "`F` is already documented"),
        ("/// F.\nfn f(a: u8) {█}\n", "rust", "already"),
        ("/** F. */\nfunction f() {█}\n", "javascript", "already"),
    ],
)
def test_what_cannot_be_documented(marked, language_id, message):
    with pytest.raises(InputError, match=message):
        run(marked, language_id)


def test_every_phrase_is_asked_for_where_it_will_stand():
    calls = []

    def write(prefix, suffix, request):
        calls.append((prefix, suffix, request.kind, request.subject))
        return f"text number {['one', 'two', 'three', 'four', 'five'][len(calls) - 1]} here"

    source = (
        "x = 1\ndef f(a, *b):\n    if a: raise KeyError\n    x = b, text, one, two, three\n"
        "    return█ a + x + b + here + four\n"
    )
    after, result = run(source, writer=write)
    assert [(kind, subject) for _, _, kind, subject in calls] == [
        (PhraseKind.SUMMARY, "f"),
        (PhraseKind.PARAMETER, "a"),
        (PhraseKind.PARAMETER, "b"),
        (PhraseKind.RETURNS, ""),
    ]  # the exception is known
    assert (result.model_phrases, result.fact_phrases, result.placeholders) == (4, 1, 0)
    # What was known at each call is what the document became.
    assert all(after.startswith(prefix) for prefix, *_ in calls)
    last_prefix, last_suffix = calls[-1][:2]
    assert last_suffix.startswith("\n\n    Raises:\n        KeyError: \n")
    last = last_suffix.replace("KeyError: ", "KeyError: If `a`.", 1)
    assert after == f"{last_prefix}Text number four here.{last}"
    first_prefix, first_suffix = calls[0][:2]
    assert first_prefix.endswith('def f(a, *b):\n    """')
    assert first_suffix.startswith("\n\n    Args:\n        a: \n        *b: \n\n    Returns:\n")
    ast.parse(first_prefix + first_suffix)


def test_the_model_sees_no_placeholders():
    """It would write the next one."""
    seen = []
    text, _ = run(
        "def f(█alpha, beta):\n    c = alpha.h()\n    c.i(beta + 1)\n    return c.j()\n",
        writer=lambda prefix, suffix, _: seen.append(prefix + suffix),
    )
    assert text.count("TODO") >= 2
    assert len(seen) >= 2
    assert not any("TODO" in one for one in seen)
    assert seen[-1].count('"""') == 2


def test_phrases_of_an_update_are_asked_for_where_they_will_stand():
    prefixes = []

    def write(prefix, suffix, request):
        prefixes.append(prefix)
        ast.parse(prefix + suffix)

    docstring = GOOGLE.replace("a: A.", "b: Old words.\n        z: Gone.")
    source = f"def f(a, b, c):█{docstring}\n"
    after, result = run(source, writer=write)
    assert len(prefixes) == 2 == result.placeholders
    assert all(after.startswith(prefix) for prefix in prefixes)
    assert "b: Old words." in after
    assert "z: Gone." in after
    assert result.gone == ("z",)


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("unit", ["\t", "  ", "    "])
def test_newlines_and_indentation_are_the_files_own(newline, unit):
    lines = ["class A:", "{}def f(self, a):", "{}{}if a:", "{}{}{}return a"]
    source = newline.join(line.replace("{}", unit) for line in lines) + newline
    cursor = source.index("return")
    after, _ = run(source[:cursor] + "█" + source[cursor:])
    added = after[after.index('"""') : after.rindex('"""')]
    assert added.count("\n") == added.count(newline)
    assert f"{newline}{unit * 2}Args:{newline}{unit * 3}a: TODO: describe.{newline}" in after
    ast.parse(after)


@pytest.mark.parametrize("language_id", ["javascript", "java", "c", "rust", "lua", "go"])
def test_comments_keep_crlf(language_id):
    sources = {
        "javascript": "class A {\r\n\tf(a) {█}\r\n}\r\n",
        "java": "class A {\r\n\tvoid f(int a) {█}\r\n}\r\n",
        "c": "\r\n\tint f(int a) {█}\r\n",
        "rust": "impl A {\r\n\tfn f(a: u8) {█}\r\n}\r\n",
        "lua": "do\r\n\tlocal function f(a) █ end\r\nend\r\n",
        "go": "package p\r\n\r\ntype (\r\n\tA struct {█}\r\n)\r\n",
    }
    after, _ = run(sources[language_id], language_id)
    assert after.count("\n") == after.count("\r\n") > sources[language_id].count("\n")
    added = set(after.split("\r\n")) - set(sources[language_id].replace("█", "").split("\r\n"))
    assert all(line.startswith("\t") for line in added)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("def f(): pass", 'def f():\n    """TODO: describe."""\n    pass'),
        ("def f(): x = 1; return", 'def f():\n    """TODO: describe."""\n    x = 1; return'),
        ("def f(): pass # c", 'def f():\n    """TODO: describe."""\n    pass # c'),
        ("def f(): \\\n    pass", 'def f():\n    """TODO: describe."""\n    pass'),
        ("async def f(): ...", 'async def f():\n    """TODO: describe."""\n    ...'),
        ("class Ab: x = 1", 'class Ab:\n    """TODO: describe."""\n\n    x = 1'),
        ("def f():", 'def f():\n    """TODO: describe."""'),
        ("def f():  # c\n\n  pass", 'def f():  # c\n  """TODO: describe."""\n\n  pass'),
        ('def f(): "Do."', None),
    ],
)
def test_bodies_on_the_line_of_the_colon(source, expected):
    if expected is None:
        with pytest.raises(InputError):
            run(f"█{source}\n")
    else:
        assert run(f"█{source}\n")[0] == f"{expected}\n"


def test_a_class_gets_a_blank_line_below_and_only_one():
    assert run("class A:█\n    x = 1\n")[0] == 'class A:\n    """TODO: describe."""\n\n    x = 1\n'
    assert (
        run("class A:█\n\n    x = 1\n")[0] == 'class A:\n    """TODO: describe."""\n\n    x = 1\n'
    )


@pytest.mark.parametrize("style", ["google", "numpy", "sphinx", "epytext"])
def test_the_file_decides_about_the_style_then_the_setting(style):
    settings = DocumentationSettings(style=style)
    first, result = run("def first(a, b):█\n    return a\n", settings=settings)
    assert result.style == style
    after, result = run(first + "def second(c):█ pass\n")
    assert result.style == style
    assert after.startswith(first)


def test_code_that_does_not_parse_is_documented_by_its_tokens():
    after, _ = run("def f(a):█\n    x = = 1\n")
    assert after.startswith('def f(a):\n    """TODO: describe.\n')


@pytest.mark.parametrize(
    ("language_id", "source", "edits"),
    [
        ("python", "def f(a):\n    return a\n", [TextEdit(9, 9, GOOGLE + "\n    x = 1")]),
        ("python", "def f(a):\n    return a\n", [TextEdit(9, 9, '\n    """Do."""')]),
        (
            "python",
            "def f(a):\n    return a\n",
            [TextEdit(9, 9, GOOGLE.replace("A.", "A.\n        b: B."))],
        ),
        ("python", "def f():\n    return a\n", [TextEdit(8, 8, '\n    """Do.')]),
        ("python", "def f():\n    x = = 1\n", [TextEdit(8, 8, '\n    """Do."""\n    y')]),
        ("javascript", "function f() {}\n", [TextEdit(0, 0, "/** Do. */ x; /* */\n")]),
        ("javascript", "function f() {}\n", [TextEdit(0, 0, "/** Do.\n")]),
        ("javascript", "function f(a) {}\n", [TextEdit(0, 0, "/** Do. @param b */\n")]),
        ("c", "int f(int a) {}\n", [TextEdit(0, 0, "/// Do.\n/// @param a A.\n/// @param a A.\n")]),
        ("lua", "function f() end\n", [TextEdit(0, 0, "--- Do.\nx = 1\n")]),
    ],
)
def test_an_edit_that_does_more_than_document_is_refused(language_id, source, edits):
    tree = Snapshot("file:///a", "", source, language_id).syntax
    assert tree is not None
    definition = find_definition(tree, 0)
    assert definition is not None
    with pytest.raises(AssistError, match="could not be added"):
        verify(tree, definition, edits, "google")
