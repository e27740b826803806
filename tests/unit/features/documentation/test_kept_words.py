# ruff: noqa: E501, ISC004 - a source is read best on one line
"""What somebody wrote stays, whatever manner it is written in."""

import re
from collections import Counter

import pytest

from assist_server.context.snapshot import Snapshot
from assist_server.errors import AssistError, InputError
from assist_server.features.documentation.document import document
from assist_server.features.documentation.verification import verify
from assist_server.settings import DocumentationSettings
from assist_server.syntax.definitions import find_definition
from assist_server.text.edits import TextEdit, apply_edits

SETTINGS = DocumentationSettings()


def silent(prefix, suffix, request):
    """A writer that leaves every phrase to the names."""


def update(marked: str, language_id: str = "python", prune=()) -> str:
    """The text after an update; the text itself where there is nothing to do."""
    text = marked.replace("█", "", 1)
    snapshot = Snapshot("file:///a", "", text, language_id)
    try:
        result = document(snapshot, marked.index("█"), silent, SETTINGS, prune)
    except InputError as error:
        if "already documented" in str(error):
            return text
        raise
    return apply_edits(text, result.edits)


def words(text: str) -> Counter[str]:
    return Counter(re.findall(r"\w+", text))


def python(signature: str, docstring: str) -> str:
    body = "".join(f"    {line}\n" if line else "\n" for line in docstring.split("\n"))
    return f"def f█({signature}):\n" + body + "    return x\n"


KEPT = [
    # Google: what continues an entry without being indented
    (
        "x, y",
        '"""Do.\n\nArgs:\n    x: The format, described at\n    https://example.org/formats in full.\n'
        '    Note: keys are case-insensitive.\n    Default: 3\n    y: Two.\n"""',
    ),
    ("x, y", '"""Do.\n\nArgs:\n  x: One\n  of them.\n  y: Two, see\nhttps://example.org\n"""'),
    ("x, y", '"""Do.\n\nArgs:\nx: One.\ny: Two.\n"""'),
    ("x, y", '"""Do.\n\n    Args:\n        x: One.\n        y: Two.\n"""'),
    # what a signature does not show
    ("x", '"""Do.\n\nArgs:\n    session: From the decorator.\n    x: X.\n"""'),
    # types with colons, over lines
    ("x, y", '"""Do.\n\n:param dict[str: int] x: The important x, see RFC 1.\n:param y: Y.\n"""'),
    ("x, y", '"""Do.\n\n:param dict[str, list[int: str]] x: X.\n:param y:Y\n"""'),
    ("x, y", '"""Do.\n\n:param Union[int,\n    str] x: X.\n:param y : Y.\n"""'),
    ("x, y", '"""Do.\n\nArgs:\n    x (Union[int,\n        str]): X.\n    y (dict[str: int]): Y.\n"""'),
    # NumPy
    ("x, y", '"""Do.\n\nParameters:\n-----------\nx : int\n    One.\ny : int\n    Two.\n"""'),
    ("x, y", '"""Do.\n\nParameters\n==========\nx : int\n    One.\ny\n    Two.\n"""'),
    ("x, y", '"""Do.\n\nParameters\n----------\nx: int\n    One.\ny: {a, b}\n    Two.\n"""'),
    ("x, y", '"""Do.\n\nParameters\n----------\n    x : int\n        One.\n    y : int\n        Two.\n"""'),
    ("x, y", '"""Do.\n\nParameters\n----------\nx, y : int\n    Both.\n"""'),
    ("parameters, argument", '"""Do.\n\nParameters\n----------\nparameters\n    A.\nargument :\n    B.\n"""'),
    # other manners
    ("x, y", '"""Do.\n\nArgs:\n    - x: One.\n    - y: Two.\n"""'),
    ("x, y", '"""Do.\n\nArgs:\n    * `x`: One.\n    * `y`: Two.\n"""'),
    ("x, y", '"""Do.\n\nArgs:\n    `x`: One.\n    `y`: Two.\n"""'),
    ("x, y", '"""Do.\n\nArgs:\n    **x**: One.\n    **y** (int): Two.\n"""'),
    ("x, y", '"""Do.\n\nArgs:\n    x - One.\n    y -- Two.\n"""'),
    ("x, y", '"""Do.\n\nargs:\n    x: One.\n    y: Two.\n\nreturn:\n    it\n"""'),
    ("x, y", '"""Args:\n    x: One.\n    y: Two.\n"""'),
    ("x, y", '"""Do.\n\n**Arguments:**\n    x: One.\n    y: Two.\n"""'),
    ("x, y", '"""Do.\n\n# Arguments\n    x: One.\n    y: Two.\n"""'),
    ("x, y", '"""Do.\n\nx: One.\ny: Two.\n"""'),
    ("x, y", '"""Do.\n\n- x: One.\n- y: Two.\n"""'),
    ("x, y", '"""Do.\n\n- `x` (int) - One.\n- `y` - Two.\n"""'),
    ("x, y", '"""Do.\n\n:param x: One\ngoes on here.\n:param y: Two.\n"""'),
    ("x, y", '"""Do.\n\n@param x the one\n@param y the two\n"""'),
    ("x, y", '"""Do.\n\nx\n    One.\ny\n    Two.\n"""'),
    ("x, y", '"""Do.\n\n:arg x: One.\n:keyword y: Two.\n"""'),
    ("x, y", '"""Do.\n\n1. x: One.\n2. y: Two.\n"""'),
    ("x, *rest", '"""Do.\n\nArgs:\n    x: X.\n    \\*rest: More.\n"""'),
]  # fmt: skip


@pytest.mark.parametrize(("signature", "docstring"), KEPT)
def test_a_docstring_that_says_all_is_left_alone(signature, docstring):
    marked = python(signature, docstring)
    assert update(marked) == marked.replace("█", "")


COLLECTING = [
    ("unit, *args", '"""Span.\n\nArgs:\n    unit: U.\n    start: As in range().\n    stop: End.\n"""'),
    ("x, **kw", '"""Do.\n\nArgs:\n    x: X.\n    color: Handed on.\n"""'),
]  # fmt: skip


@pytest.mark.parametrize(("signature", "docstring"), COLLECTING)
def test_what_collected_arguments_may_be_stays(signature, docstring):
    marked = python(signature, docstring)
    assert not words(marked.replace("█", "")) - words(update(marked))


@pytest.mark.parametrize(("signature", "docstring"), KEPT)
def test_a_new_parameter_is_described_once_and_nothing_lost(signature, docstring):
    marked = python(f"added, {signature}", docstring)
    text = marked.replace("█", "")
    after = update(marked)
    assert not words(text) - words(after)
    literal = after.partition('"""')[2].rpartition('"""')[0]
    assert len(re.findall(r"(?<!\w)added\b", literal)) == 1
    for name in re.findall(r"\w+", signature):
        assert words(after)[name] == words(text)[name]


@pytest.mark.parametrize(("signature", "docstring"), KEPT)
def test_a_parameter_that_went_keeps_its_words(signature, docstring):
    marked = python("added", docstring)
    assert not words(marked.replace("█", "")) - words(update(marked))


COMMENTS = [
    ("javascript", "@param {{x: number, y: {z: number}}} a - Where.\n@param b - B."),
    (
        "javascript",
        "@param {{\n  x: number,\n  y: number\n}} a - Where.\n@param {Array<{n: X}>} b B.",
    ),
    ("javascript", "@param {string} [a='x'] - A.\n@param {...*} b - B."),
    ("javascript", "@param {Object[]} a - Who.\n@param {string} a[].name - N.\n@param b B."),
    ("javascript", "@arg a A.\n@argument b B."),
    ("javascript", "@inheritdoc"),
    ("javascript", "@override"),
    ("javascript", "{@inheritDoc}"),
    ("javascript", "Does it.\n{@inheritDoc}"),
    ("javascript", "@type {Handler}"),
    ("javascript", "- a: One.\n- `b`: Two."),
    ("javascript", "Parameters:\n  a - one\n  b - two"),
    ("javascript", "@callback F"),
    ("typescript", "@param a - A, see\n  more.\n@param b? - B."),
    ("typescript", "@param `a` A.\n@param {X} b B."),
    ("java", "@param a A.\n@param b B.\n@param <T> a type"),
    ("java", "{@inheritDoc}"),
    ("c", "f - read some bytes\n@a: the device\n@b: where they go\n\nReturn: how many."),
    ("c", "\\param[in] a A.\n\\param[in,out] *b B."),
    ("c", "@param a, b integers"),
    ("c", "@copydoc g()"),
    ("c", "@param[opt=5] a A.\n@param [out] b B."),
    ("cpp", "@tparam T a type\n@param a A.\n@param b B."),
    ("cpp", "\\copydetails g"),
]
SOURCES = {
    "javascript": "function f█(a, b) {\n  go(a, b);\n}\n",
    "typescript": "function f█(a: X, b: Y) {\n  go(a, b);\n}\n",
    "java": "void f█(int a, int b) {\n}\n",
    "c": "int f█(int a, int b);\n",
    "cpp": "template <class T> int f█(T a, int b);\n",
}


def comment(body: str) -> str:
    return "/**\n" + "".join(f" * {line}".rstrip() + "\n" for line in body.split("\n")) + " */\n"


@pytest.mark.parametrize(("language_id", "body"), COMMENTS)
def test_a_comment_that_says_all_is_left_alone(language_id, body):
    marked = comment(body) + SOURCES[language_id]
    assert update(marked, language_id) == marked.replace("█", "")


@pytest.mark.parametrize(
    ("language_id", "body"), [one for one in COMMENTS if re.search(r"\ba\b", one[1])]
)
def test_a_new_parameter_joins_the_others(language_id, body):
    added = {"javascript": "added, ", "typescript": "added: Z, "}.get(language_id, "int added, ")
    source = SOURCES[language_id].replace("f█(", f"f█({added}")
    marked = comment(body) + source
    after = update(marked, language_id)
    assert not words(marked.replace("█", "")) - words(after)
    written = after.partition("*/")[0]
    assert len(re.findall(r"(?<!\w)added\b", written)) == 1
    assert words(written)["b"] == words(body)["b"]


@pytest.mark.parametrize(
    ("body", "function"),
    [
        ("---@param a? integer A.\n---@param ... any More.\n", "local function f█(a, ...) end\n"),
        ("--- F.\n-- @tparam string a A.\n-- @tparam[opt=5] number b B.\n", "function f█(a, b) end\n"),
        ("--- F.\n-- @string a A.\n-- @int[opt] b B.\n", "function f█(a, b) end\n"),
        ("--- F.\n-- @param[opt=5] a A.\n-- @param b B.\n", "function f█(a, b) end\n"),
        ("---@type fun(a: X)\n", "local f█ = function(a) end\n"),
    ],
)  # fmt: skip
def test_lua_that_says_all_is_left_alone(body, function):
    assert update(body + function, "lua") == (body + function).replace("█", "")


KERNEL = "/**\n * load{}\n * @file: a file\n *\n * Loads it.\n *\n * Returns: a thing\n */\nint *load█({}) {{}}\n"


@pytest.mark.parametrize("first", [":", "() - load it", " - load it"])
@pytest.mark.parametrize(
    ("parameters", "entries"),
    [
        ("int other", ["other", "file"]),
        ("int file, int other", ["file", "other"]),
        ("int file", ["file"]),
        ("int returns, int since", ["returns", "since", "file"]),
    ],
)
def test_what_is_written_as_in_linux_is_updated_so_whatever_is_left(first, parameters, entries):
    after = update(KERNEL.format(first, parameters), "c")
    assert re.findall(r"^ \* @(.*?):? ", after, re.MULTILINE) == entries
    assert not words(KERNEL.format(first, parameters)) - words(after)


@pytest.mark.parametrize("body", ["Note: loads.\n * @example: load(1)", "Loads.\n * @return: it"])
def test_a_colon_alone_does_not_make_a_tag_a_parameter(body):
    after = update(f"/**\n * {body}\n */\nint load█(int other) {{}}\n", "c")
    assert "@param other" in after


@pytest.mark.parametrize(
    ("language_id", "text", "prune", "lost"),
    [
        ("python", python("x", '"""Do.\n\nArgs:\n    x: X.\n    old: Gone.\n"""'), "old", "old Gone"),
        ("python", python("x", '"""Do.\n\n:param old: Gone.\n:param x: X.\n"""'), "old", "param old Gone"),
        ("python", python("limits", '"""Do.\n\nArgs:\n    limit: L.\n"""'), "limit", "limit"),
        ("javascript", comment("@param a A.\n@param old Gone.") + "function f█(a) {}\n", "old", "param old Gone"),
    ],
)  # fmt: skip
def test_pruning_takes_what_it_names_and_no_more(language_id, text, prune, lost):
    plain = text.replace("█", "")
    after = update(text, language_id, prune=[prune])
    assert words(plain) - words(after) == words(lost)
    assert not words(plain) - words(update(text, language_id, prune=["other"]))


def test_prose_that_begins_with_a_name_is_no_entry():
    marked = python("name, b", '"""Do.\n\nname of a macro, or its call\nname(arg1) once.\n"""')
    after = update(marked)
    assert "name: TODO: describe." in after
    assert not words(marked.replace("█", "")) - words(after)


def test_a_parameter_that_exists_is_not_pruned():
    marked = python("x, y", '"""Do.\n\nArgs:\n    x: Mine.\n"""')
    assert "x: Mine." in update(marked, prune=["x"])


@pytest.mark.parametrize(
    ("edit", "prune"),
    [
        (("Mine.", ""), ()),
        (("Mine.", "Yours."), ()),
        (("        x: Mine.\n", ""), ()),
        (("        x: Mine.\n", ""), ("y",)),
        (("Do it. Well", "Well. Do it"), ()),
        (("        x: Mine.\n        see: y\n", ""), ("y",)),
    ],
)
def test_an_edit_that_loses_words_is_refused_whoever_planned_it(edit, prune):
    source = (
        'def f(x):\n    """Do it. Well.\n\n    Args:\n        x: Mine.\n        see: y\n    """\n'
    )
    tree = Snapshot("file:///a", "", source, "python").syntax
    assert tree is not None
    definition = find_definition(tree, 0)
    assert definition is not None
    start = source.index(edit[0])
    edits = [TextEdit(start, start + len(edit[0]), edit[1])]
    with pytest.raises(AssistError, match="changed existing words"):
        verify(tree, definition, edits, "google", prune)


@pytest.mark.parametrize(
    "added", ["        x: Again.\n", "        - x: Again.\n", "        x (int): Again.\n"]
)
def test_an_entry_that_is_there_twice_is_refused_whoever_planned_it(added):
    source = 'def f(x):\n    """Do it.\n\n    Args:\n        - x: Mine.\n    """\n'
    tree = Snapshot("file:///a", "", source, "python").syntax
    assert tree is not None
    definition = find_definition(tree, 0)
    assert definition is not None
    place = source.index('    """\n')
    with pytest.raises(AssistError, match="described once"):
        verify(tree, definition, [TextEdit(place, place, added)], "google")


@pytest.mark.parametrize(
    "header",
    [
        "Floating::Matcher WithinULP█(int a, int b);\n",
        "FOO_API BAR int f█(int a);\n",
        "MY_EXPORT(x) int f█(int a);\n",
        'extern "C" int f█(int a);\n',
        "  static FOO_INLINE BAR int f█(int a);\n",
    ],
)
@pytest.mark.parametrize("above", ["", "int x;\n", "// NOLINTNEXTLINE\n"])
@pytest.mark.parametrize("language_id", ["c", "cpp"])
def test_a_comment_goes_above_what_the_grammar_breaks_off(language_id, header, above):
    after = update(above + header, language_id)
    plain = header.replace("█", "")
    assert after.endswith("*/\n" + (above if above.startswith("//") else "") + plain)
    marked = after.replace(plain, header)
    assert update(marked, language_id) == after
