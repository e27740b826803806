# ruff: noqa: E501 - a source is read best on one line
"""Small inputs that people met elsewhere or here, over the real process with the embedded model.

Where a case's right value holds words of a model, `…` stands for them.
"""

import ast
import itertools
import re

import pytest
from lsp_steps import ready, run

from assist_server.lsp.client import CAPABILITIES, LspClient, RequestError
from assist_server.text.edits import TextEdit
from assist_server.text.lines import LineIndex, Position, PositionEncoding
from assist_server.text.newlines import edit_original, with_line_feeds

ENDINGS = {
    "python": "py", "javascript": "js", "typescript": "ts", "typescriptreact": "tsx", "go": "go",
    "c": "c", "lua": "lua", "css": "css", "plaintext": "txt", "markdown": "md",
}  # fmt: skip
OPTIONS = {"completion": {"min_confidence": 0.0, "max_latency_ms": 60000}}
NOTEBOOKS = {"notebookDocument": {"synchronization": {}}}
_numbers = itertools.count()


@pytest.fixture(scope="module")
def server():
    """One server with the embedded model for all cases."""
    with LspClient() as client:
        client.initialize({**CAPABILITIES, **NOTEBOOKS}, OPTIONS)
        ready(client)
        yield client


class Document:
    """An open document, and the place in it that `‸` marks."""

    def __init__(self, server, marked, language="python", uri=None, encoding="utf-16"):
        self.server = server
        self.uri = uri or f"file:///w/c{next(_numbers)}.{ENDINGS[language]}"
        before, _, after = marked.partition("‸")
        before, after = (before, after) if "‸" in marked else ("", marked)
        self.source = before + after
        self.index = LineIndex(with_line_feeds(self.source))
        self.encoding = PositionEncoding(encoding)
        self.place = self.position(len(with_line_feeds(before)))
        server.open(self.uri, self.source, language)

    def position(self, offset):
        place = self.index.position_at(offset, self.encoding)
        return {"line": place.line, "character": place.character}

    def edited(self, edits):
        """The text after edits of the protocol."""
        plain = []
        for edit in edits:
            ends = (Position(**edit["range"][end]) for end in ("start", "end"))
            start, end = (self.index.offset_at(place, self.encoding) for place in ends)
            plain.append(TextEdit(start, end, with_line_feeds(edit["newText"])))
        return edit_original(self.source, sorted(plain, key=lambda one: one.start))

    def applied(self, command, argument):
        """The text after a command's edit."""
        count = len(self.server.applied_edits)
        run(self.server, command, self.uri, argument)
        (edit,) = self.server.applied_edits[count:]
        (change,) = edit["documentChanges"]
        return self.edited(change["edits"])

    def documented(self):
        return self.applied("assist.document", self.place)

    def commented(self, first=0, last=None):
        """The text with a summary of some of it as a comment."""
        end = len(with_line_feeds(self.source)) if last is None else last
        where = {"start": self.position(first), "end": self.position(end)}
        return self.applied("assist.insertSummary", where)

    def summary(self):
        end = self.position(len(with_line_feeds(self.source)))
        where = {"start": {"line": 0, "character": 0}, "end": end}
        return run(self.server, "assist.summarize", self.uri, where)["markdown"]

    def items(self):
        return self.server.inline_completion(self.uri, **self.place)

    def accepted(self):
        """The text with the first completion accepted; as it is where there is none."""
        here = {"start": self.place, "end": self.place}
        return self.edited(
            [
                {"range": item.get("range") or here, "newText": item["insertText"]}
                for item in self.items()[:1]
            ]
        )


def is_like(text, expected):
    """Whether a text is as expected, with any words for each `…`."""
    parts = map(re.escape, expected.split("…"))
    return re.fullmatch(r"[^\n]+(?:\n +(?:\* )?[^\n@]+)??".join(parts), text) is not None


# Completion


def balanced(text):
    return all(text.count(a) == text.count(b) for a, b in ("()", "[]", "{}"))


@pytest.mark.parametrize(
    ("language", "marked"),
    [
        ("python", "import numpy\nnumpy.array(‸)\n"),
        ("python", "print('‸')\n"),
        ("python", "x = d[‸]\n"),
        ("python", "foo(bar(‸))\n"),
        ("python", "x = f'{‸}'\n"),
        ("python", "CFG = {'a': 1, ‸}\n"),
        ("python", "LETTERS = ('a', 'b', ‸)\n"),
        ("python", "COLORS = {'red': '#ff0000', 'green': '#00ff00', ‸}\n"),
        ("javascript", "function add(a, b) {\n  const c = a + b;\n  ‸\n}\n"),
    ],
)
def test_brackets_and_quotes_stay_in_pairs(server, language, marked):
    text = Document(server, marked, language).accepted()
    assert balanced(text)
    assert text.count("'") % 2 == 0
    assert ":}" not in text
    if language == "python" and text != marked.replace("‸", ""):  # an empty field is an error
        ast.parse(text)


def test_what_follows_is_not_written_twice(server):
    text = Document(server, "import Base from '../layouts/‸.astro';\n", "javascript").accepted()
    assert text.count(".astro") == 1


STACK = "class Stack:\n    def __init__(self):\n        self.items = []\n\n    def push(self, item):\n        self.items.‸\n\n    def pop(self):\n        return self.items.pop()\n"


def test_a_file_of_other_line_ends_gets_the_same(server):
    texts = [
        Document(server, STACK.replace("\n", newline)).accepted() for newline in ("\n", "\r\n")
    ]
    assert "self.items.append(item)" in texts[0]
    assert texts[1] == texts[0].replace("\n", "\r\n")


def test_a_line_that_begins_with_a_tab_gets_no_spaces(server):
    marked = "def say_hello(name):\n\t‸\n\ndef other(a):\n\treturn a\n"
    text = Document(server, marked).accepted()
    assert text != marked.replace("‸", "")
    assert "\t " not in text


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32"])
def test_positions_beside_emoji(start, encoding):
    marked = "s = '😀👨‍👩‍👧 e\u0301'; total = 1; print(tot‸)\n"
    client = start(answer="al")
    client.initialize({**CAPABILITIES, "general": {"positionEncodings": [encoding]}})
    text = Document(client, marked, encoding=encoding).accepted()
    assert text == marked.replace("tot‸", "total")


def test_half_a_surrogate_pair_is_answered(server):
    marked = "x = '\ud83d'\ndef add(a, b):\n    return ‸"
    assert isinstance(Document(server, marked).items(), list)


def test_an_empty_file_begins_at_column_0(server):
    for item in Document(server, "‸").items():
        assert not item["insertText"].startswith((" ", "\t"))


def test_a_cell_is_completed_from_the_one_above(server):
    texts = ["import numpy as np\nexample_variable = 42", "# Title", "%%time\nprint(exam"]
    languages = ["python", "markdown", "python"]
    cells = [
        {
            "uri": f"vscode-notebook-cell:/w/nb.ipynb#{n}",
            "languageId": id_,
            "version": 1,
            "text": text,
        }
        for n, (id_, text) in enumerate(zip(languages, texts, strict=True))
    ]
    kinds = [{"kind": 1 + (one["languageId"] == "python"), "document": one["uri"]} for one in cells]
    book = {
        "uri": "file:///w/nb.ipynb",
        "notebookType": "jupyter-notebook",
        "version": 1,
        "cells": kinds,
    }
    server.notify(
        "notebookDocument/didOpen", {"notebookDocument": book, "cellTextDocuments": cells}
    )
    item = server.inline_completion(cells[2]["uri"], 1, 10)[0]
    assert item["insertText"].startswith("ple_variable")


@pytest.mark.parametrize(
    "uri",
    [
        "untitled:Untitled-1",
        "git:/c%3A/w/x.py?%7B%7D",
        "vscode-notebook-cell:/w/a.ipynb#W0",
        "file:///c%3A/A%20B/x%23y.py",
        "vscode-vfs://github/x/y.py",
    ],
)
def test_every_scheme_of_uris_is_served(server, uri):
    items = Document(server, "def add(a, b):\n    return ‸\n", uri=uri).items()
    assert "a + b" in items[0]["insertText"]


def test_control_tokens_as_text_are_not_continued(server):
    marked = "STOP = ['<|endoftext|>', '<|fim_middle|>', '</s>']\nfor token in ‸\n"
    assert all("<|" not in item["insertText"] for item in Document(server, marked).items())


def test_nothing_goes_round_in_circles(server):
    for item in Document(server, "def f(cmd):\n    match cmd:\n        case ‸\n").items():
        assert not re.search(r"(.{3,12}?)\1{3,}", item["insertText"])


# Documentation

DOCUMENTED = [
    ("python", "def f‸oo(x) -> int:  # noqa: ANN001\n    return x\n", 'def foo(x) -> int:  # noqa: ANN001\n    """…\n\n    Args:\n        x: …\n\n    Returns:\n        …\n    """\n    return x\n'),
    ("python", "class F‸oo:\n    pass\n", 'class Foo:\n    """…"""\n\n    pass\n'),
    ("python", 'def test_func \\\n    ( param_1:str\n    , param_2:str="foo"\n    ):\n    return param_1.u‸pper()\n', 'def test_func \\\n    ( param_1:str\n    , param_2:str="foo"\n    ):\n    """…\n\n    Args:\n        param_1: …\n        param_2: …\n\n    Returns:\n        …\n    """\n    return param_1.upper()\n'),
    ("python", "def f‸(\n    a,  # mad, mad, world\n    b=1,  # second: {y}\n):\n    return a\n", 'def f(\n    a,  # mad, mad, world\n    b=1,  # second: {y}\n):\n    """…\n\n    Args:\n        a: …\n        b: …\n\n    Returns:\n        …\n    """\n    return a\n'),
    ("python", 'def g‸et(name: str) -> str:\n    query = """\n        SELECT name\n    """\n    return query\n', 'def get(name: str) -> str:\n    """…\n\n    Args:\n        name: …\n\n    Returns:\n        …\n    """\n    query = """\n        SELECT name\n    """\n    return query\n'),
    ("python", 'def load(path, mode):\n    """‸"""\n    return path\n', 'def load(path, mode):\n    """…\n\n    Args:\n        path: …\n        mode: …\n\n    Returns:\n        …\n    """\n    return path\n'),
    ("python", 'def load():\n    """‸"""\n    return 1\n', 'def load():\n    """…"""\n    return 1\n'),
    ("python", 'class A:\n    def load(self, path):\n        """‸\n        return path\n\n    def save(self, path):\n        """Save."""\n        return path\n', 'class A:\n    def load(self, path):\n        """…\n\n        Args:\n            path: …\n\n        Returns:\n            …\n        """\n        return path\n\n    def save(self, path):\n        """Save."""\n        return path\n'),
    ("python", "def f‸(x):\n    try:\n        raise KeyError(x)\n    except KeyError:\n        return None\n", 'def f(x):\n    """…\n\n    Args:\n        x: …\n    """\n    try:\n        raise KeyError(x)\n    except KeyError:\n        return None\n'),
    ("python", "def f‸():\n    try:\n        go()\n    except OSError as e:\n        log(e)\n        raise e\n", 'def f():\n    """…\n\n    Raises:\n        OSError: …\n    """\n    try:\n        go()\n    except OSError as e:\n        log(e)\n        raise e\n'),
    ("python", "def f‸(x):\n    def g():\n        yield 1\n        raise OSError('x')\n    return ','.join(g())\n", "def f(x):\n    \"\"\"…\n\n    Args:\n        x: …\n\n    Returns:\n        …\n    \"\"\"\n    def g():\n        yield 1\n        raise OSError('x')\n    return ','.join(g())\n"),
    ("python", "def f‸(xs):\n    yield from xs\n", 'def f(xs):\n    """…\n\n    Args:\n        xs: …\n\n    Yields:\n        …\n    """\n    yield from xs\n'),
    ("python", "import errs\ndef f‸(a):\n    raise errs.BadThing(a)\n", 'import errs\ndef f(a):\n    """…\n\n    Args:\n        a: …\n\n    Raises:\n        errs.BadThing: …\n    """\n    raise errs.BadThing(a)\n'),
    ("python", 'def f‸(city, extra):\n    """Get it.\n\n    Note:\n        Results are cached.\n    Args:\n        city: The city.\n    """\n    return city\n', 'def f(city, extra):\n    """Get it.\n\n    Note:\n        Results are cached.\n    Args:\n        city: The city.\n        extra: …\n    """\n    return city\n'),
    ("python", "def f‸(a: str, c: int):\n    ''' the doc.\n\n    args:\n        a:  a random string\n\n    return:\n        something\n\n    '''\n    return c\n", "def f(a: str, c: int):\n    ''' the doc.\n\n    args:\n        a:  a random string\n        c: …\n\n    return:\n        something\n\n    '''\n    return c\n"),
    ("python", 'def f‸(parameters, argument, new):\n    """Do.\n\n    Parameters\n    ----------\n    parameters\n        One.\n    argument :\n        Two.\n    """\n    return 1\n', 'def f(parameters, argument, new):\n    """Do.\n\n    Parameters\n    ----------\n    parameters\n        One.\n    argument :\n        Two.\n    new\n        …\n    """\n    return 1\n'),
    ("python", 'def span‸(unit, *args):\n    """Span.\n\n    Args:\n        unit: The unit.\n        start: Where it begins, as for range().\n        stop: Where it ends.\n    """\n    return range(*args)\n', 'def span(unit, *args):\n    """Span.\n\n    Args:\n        unit: The unit.\n        start: Where it begins, as for range().\n        stop: Where it ends.\n        *args: …\n    """\n    return range(*args)\n'),
    ("typescript", "// @ts-expect-error\nexport function f‸(a) {\n  go(a);\n}\n", "/**\n * …\n *\n * @param a - …\n */\n// @ts-expect-error\nexport function f(a) {\n  go(a);\n}\n"),
    ("javascript", "/**\n * ‸\n */\nfunction load(path) {\n  return path;\n}\n", "/**\n * …\n *\n * @param path - …\n * @returns …\n */\nfunction load(path) {\n  return path;\n}\n"),
    ("javascript", "export const M = {\n  x: (a, b) => {\n    ret‸urn a + b;\n  },\n};\n", "export const M = {\n  /**\n   * …\n   *\n   * @param a - …\n   * @param b - …\n   * @returns …\n   */\n  x: (a, b) => {\n    return a + b;\n  },\n};\n"),
    ("typescriptreact", "export const Btn = React.memo(({ label }) => {\n  return la‸bel;\n});\n", "/**\n * …\n *\n * @param options - …\n * @returns …\n */\nexport const Btn = React.memo(({ label }) => {\n  return label;\n});\n"),
    ("typescript", "export function ok(v: unknown): asserts v‸ {\n  if (!v) throw new TypeError('x');\n}\n", "/**\n * …\n *\n * @param v - …\n * @throws {@link TypeError} …\n */\nexport function ok(v: unknown): asserts v {\n  if (!v) throw new TypeError('x');\n}\n"),
    ("c", "//! Creates a thread.\n//!\n//! \\param[out] t  Handle.\n//! \\param[in] name Name.\nSTATUS thread_cre‸ate(thread_t *t, const char *name, int prio);\n", "//! Creates a thread.\n//!\n//! \\param[out] t  Handle.\n//! \\param[in] name Name.\n//! \\param prio …\nSTATUS thread_create(thread_t *t, const char *name, int prio);\n"),
    ("c", 'int __attribute__((visibility ("default"))) fo‸o(int param_a, int param_b);\n', '/**\n * …\n *\n * @param param_a …\n * @param param_b …\n * @return …\n */\nint __attribute__((visibility ("default"))) foo(int param_a, int param_b);\n'),
    ("c", "int\nadd(a, b)\n    int a;\n    int b;\n{\n    retu‸rn a + b;\n}\n", "/**\n * …\n *\n * @param a …\n * @param b …\n * @return …\n */\nint\nadd(a, b)\n    int a;\n    int b;\n{\n    return a + b;\n}\n"),
    ("lua", "local M = {\n  x = 1,\n  load = function(path)\n    return pa‸th\n  end,\n}\n", "local M = {\n  x = 1,\n  --- …\n  ---@param path any …\n  ---@return any # …\n  load = function(path)\n    return path\n  end,\n}\n"),
    ("lua", "a = function(b, c)\n  return ‸b\nend\n", "--- …\n---@param b any …\n---@param c any …\n---@return any # …\na = function(b, c)\n  return b\nend\n"),
    ("go", "package a\n\n//export F\nfunc F‸(x int) int {\n\treturn x\n}\n", "package a\n\n// F …\n//\n//export F\nfunc F(x int) int {\n\treturn x\n}\n"),
]  # fmt: skip


@pytest.mark.parametrize(("language", "marked", "expected"), DOCUMENTED)
def test_documentation(server, language, marked, expected):
    text = Document(server, marked, language).documented()
    assert is_like(text, expected), text


LEFT_ALONE = [
    ("python", 'def f‸(x, y):\n    """Do it.\n\n    :param dict[str: int] x: The important x, see RFC 1.\n    :param y: The y.\n    """\n    return x\n'),
    ("python", 'def f‸(x, y):\n    """Do it.\n\n    Args:\n        x: The format, described at\n        https://example.org/formats in full.\n        Note: keys are case-insensitive.\n        y: Two.\n    """\n    return x\n'),
    ("python", 'def f‸(x, y):\n    """Args:\n        x: One.\n        y: Two.\n    """\n    return x\n'),
    ("python", 'def f‸(x, y):\n    """Do it.\n\n    Parameters:\n    -----------\n    x : int\n        One.\n    y : int\n        Two.\n    """\n    return x\n'),
    ("python", 'def f‸(numericString):\n    """Do stuff.\n\n    Parameters\n    ----------\n    numericString: Union[str, int]\n        numeric string.\n    """\n    return 1\n'),
    ("javascript", "/**\n * Draws.\n *\n * @param {{x: number, y: {z: number}}} pos - Where it goes.\n */\nfunction dr‸aw(pos) {\n  put(pos);\n}\n"),
    ("javascript", "/**\n * Assign.\n * @param {Object[]} employees - Who.\n * @param {string} employees[].name - The name.\n */\nfunction ass‸ign(employees) {\n  go(employees);\n}\n"),
    ("typescript", "class A extends B {\n  /** {@inheritDoc} */\n  ru‸n(a, b) {\n    go(a, b);\n  }\n}\n"),
    ("c", "/// Adds.\n/// @param a, b integers\nint ad‸d(int a, int b);\n"),
    ("c", "/**\n * foo_read - read some bytes\n * @dev: the device\n * @buf: where they go\n *\n * Return: how many.\n */\nint foo_re‸ad(struct dev *dev, char *buf)\n{\n\treturn 0;\n}\n"),
]  # fmt: skip


@pytest.mark.parametrize(("language", "marked"), LEFT_ALONE)
def test_documentation_that_is_complete_is_left_alone(server, language, marked):
    with pytest.raises(RequestError, match="already documented"):
        Document(server, marked, language).documented()


def test_documentation_has_the_same_lines_whatever_the_line_ends(server):
    marked = "class Cache:\n    def put(self, key, value, ttl=60):\n        self.d[key] = (va‸lue, ttl)\n"
    plain, crlf = (
        Document(server, marked.replace("\n", newline)).documented() for newline in ("\n", "\r\n")
    )
    # Words of nearly the same likelihood may change with what was read before.
    assert crlf.count("\r\n") == crlf.count("\n") == plain.count("\n")
    assert "def_gen" not in crlf


def test_a_parameter_does_not_get_its_neighbours_words(server):
    text = Document(server, "def ad‸d(a, b):\n    return a * b\n").documented()
    assert "b: The value of a" not in text


def test_the_files_name_is_no_word_of_documentation(server):
    document = Document(server, "def ad‸d(a, b): ...\n", uri="untitled:Untitled-2")
    assert "Untitled" not in document.documented()


# Summaries


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("Viral videos are known on the Web (e.g. Vimeo and Blip). They are shared.", "Viral videos are known on the Web (e.g. Vimeo and Blip)."),
        ("The board bought Apple Inc. Shares in May. It paid a lot.", "The board bought Apple Inc. Shares in May."),
        ("Prof. Smith wrote the parser in one night. He slept later.", "Prof. Smith wrote the parser in one night."),
    ],
)  # fmt: skip
def test_sentences_end_where_people_end_them(server, text, sentence):
    assert Document(server, text, "plaintext").summary() == sentence


def test_front_matter_is_no_sentence(server):
    text = "---\ntitle: My page. It is good.\ndate: 2020-01-01\n---\n\nThis tool reads files and writes them. It is fast.\n"
    summary = Document(server, text, "markdown").summary()
    assert summary.startswith("This tool reads files and writes them.")
    assert "My page" not in summary


def test_a_tag_is_no_sentence_of_an_outline(server):
    text = "/**\n * @param a x\n */\nfunction b(a) {}\n"
    assert "@param" not in Document(server, text, "javascript").summary()


def test_a_licence_is_no_summary(server):
    text = "def parse(text):\n    return text.split(',')\n"
    assert "Copyright" not in Document(server, text).summary()
    commented = Document(server, text).commented()
    assert "Copyright" not in commented
    assert commented.endswith(text)
    assert commented.startswith("#")


JSX = "export const A = () => (\n  <div>\n    <b>Hello</b>\n    <i>World</i>\n  </div>\n);\n"
SQL = 'SQL = """\nSELECT a\nFROM t\n"""\n'
CONTINUED = "x = 1 + \\\n    2 + \\\n    3\n"
PLACES = [
    ("typescriptreact", JSX, "<b>", "</i>", JSX.replace("  <div>", "  // …\n  <div>", 1)),
    ("css", "body {\n  color: red;\n}\n", "body", "}", "/* … */\nbody {\n  color: red;\n}\n"),
    ("python", SQL, "SELECT", "t\n", "# …\n" + SQL),
    ("python", CONTINUED, "2 +", "3", "# …\n" + CONTINUED),
    ("javascript", "#!/usr/bin/env node\nfunction f() {}\n", "#!", "}", "#!/usr/bin/env node\n// …\n//\n// …\nfunction f() {}\n"),
]  # fmt: skip


@pytest.mark.parametrize(("language", "text", "first", "last", "expected"), PLACES)
def test_a_summary_as_a_comment(server, language, text, first, last, expected):  # noqa: PLR0917
    document = Document(server, text, language)
    commented = document.commented(text.index(first), text.rindex(last) + 1)
    assert is_like(commented, expected), commented
