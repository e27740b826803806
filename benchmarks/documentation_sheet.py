"""A sheet for readers: functions beside the documentation that is generated for them.

    python benchmarks/documentation_sheet.py FOLDER [--functions 12] [--seed 1]
                                             [--languages go,rust] [--model embedded | none]
                                             [--phrases] [--rows FILE]

Functions are drawn from the source files in FOLDER, the same number for each language; their own
documentation is removed first. Read each statement beside the code: is it true, and does it say
more than the signature? With `--phrases`, the model is asked for phrases instead, and each is
printed with the figures that decide whether it is used, beside what a person wrote: by such a list
the thresholds in `features/documentation/plausibility.py` and `model_writer.py` were chosen.
"""

import argparse
import json
import random
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from assist_server.cli.inputs import load_settings, opened_model
from assist_server.context.snapshot import Snapshot
from assist_server.engine.backend import Backend
from assist_server.engine.request import CancelToken, Chunk, GenerationRequest
from assist_server.errors import AssistError
from assist_server.features.documentation.document import document
from assist_server.features.documentation.layout import PhraseWriter
from assist_server.features.documentation.model_writer import model_phrase_writer
from assist_server.features.documentation.phrases import PhraseRequest, clean
from assist_server.features.documentation.plausibility import new_words, share_in
from assist_server.settings import Settings
from assist_server.syntax.definition import Definition
from assist_server.syntax.definitions import LANGUAGE_IDS, find_definitions
from assist_server.syntax.languages import language_for
from assist_server.text.edits import TextEdit, apply_edits

_ANY_LOG_PROB = -99.0
_FEWEST_LINES, _MAX_LINES = 3, 40
_PER_FILE = 2
_SKIPPED = (
    "test", "spec", "example", "sample", "vendor", "third_party", "node_modules", "dist", "debian",
    "build", "bench", "fuzz", "docs", "codemod",
)  # fmt: skip


@dataclass(frozen=True)
class Function:
    """A function without its documentation."""

    path: str
    language: str
    text: str
    offset: int
    code: str
    written: str
    """The removed documentation."""


def functions(folder: Path, seed: int) -> dict[str, list[Function]]:
    """Return functions by language in random order, at most two per file."""
    draw = random.Random(seed)  # noqa: S311 - repeatable, not secret
    found: dict[str, list[Function]] = {}
    for path in sorted(folder.rglob("*")):
        language = language_for("", str(path))
        parts = [part.lower() for part in path.relative_to(folder).parts]
        is_test = any(name in part for part in parts for name in _SKIPPED)
        if language.id not in LANGUAGE_IDS or is_test or not path.is_file():
            continue
        try:
            text = path.read_text("utf-8").replace("\r\n", "\n")
        except UnicodeDecodeError:
            continue
        here = list(_functions(path, text))
        found.setdefault(language.id, []).extend(draw.sample(here, min(len(here), _PER_FILE)))
    return {language: draw.sample(some, len(some)) for language, some in found.items()}


def _functions(path: Path, text: str) -> Iterator[Function]:
    tree = Snapshot("file:///a", str(path), text).syntax
    if tree is None:
        return
    for one in find_definitions(tree, 0, len(text)):
        lines = text.count("\n", one.keyword, one.span.end) + 1
        if one.is_callable and one.body and _FEWEST_LINES <= lines <= _MAX_LINES:
            yield _undocumented(path, text, one, tree.language.id)


def _undocumented(path: Path, text: str, one: Definition, language: str) -> Function:
    span, written = one.documentation, ""
    start, end = one.span.start, one.span.end
    after, keyword = text, one.keyword
    if span is not None:
        written = text[span.start : span.end]
        first = text.rfind("\n", 0, span.start) + 1
        last = span.end + (text[span.end : span.end + 1] == "\n")
        first = first if not text[first : span.start].strip() else span.start
        after = apply_edits(text, [TextEdit(first, last, "")])
        removed = last - first
        end -= removed if first < end else 0
        start, keyword = (
            (start - removed, keyword - removed) if first < keyword else (start, keyword)
        )
    line = after.rfind("\n", 0, max(start, 0)) + 1
    return Function(str(path), language, after, keyword, after[line:end], written)


def print_sheet(
    function: Function, number: int, writer: PhraseWriter, settings: Settings
) -> dict[str, object]:
    """Print a function and its documentation; return the row of a reading without its verdict."""
    snapshot = Snapshot("file:///a", function.path, function.text)
    try:
        found = document(snapshot, function.offset, writer, settings.documentation)
        text = found.text
        counts = f"{found.fact_phrases} facts, {found.model_phrases} by the model"
    except AssistError as error:
        text, counts = f"!! {error}", "none"
    print(f"\n===== {number}. {function.language}: {function.path} ({counts})")
    print(textwrap.indent(textwrap.dedent(function.code), "    "))
    print("-----")
    print(textwrap.indent(textwrap.dedent(text), "    "))
    line = function.text.count("\n", 0, function.offset) + 1
    return {
        "language": function.language,
        "file": function.path,
        "line": line,
        "text": textwrap.dedent(text),
        "verdict": "",
        "reason": "",
    }


class Recorder:
    """A backend that remembers how sure the model was of its last answer."""

    def __init__(self, backend: Backend) -> None:
        """Pass on everything to a backend."""
        self._backend = backend
        self.log_prob = 0.0

    def __getattr__(self, name: str) -> object:
        return getattr(self._backend, name)

    def generate(self, request: GenerationRequest) -> Iterator[Chunk]:
        """Yield the backend's chunks."""
        log_probs: list[float] = []
        for chunk in self._backend.generate(request):
            log_probs += chunk.log_probs
            yield chunk
        self.log_prob = sum(log_probs) / len(log_probs) if log_probs else -99.0


def print_phrases(function: Function, backend: Backend, settings: Settings) -> None:
    """Print the phrases that a model writes for a function, with the figures about them."""
    snapshot = Snapshot("file:///a", function.path, function.text)
    recorder = Recorder(backend)
    writer = model_phrase_writer(
        function.path, cast("Backend", recorder), settings, CancelToken(), _ANY_LOG_PROB
    )

    def write(prefix: str, suffix: str, request: PhraseRequest) -> str | None:
        text = writer(prefix, suffix, request)
        phrase = clean(text, request)
        if phrase is not None:
            share = share_in(phrase, request, function.code)
            print(
                f"{recorder.log_prob:5.2f} {share:4.2f} {len(new_words(phrase, request))} new "
                f"{request.kind}:{request.subject}: {phrase}",
                flush=True,
            )
        return text

    print(f"\n===== {function.language}: {function.path}")
    print(textwrap.indent(textwrap.dedent(function.code), "    "))
    print(textwrap.indent(textwrap.dedent(function.written), "  written: "))
    try:
        document(snapshot, function.offset, write, settings.documentation)
    except AssistError as error:
        print(f"!! {error}")


def main() -> None:
    """Draw the functions and print the sheet."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--functions", type=int, default=12, help="how many for each language")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--languages", default=",".join(LANGUAGE_IDS))
    parser.add_argument("--model", default="embedded", help="a model, or none")
    parser.add_argument("--phrases", action="store_true")
    parser.add_argument("--rows", type=Path, help="file for the rows of the reading, as JSON lines")
    asked = parser.parse_args()
    drawn = functions(asked.folder, asked.seed)
    if asked.phrases:
        drawn = {key: [one for one in some if one.written] for key, some in drawn.items()}
    chosen = [
        one
        for language in asked.languages.split(",")
        for one in drawn.get(language, ())[: asked.functions]
    ]
    rows: list[dict[str, object]] = []
    if asked.model == "none":
        rows += [
            print_sheet(one, number, lambda *_: None, Settings())
            for number, one in enumerate(chosen, 1)
        ]
    else:
        rows += _with_model(chosen, load_settings({"model": asked.model}), asked)
    if asked.rows:
        asked.rows.write_text("".join(f"{json.dumps(row)}\n" for row in rows), "utf-8")


def _with_model(
    chosen: list[Function], settings: Settings, asked: argparse.Namespace
) -> Iterator[dict[str, object]]:
    with opened_model(settings) as backend:
        for number, one in enumerate(chosen, 1):
            if asked.phrases:
                print_phrases(one, backend, settings)
            else:
                writer = model_phrase_writer(one.path, backend, settings, CancelToken())
                yield print_sheet(one, number, writer, settings)


if __name__ == "__main__":
    main()
