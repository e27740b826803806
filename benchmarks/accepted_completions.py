"""Syntax errors left by completions that are accepted at random places of real files.

    python benchmarks/accepted_completions.py FOLDER [--places 500] [--seed 1]
        [--writer hostile|embedded] [--json FILE]

FOLDER contains source files of any packages; each language gets the same number of places. At each
place, text is removed; a writer's proposal passes the filters and is accepted. `hostile` imitates
bad models: the removed text cut off, continued or doubled, open brackets and quotes,
what already follows, pieces from elsewhere. `embedded` is the embedded model, as if the user had
invoked it.

The syntax errors of the whole file are counted before and after, by walking tree-sitter's nodes in
a way that the filters do not use. Output is one JSON line per language: places, completions shown,
files with more errors than before ("worse"), and Python files that Python's own parser no longer
reads: it requires a body after the header of a block, which a person would write next.
"""

import argparse
import ast
import json
import random
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import tree_sitter

from assist_server.context.cursor import CursorContext
from assist_server.context.snapshot import Snapshot
from assist_server.engine.backend import ModelChoice
from assist_server.engine.loading.open_backend import open_backend
from assist_server.features.inline_completion import complete
from assist_server.postprocess.candidate import Candidate
from assist_server.postprocess.pipeline import clean
from assist_server.settings import Settings
from assist_server.syntax.languages import LANGUAGES, language_for, load_grammar

ENDINGS = {ending for language in LANGUAGES for ending in language.extensions}
_LONGEST_GAP = 60
_TAILS = (
    *("(", ")", "[", "]", "{", "}", '"', "'", "`", '"""', "()", "({", "})", ") {", " {", "\n}"),
    *(
        ":",
        ",",
        ";",
        " =",
        " = ",
        ".",
        "\\",
        "\n\n",
        "\n",
        ' + "',
        "/*",
        "*/",
        "//",
        "#",
        "${",
        "<",
    ),
    *(" of all", "\nelse", "\n    return", "\n\treturn", "\nend", "=>", "->", "f'{", "\n  - a"),
)

Writer = Callable[["Place", CursorContext], tuple[str, int] | None]
"""Returns the text to accept at a place and how many characters of the line it replaces."""


@dataclass(frozen=True)
class Place:
    """A gap in a file."""

    path: str
    language: str
    text: str
    """The file without the removed text."""
    offset: int
    truth: str
    """The removed text."""


def places(folder: Path, count: int, seed: int) -> Iterator[Place]:
    """Yield the same number of gaps for each language."""
    draw = random.Random(seed)  # noqa: S311 - repeatable, not secret
    files: dict[str, list[Path]] = {}
    for path in sorted(folder.rglob("*")):
        if path.suffix in ENDINGS and path.is_file():
            files.setdefault(language_for("", str(path)).id, []).append(path)
    share = -(-count // max(len(files), 1))
    for language, paths in sorted(files.items()):
        for path in draw.choices(paths, k=share):
            text = path.read_text("utf-8", "replace")  # line feeds for every line end
            yield gap(str(path), language, text, draw)


def gap(path: str, language: str, text: str, draw: random.Random) -> Place:
    """Remove nothing, the rest of a line, some characters, or a line."""
    start = draw.randrange(len(text) + 1)
    line_end = text.find("\n", start)
    line_end = len(text) if line_end < 0 else line_end
    ends = [start, line_end, min(len(text), start + draw.randrange(1, _LONGEST_GAP))]
    if draw.random() < 1 / 3:  # where people type: at the beginning of a line's code
        start = text.rfind("\n", 0, start) + 1
        start += len(text[start:line_end]) - len(text[start:line_end].lstrip(" \t"))
        ends = [start, line_end]
    end = max(start, draw.choice(ends))
    return Place(path, language, text[:start] + text[end:], start, text[start:end])


def hostile_text(place: Place, draw: random.Random) -> str:
    """Return a text as bad models write it."""
    text, truth = place.text, place.truth
    other = draw.randrange(len(text) + 1)
    piece = text[other : other + draw.randrange(1, 120)]
    following = text[place.offset : place.offset + draw.randrange(1, 60)]
    tail = draw.choice(_TAILS)
    return draw.choice(
        [
            truth + tail,
            truth[: draw.randrange(len(truth) + 1)],
            truth + following,
            following,
            truth + piece,
            piece,
            piece + tail,
            tail + piece,
            "".join(draw.choices(_TAILS, k=draw.randrange(1, 6))),
            truth[: draw.randrange(len(truth) + 1)] + tail,
        ]
    )


def hostile(draw: random.Random) -> Writer:
    """Return a writer of hostile texts, filtered as a model's are."""

    def write(place: Place, context: CursorContext) -> tuple[str, int] | None:
        candidate = Candidate(hostile_text(place, draw))
        kept = clean(candidate, context, is_unfinished=draw.random() < 1 / 3).candidate
        return None if kept is None else (kept.text, kept.replaced_chars)

    return write


def embedded() -> Writer:
    """Return a writer that asks the embedded model."""
    settings = Settings()
    backend = open_backend(ModelChoice("embedded"))

    def write(_place: Place, context: CursorContext) -> tuple[str, int] | None:
        answer = complete(context, backend, settings)
        return None if answer.text is None else (answer.text, answer.end - answer.start)

    return write


def count_errors(text: str, path: str) -> int:
    """Count nodes that are errors or missing in the whole file, including hidden ones."""
    grammar = language_for("", path).grammar
    if grammar is None:
        raise ValueError(path)
    waiting = [tree_sitter.Parser(load_grammar(grammar)).parse(text.encode()).root_node]
    count = 0
    while waiting:
        node = waiting.pop()
        broken = [child for child in node.children if child.has_error]
        is_hidden = node.has_error and not broken
        count += node.is_error or node.is_missing or is_hidden
        waiting += broken
    return count


def is_readable(text: str) -> bool:
    """Return whether Python's own parser reads a file."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def faults(before: str, after: str, path: str) -> list[str]:
    """Return the names of what became worse when a completion was accepted."""
    found = []
    if count_errors(after, path) > count_errors(before, path):
        found.append("worse")
    if path.endswith(".py") and is_readable(before) and not is_readable(after):
        found.append("unread by Python")
    return found


def measure(place: Place, write: Writer, draw: random.Random) -> tuple[str | None, list[str]]:
    """Accept a proposal; return the new file, or None without a proposal, and the faults."""
    snapshot = Snapshot("file:///a", place.path, place.text)
    context = CursorContext(snapshot, place.offset, draw.choice(["auto", "auto", "always"]))
    proposed = write(place, context)
    if proposed is None:
        return None, []
    text, replaced = proposed
    after = place.text[: place.offset] + text + place.text[place.offset + replaced :]
    return after, faults(place.text, after, place.path)


def main() -> None:
    """Print a JSON line for each language, and each fault with its place."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--places", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--writer", choices=["hostile", "embedded"], default="hostile")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    draw = random.Random(arguments.seed)  # noqa: S311 - repeatable, not secret
    write = hostile(draw) if arguments.writer == "hostile" else embedded()
    figures: dict[str, Counter[str]] = {}
    for place in places(arguments.folder, arguments.places, arguments.seed):
        after, found = measure(place, write, draw)
        counts = figures.setdefault(place.language, Counter())
        counts.update(["places", *(["shown"] if after is not None else []), *found])
        counts.update({"worse": 0})
        for fault in found:
            at = place.offset
            shown = (place.text[max(0, at - 60) : at], place.text[at : at + 40])
            print(f"{fault}: {place.path} @{at}: {shown} {(after or '')[at : at + 60]!r}")
    lines = [
        json.dumps({"language": language, "writer": arguments.writer, **counts})
        for language, counts in figures.items()
    ]
    print("\n".join(lines))
    if arguments.json:
        arguments.json.write_text("\n".join(lines) + "\n", "utf-8")


if __name__ == "__main__":
    main()
