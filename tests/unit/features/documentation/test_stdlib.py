"""Definitions of the standard library, drawn with a fixed seed, documented in many ways."""

import ast
import random
import re
import sysconfig
import warnings
from collections import Counter
from dataclasses import dataclass
from functools import cache
from itertools import cycle
from pathlib import Path

import docstring_parser
import pytest

from assist_server.context.snapshot import Snapshot
from assist_server.errors import InputError
from assist_server.features.documentation.document import Documentation, document
from assist_server.features.documentation.layout import PhraseWriter
from assist_server.settings import DocumentationSettings
from assist_server.text.newlines import edit_original, with_line_feeds

pytestmark = pytest.mark.slow

CASES = 200
FILES = 90
STYLES = ("google", "numpy", "sphinx", "epytext")
PARSER_STYLES = {
    "google": docstring_parser.DocstringStyle.GOOGLE,
    "numpy": docstring_parser.DocstringStyle.NUMPYDOC,
    "sphinx": docstring_parser.DocstringStyle.REST,
    "epytext": docstring_parser.DocstringStyle.EPYDOC,
}
NASTY = (
    'Return """the""" value',
    "Return the\\nvalue with a \\ in it",
    "Do a thing.\nArgs:\n    invented: A parameter.",
    "x: foo",
    "*/ int main() { return 0; } /*",
    "very long " * 200,
    "Größe der Straße in Ångström, naïvement mesurée, 東京",
    "\u202ereversed\u2066 text",
    'Ends with a quote"',
    "'''",
    ":param invented: Something",
    "Parameters\n----------\ninvented : int",
    "@param invented: Something",
    "\ud800 lone surrogate",
    "\x00\x07 control",
    "",
    "    ",
    "The whole of the value",
    "Returns:",
    "-----",
    'Say "hello" to the user',
    "the the the the",
)

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


@dataclass(frozen=True)
class Case:
    label: str
    text: str
    number: int  # which of the definitions in the text, in the order of ast.walk
    offset: int
    style: str

    def definition(self, text: str) -> Definition:
        return definitions(parse(text))[self.number]


def parse(text: str) -> ast.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(text)


def definitions(tree: ast.AST) -> list[Definition]:
    return [node for node in ast.walk(tree) if isinstance(node, Definition)]


def with_tabs(text: str) -> str:
    return re.sub(r"(?m)^(?: {4})+", lambda spaces: "\t" * (len(spaces[0]) // 4), text)


def with_crlf(text: str) -> str:
    return text.replace("\n", "\r\n")


def without_docstrings(text: str) -> str:
    """The text with the docstrings of functions of more than one statement cut out."""
    lines = text.split("\n")
    for node in definitions(parse(text)):
        first = node.body[0]
        is_alone = len(node.body) == 1 or node.body[1].lineno == first.end_lineno
        if ast.get_docstring(node) is None or is_alone or first.lineno == node.lineno:
            continue
        for number in range(first.lineno - 1, first.end_lineno or first.lineno):
            lines[number] = ""
    return "\n".join(lines)


def is_joinable(node: Definition, lines: list[str]) -> bool:
    """Whether the body is one line right below a header that ends in a colon."""
    last = node.body[-1]
    is_simple = not isinstance(last, ast.If | ast.For | ast.While | ast.With | ast.Try | Definition)
    return (
        is_simple
        and len(node.body) == 1
        and last.lineno == last.end_lineno
        and ast.get_docstring(node) is None
        and lines[last.lineno - 1][: last.col_offset].isspace()
        and lines[last.lineno - 2].endswith(":")
    )


def with_joined_bodies(text: str) -> str:
    """The text with every body of one line moved up behind its colon."""
    lines = text.split("\n")
    for node in definitions(parse(text)):
        if is_joinable(node, lines):
            line = node.body[0].lineno - 1
            lines[line - 1] += f" {lines[line].strip()}"
            lines[line] = ""
    return "\n".join(lines)


VARIANTS = {
    "joined": with_joined_bodies,
    "as_is": lambda text: text,
    "undocumented": without_docstrings,
    "tabs": lambda text: with_tabs(without_docstrings(text)),
    "crlf": lambda text: with_crlf(without_docstrings(text)),
}


def strata(tree: ast.Module, lines: list[str]) -> dict[str, list[int]]:
    """Numbers of the definitions, sorted into kinds that must all be drawn."""
    nested = {
        inner
        for node in definitions(tree)
        if not isinstance(node, ast.ClassDef)
        for inner in ast.walk(node)
        if inner is not node
    }
    found: dict[str, list[int]] = {}
    for number, node in enumerate(definitions(tree)):
        is_function = not isinstance(node, ast.ClassDef)
        kinds = {
            "class": not is_function,
            "async": isinstance(node, ast.AsyncFunctionDef),
            "nested": node in nested,
            "decorated": bool(node.decorator_list),
            "one_line": node.body[0].lineno == node.lineno or is_joinable(node, lines),
            "documented": ast.get_docstring(node) is not None,
            "other": is_function and node not in nested,
        }
        for kind, applies in kinds.items():
            if applies:
                found.setdefault(kind, []).append(number)
    return found


def offset_of(text: str, node: Definition, draw: random.Random) -> int:
    """An offset in the definition: on its first decorator, its name or its last line."""
    places = [(node.lineno, node.col_offset)]
    if not any(
        isinstance(inner, Definition | ast.Lambda) for inner in ast.walk(node) if inner is not node
    ):
        last = node.body[-1]
        places.append((last.lineno, last.col_offset))
    if node.decorator_list:
        places.append((node.decorator_list[0].lineno, node.decorator_list[0].col_offset))
    line, column = draw.choice(places)
    lines = text.split("\n")
    ahead = lines[line - 1].encode()[:column].decode()
    return sum(len(one) + 1 for one in lines[: line - 1]) + len(ahead)


@cache
def drawn_cases() -> tuple[Case, ...]:
    draw = random.Random(20_240_607)  # noqa: S311 - a draw of tests, no secret
    stdlib = Path(sysconfig.get_path("stdlib"))
    excluded = {"test", "tests", "site-packages", "dist-packages", "lib2to3", "__pycache__"}
    paths = [
        path
        for path in sorted(stdlib.rglob("*.py"))
        if not excluded & set(path.relative_to(stdlib).parts) and 500 < path.stat().st_size < 40_000
    ]
    chosen = [stdlib / "asyncio" / "locks.py", *draw.sample(paths, FILES)]
    pool: dict[str, list[tuple[Path, int]]] = {}
    for path in chosen:
        text = path.read_text("utf-8")
        for kind, numbers in strata(parse(text), text.split("\n")).items():
            pool.setdefault(kind, []).extend((path, number) for number in numbers)
    cases: dict[tuple[Path, int], Case] = {}
    kinds, variants, styles = cycle(sorted(pool)), cycle(VARIANTS), cycle(STYLES)
    while len(cases) < CASES:
        path, number = draw.choice(pool[kind := next(kinds)])
        fixed = {"documented": "as_is", "one_line": "joined"}
        variant = fixed.get(kind) or next(variants)
        text = VARIANTS[variant](path.read_text("utf-8"))
        node = definitions(parse(text))[number]
        label = f"{path.relative_to(stdlib)}:{node.name}:{kind}:{variant}"
        cases[path, number] = Case(label, text, number, offset_of(text, node, draw), next(styles))
    return tuple(cases.values())


def expected_parameters(tree: ast.Module, node: Definition) -> list[str]:
    """By Python's own grammar: all parameters but the first of a method that is not static."""
    if isinstance(node, ast.ClassDef):
        return []
    arguments = node.args
    positional = [one.arg for one in (*arguments.posonlyargs, *arguments.args)]
    if is_method(tree, node) and not is_static(node):
        positional = positional[1:]
    extra = [one.arg for one in (arguments.vararg, arguments.kwarg) if one is not None]
    return [*positional, *(one.arg for one in arguments.kwonlyargs), *extra]


def is_static(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return any(
        isinstance(one, ast.Name) and one.id == "staticmethod" for one in node.decorator_list
    )


def is_method(tree: ast.Module, node: Definition) -> bool:
    """Whether the innermost definition around a node is a class."""
    around = [
        outer for outer in definitions(tree) if outer is not node and node in set(ast.walk(outer))
    ]
    return bool(around) and isinstance(
        min(around, key=lambda one: len(list(ast.walk(one)))), ast.ClassDef
    )


def dump_without_docstring(node: Definition) -> str:
    body = node.body
    if ast.get_docstring(node, clean=False) is not None:
        body = body[1:]
    fields = {name: value for name, value in ast.iter_fields(node) if name != "body"}
    return ast.dump(type(node)(**fields, body=body))


def check(case: Case, write_phrase: PhraseWriter) -> Documentation | None:
    """Document the definition of a case and check the result; None where all was there already."""
    settings = DocumentationSettings(style=case.style)
    snapshot = Snapshot("file:///a.py", "a.py", case.text, "python")
    before = case.definition(case.text)
    old = ast.get_docstring(before, clean=False)
    try:
        offset = len(with_line_feeds(case.text[: case.offset]))
        result = document(snapshot, offset, write_phrase, settings)
    except InputError as error:
        if old is None or "already documented" not in str(error):
            raise
        return None
    assert result.name == before.name, case.label
    after_text = edit_original(case.text, result.edits)
    after_tree = parse(after_text)
    after = definitions(after_tree)[case.number]
    assert dump_without_docstring(after) == dump_without_docstring(before), case.label
    docstring = ast.get_docstring(after)
    assert docstring is not None, case.label
    expected = expected_parameters(after_tree, after)
    if old is None:
        parsed = docstring_parser.parse(docstring, PARSER_STYLES[result.style])
        named = [one.arg_name.lstrip("*") for one in parsed.params if one.args[0] != "attribute"]
        is_readable = result.style != "epytext" or not isinstance(after, ast.ClassDef)
        if is_readable:  # docstring_parser takes epytext's attributes for parameters
            assert Counter(named) == Counter(expected), case.label
    else:
        kept = [line for line in old.splitlines() if line.strip()]
        present = [line.strip() for line in docstring.splitlines()]
        assert all(line.strip() in present for line in kept), case.label
    newlines = set(re.findall(r"\r?\n", after_text))
    assert newlines <= {"\r\n" if "\r\n" in case.text else "\n"}, case.label
    return result


def test_the_draw_covers_what_it_should():
    kinds = Counter(case.label.split(":")[2] for case in drawn_cases())
    variants = Counter(case.label.split(":")[3] for case in drawn_cases())
    assert len(drawn_cases()) == CASES
    assert min(kinds.values()) >= 15
    assert set(kinds) == {
        "class",
        "async",
        "nested",
        "decorated",
        "one_line",
        "documented",
        "other",
    }
    assert set(variants) == set(VARIANTS)


@pytest.mark.parametrize("number", range(0, CASES, 10))
def test_names_alone_document_without_touching_code(number):
    for case in drawn_cases()[number : number + 10]:
        result = check(case, lambda prefix, suffix, request: None)
        assert result is None or result.model_phrases == 0


@pytest.mark.parametrize("number", range(0, CASES, 10))
def test_a_hostile_writer_cannot_touch_code_either(number):
    draw = random.Random(number)  # noqa: S311 - a draw of tests, no secret
    for case in drawn_cases()[number : number + 10]:
        check(case, lambda prefix, suffix, request: draw.choice(NASTY))
