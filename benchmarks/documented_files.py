"""Faults in documenting all undocumented definitions of real files.

    python benchmarks/documented_files.py FOLDER [--files 24] [--private] [--style auto] [--seed 1]
                                          [--out FOLDER]

FOLDER contains source files of any packages; `--files` of each language are documented, without a
model. The checks do not use the product's code: the program's tokens are compared by Pygments, or
for Python by its own parser, a person's words must stay in their order, and a second run must
change nothing. `--out` keeps the documented files for other tools.
"""

import argparse
import random
import re
from collections import Counter
from pathlib import Path

from documentation_updates import silent, tokens
from pygments.lexers import get_lexer_by_name
from pygments.token import Error

from assist_server.context.snapshot import Snapshot
from assist_server.engine.request import CancelToken
from assist_server.errors import AssistError
from assist_server.features.documentation.whole_file import FileDocumentation, document_file
from assist_server.settings import DocumentationSettings
from assist_server.syntax.definitions import LANGUAGE_IDS
from assist_server.syntax.languages import language_for
from assist_server.text.edits import apply_edits

_MAX_BYTES = 200_000


def files(folder: Path, wanted: int, seed: int) -> dict[str, list[Path]]:
    """Return files by language, in random order, that are neither empty nor generated."""
    draw = random.Random(seed)  # noqa: S311 - repeatable, not secret
    groups: dict[str, list[Path]] = {}
    for path in sorted(folder.rglob("*")):
        language = language_for("", str(path)).id
        if language in LANGUAGE_IDS and ".min." not in path.name and path.is_file():
            size = path.stat().st_size
            if 500 < size < _MAX_BYTES:
                groups.setdefault(language, []).append(path)
    return {name: draw.sample(found, min(wanted, len(found))) for name, found in groups.items()}


def run(path: Path, text: str, settings: DocumentationSettings) -> FileDocumentation:
    """Document a file without a model."""
    snapshot = Snapshot(path.absolute().as_uri(), path.name, text)
    return document_file(snapshot, silent, settings, CancelToken())


def errors(text: str, language: str) -> int:
    """Return the number of places that cannot be divided into tokens."""
    return sum(kind in Error for kind, _ in get_lexer_by_name(language).get_tokens(text))


def keeps_words(before: str, after: str) -> bool:
    """Return whether the words of a text stay in their order."""
    later = iter(re.findall(r"\w+", after))
    return all(any(word == other for other in later) for word in re.findall(r"\w+", before))


def faults(path: Path, text: str, settings: DocumentationSettings) -> tuple[Counter[str], str]:
    """Document a file twice; return what was counted and the documented text."""
    language = language_for("", str(path)).id
    try:
        found = run(path, text, settings)
    except AssistError as error:
        print(f"refused: {path}: {error}")
        return Counter(["files", "files refused"]), text
    after = apply_edits(text, found.edits)
    counts = Counter(
        {
            "files": 1,
            "definitions": len(found.documented),
            "placeholders": found.placeholders,
            "definitions refused": len(found.refused),
        }
    )
    for one in found.refused:
        print(f"refused: {path}:{one.line} {one.name}: {one.reason}")
    checks = {
        "tokens changed": tokens(text, language) == tokens(after, language),
        "more errors": errors(after, language) <= errors(text, language),
        "words lost": keeps_words(text, after),
        "second run changes": not run(path, after, settings).edits,
    }
    for name, is_met in checks.items():
        if not is_met:
            print(f"{name}: {path}")
            counts[name] += 1
    return counts, after


def main() -> None:
    """Print the figures of every language."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--files", type=int, default=24, help="files of each language")
    parser.add_argument("--private", action="store_true", help="private definitions, too")
    parser.add_argument("--style", default="auto", help="convention of Python's docstrings")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    settings = DocumentationSettings(style=arguments.style, include_private=arguments.private)
    total: Counter[str] = Counter()
    for language, paths in sorted(files(arguments.folder, arguments.files, arguments.seed).items()):
        counts: Counter[str] = Counter()
        for number, path in enumerate(paths):
            try:
                text = path.read_text("utf-8")
            except UnicodeDecodeError:
                continue
            found, after = faults(path, text, settings)
            counts += found
            if arguments.out:
                arguments.out.mkdir(parents=True, exist_ok=True)
                target = arguments.out / f"{language}_{number}{path.suffix}"
                target.write_text(after, "utf-8")
        print(language, dict(counts), flush=True)
        total += counts
    print("all", dict(total))


if __name__ == "__main__":
    main()
