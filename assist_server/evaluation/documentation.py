"""Docstrings written for functions whose own was removed, and their evaluation.

The checks do not use the product's code, but Python's parser and the library docstring_parser.
"""

import ast
import random
import re
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import docstring_parser

from assist_server.context.snapshot import Snapshot
from assist_server.engine.backend import Backend
from assist_server.engine.request import CancelToken
from assist_server.errors import AssistError
from assist_server.evaluation.figures import Estimate, Figures, chrf
from assist_server.evaluation.tasks import Source
from assist_server.evaluation.word_checks import (
    FunctionNode,
    false_facts,
    has_loop,
    is_echo,
    is_filler,
    statements,
    unsupported,
)
from assist_server.features.documentation.document import document
from assist_server.features.documentation.layout import PhraseWriter
from assist_server.features.documentation.model_writer import model_phrase_writer
from assist_server.settings import Settings
from assist_server.text.edits import apply_edits
from assist_server.text.lines import LineIndex

_MIN_WORDS = 3
SECONDS = "seconds"
_CHECKS = (
    "chrF", "parses", "right parameters", "nothing invented", "fits", "says more", "filler",
    "false", "unsupported", "loops", "echo", "placeholders",
)  # fmt: skip
_WORD = re.compile(r"[a-z]+")

Documenter = Callable[["Function"], str | None]
"""Returns the file with a docstring for a function; None if none was written."""


@dataclass(frozen=True)
class Function:
    """A function whose docstring was removed."""

    path: str
    text: str
    """The file without the docstring."""
    name: str
    line: int
    """The line of its header in that text, counted from 1."""
    summary: str
    """The first line of the original docstring."""


def product_documenter(backend: Backend, settings: Settings) -> Documenter:
    """Return a documenter that uses the product with a model."""
    return _documenter(
        lambda path: model_phrase_writer(path, backend, settings, CancelToken()), settings
    )


def facts_documenter(settings: Settings) -> Documenter:
    """Return a documenter that uses the product without a model: facts only."""
    return _documenter(lambda _: lambda *_: None, settings)


def _documenter(writer_for: Callable[[str], PhraseWriter], settings: Settings) -> Documenter:
    def write(function: Function) -> str | None:
        snapshot = Snapshot(f"file:///{function.path}", function.path, function.text)
        offset = snapshot.lines.start_of(function.line - 1)
        offset += len(snapshot.lines.line_text(function.line - 1).rstrip()) - 1
        try:
            found = document(snapshot, offset, writer_for(function.path), settings.documentation)
        except AssistError:
            return None
        return apply_edits(function.text, found.edits)

    return write


def choose_functions(sources: Sequence[Source], count: int, seed: int) -> list[Function]:
    """Choose `count` documented functions, one of each file before a second of any."""
    draw = random.Random(seed)  # noqa: S311 - repeatable, not secret
    groups = [draw.sample(found, len(found)) for source in sources if (found := _found(source))]
    draw.shuffle(groups)
    deepest = max(map(len, groups), default=0)
    ordered = [group[i] for i in range(deepest) for group in groups if i < len(group)]
    return ordered[:count]


def _found(source: Source) -> list[Function]:
    try:
        nodes = list(ast.walk(ast.parse(source.text)))
    except (SyntaxError, ValueError):
        return []
    return [function for node in nodes if (function := _without_docstring(source, node))]


def _without_docstring(source: Source, node: ast.AST) -> Function | None:
    if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) or len(node.body) < 2:
        return None
    first, docstring = node.body[0], ast.get_docstring(node)
    if docstring is None or first.lineno <= node.lineno:
        return None
    summary = docstring.partition("\n")[0].strip()
    if len(summary.split()) < _MIN_WORDS:
        return None
    lines = LineIndex(source.text)
    start, end = lines.start_of(first.lineno - 1), lines.start_of(first.end_lineno or 0)
    text = source.text[:start] + source.text[end:]
    return Function(source.path, text, node.name, node.lineno, summary)


def rate_documentation(
    write: Documenter, functions: Sequence[Function], line_length: int
) -> Figures:
    """Check the structure of docstrings, and compare summaries with the original ones."""
    rated, seconds = [], []
    for function in functions:
        start = time.monotonic()
        text = write(function)
        seconds.append(time.monotonic() - start)
        rated.append(_rate(function, text, line_length))
    written = [checks for checks in rated if checks is not None]
    names = written[0] if written else {}
    figures: Figures = {"written": Estimate.of([float(checks is not None) for checks in rated])}
    figures |= {name: Estimate.of([checks[name] for checks in written]) for name in names}
    return figures | {SECONDS: Estimate.of(seconds)}


def _rate(function: Function, text: str | None, line_length: int) -> dict[str, float] | None:
    if text is None:
        return None
    try:
        node = next(_functions(ast.parse(text), function), None)
    except (SyntaxError, ValueError):
        node = None
    docstring = ast.get_docstring(node) if node else None
    if node is None or docstring is None:
        return dict.fromkeys(_CHECKS, 0.0)
    parsed = docstring_parser.parse(docstring)
    summary = docstring.partition("\n")[0]
    lines = text.splitlines()[node.body[0].lineno - 1 : node.body[0].end_lineno]
    return {
        "chrF": chrf(summary, function.summary),
        "parses": 1.0,
        "right parameters": float(_names_parameters(parsed, node)),
        "nothing invented": float(_raised(parsed) <= _names_in(node)),
        "fits": float(max(map(len, lines)) <= line_length),
        "says more": float(not set(_words(summary)) <= set(_words(function.name))),
        **_rate_words(docstring, node, ast.unparse(node)),
    }


def _rate_words(docstring: str, node: FunctionNode, source: str) -> dict[str, float]:
    """Return the shares of statements that are wrong or empty, and of those left to a person."""
    every = statements(docstring)
    said = [one for one in every if not one.is_placeholder]
    return {
        "filler": _share(is_filler(one, node) for one in said),
        "false": _share(bool(false_facts(one, node)) for one in said),
        "unsupported": _share(bool(unsupported(one.text, source)) for one in said),
        "loops": float(any(has_loop(one.text) for one in said)),
        "echo": _share(is_echo(one.text, source) for one in said),
        "placeholders": _share(one.is_placeholder for one in every),
    }


def _share(found: Iterable[bool]) -> float:
    listed = list(found)
    return sum(listed) / len(listed) if listed else 0.0


def _functions(
    tree: ast.Module, function: Function
) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and (
            (node.name, node.lineno) == (function.name, function.line)
        ):
            yield node


def _names_parameters(
    parsed: docstring_parser.Docstring, node: ast.FunctionDef | ast.AsyncFunctionDef
) -> bool:
    """Return whether exactly the parameters are documented, or none in a convention without."""
    arguments = node.args
    every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    every += [star for star in (arguments.vararg, arguments.kwarg) if star is not None]
    wanted = {argument.arg for argument in every} - {"self", "cls"}
    named = [name.lstrip("*") for param in parsed.params for name in param.arg_name.split(", ")]
    return not named or (len(named) == len(set(named)) and set(named) == wanted)


def _raised(parsed: docstring_parser.Docstring) -> set[str]:
    return {(one.type_name or "").rpartition(".")[2] for one in parsed.raises}


def _names_in(node: ast.AST) -> set[str]:
    names = {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}
    return names | {each.attr for each in ast.walk(node) if isinstance(each, ast.Attribute)}


def _words(text: str) -> list[str]:
    return [word[:4] for word in _WORD.findall(text.lower())]
