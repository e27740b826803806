"""Faults in updating the documentation of real functions whose signatures change at random.

    python benchmarks/documentation_updates.py FOLDER [--updated 48] [--described] [--seed 1]
                                               [--json FILE]

FOLDER contains source files of any packages. The checks do not use the product's code: words are
counted in the text, entries are found by plain patterns, and the program's tokens by Pygments, or
for Python by its own parser. A refusal is counted, but is not a fault.
"""

import argparse
import ast
import json
import random
import re
import warnings
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from pygments.lexers import get_lexer_by_name
from pygments.token import Comment, String, Whitespace

from assist_server.context.snapshot import Snapshot
from assist_server.errors import AssistError
from assist_server.features.documentation.document import document
from assist_server.features.documentation.phrases import PLACEHOLDER
from assist_server.settings import DocumentationSettings
from assist_server.syntax.definition import Definition
from assist_server.syntax.definitions import LANGUAGE_IDS, find_definition
from assist_server.syntax.languages import language_for
from assist_server.text.edits import apply_edits

NEW_NAME = "zz_added"
WITHOUT_ENTRIES = frozenset({"go", "rust"})
_LINES_TRIED = 8
_FENCED = re.compile(r"^([\s/*!#-]*)(```|~~~).*?\2[ \t]*$", re.MULTILINE | re.DOTALL)
_ENTRY = (
    r"^[\s/*!#-]*(?:[-*+]\s+)?(?:"
    r"(?::(?:param|arg\w*)\b[^:\n]*?|[@\\](?:param|arg\w*)(?:\[.*?\])?\s+(?:\{{.*\}}\s+)?)"
    r"[`*\s\[]*(?<!\w){0}(?!\w|\.\w)"
    r"|@{0}:|[`*]*{0}[`*]*\s*(?: \(.*?\))?(?::| -|$))"
)


@dataclass(frozen=True)
class Place:
    """A function of a file."""

    path: str
    language: str
    text: str
    offset: int


def silent(_prefix: str, _suffix: str, _request: object) -> None:
    """Write no phrase, so that all phrases are made from names."""


def places(folder: Path, seed: int) -> dict[str, list[Place]]:
    """Return functions with parameters by language, in random order, at most three per file."""
    draw = random.Random(seed)  # noqa: S311 - repeatable, not secret
    groups: dict[str, list[Place]] = {}
    for path in sorted(folder.rglob("*")):
        language = language_for("", str(path))
        if not path.is_file() or language.id not in LANGUAGE_IDS:
            continue
        try:
            text = path.read_text("utf-8")
        except UnicodeDecodeError:
            continue
        begins = _offsets(text, path, draw)
        found = [Place(str(path), language.id, text, place) for place in begins]
        groups.setdefault(language.id, []).extend(draw.sample(found, min(len(found), 3)))
    return {language: draw.sample(found, len(found)) for language, found in groups.items()}


def _offsets(text: str, path: Path, draw: random.Random) -> list[int]:
    """Return the offsets of some functions that have named parameters."""
    tree = Snapshot("file:///a", str(path), text).syntax
    found = set()
    ends = [line.end() for line in re.finditer(r"(?m)^[^\n]*\([^\n]*$", text)]
    for end in draw.sample(ends, min(len(ends), _LINES_TRIED)):
        definition = find_definition(tree, end) if tree else None
        if definition and definition.is_callable and definition.parameters:
            found.add(definition.keyword)
    return sorted(found)


def update(place: Place) -> tuple[Place, str | None]:
    """Document the function at a place; return the new place, and why it was refused, if so."""
    snapshot = Snapshot("file:///a", place.path, place.text)
    try:
        found = document(snapshot, place.offset, silent, DocumentationSettings())
    except AssistError as error:
        return place, str(error)
    ahead = [one for one in found.edits if one.end <= place.offset]
    moved = place.offset + sum(len(one.new_text) - (one.end - one.start) for one in ahead)
    return replace(place, text=apply_edits(place.text, found.edits), offset=moved), None


def definition_at(place: Place) -> Definition | None:
    """Return the definition at a place."""
    tree = Snapshot("file:///a", place.path, place.text).syntax
    return find_definition(tree, place.offset) if tree else None


def change_signature(place: Place, draw: random.Random) -> Place | None:
    """Add, remove or rename a parameter; return None if the text does not allow it."""
    definition = definition_at(place)
    if definition is None:
        return None
    start = place.text.find("(", definition.keyword, definition.header.end)
    items = list(_arguments(place.text, start)) if start >= 0 else []
    usable = [
        (span, one.name)
        for one in definition.parameters
        for span in items
        if re.search(rf"(?<!\w){re.escape(one.name)}(?!\w)", place.text[slice(*span)])
    ]
    if not usable:
        return None
    (first, last), name = draw.choice(usable)
    item = place.text[first:last]
    renamed = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", NEW_NAME, item, count=1)
    ways = {
        "add": f"{renamed.strip()}, {item.strip()}",
        "rename": renamed,
        "remove": None,
    }
    written = ways[draw.choice(sorted(ways))]
    if written is None:
        is_only = len(items) == 1
        end = last if is_only or place.text[last] == ")" else last + 1
        text = place.text[:first] + place.text[end:]
    else:
        text = place.text[:first] + written + place.text[last:]
    changed = replace(place, text=text)
    after = definition_at(changed)
    names = {one.name for one in definition.parameters}
    is_as_meant = after is not None and {one.name for one in after.parameters} != names
    return changed if is_as_meant and after and after.name == definition.name else None


def _arguments(text: str, start: int) -> Iterator[tuple[int, int]]:
    depth, first = 0, start + 1
    for place in range(start, len(text)):
        depth += (text[place] in "([{<") - (text[place] in ")]}>" and text[place - 1] not in "-=")
        if depth == 0 or (depth == 1 and text[place] == ","):
            if text[first:place].strip():
                yield first, place
            first = place + 1
        if depth == 0:
            return


def words(text: str) -> Counter[str]:
    """Return the words of a text, without placeholders, which facts replace."""
    return Counter(re.findall(r"\w+", PLACEHOLDER.sub("", text)))


def tokens(text: str, language: str) -> list[str] | str | None:
    """Return the program without comments; None if it cannot be parsed."""
    if language == "python":
        return _python_tree(text)
    lexer = get_lexer_by_name({"typescript": "typescript", "tsx": "tsx"}.get(language, language))
    kept = [
        value.strip()
        for kind, value in lexer.get_tokens(text)
        if (kind not in Comment or kind in Comment.Preproc)
        and kind not in Whitespace
        and kind not in String.Doc
    ]
    return [value for value in kept if value]


def _python_tree(text: str) -> str | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return None
    for node in ast.walk(tree):
        has_docstring = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        if has_docstring and ast.get_docstring(node) is not None:
            node.body = node.body[1:]
    return ast.dump(tree)


def entries(place: Place) -> Counter[str]:
    """Count, for each parameter, the lines of documentation that begin an entry about it."""
    definition = definition_at(place)
    span = definition.documentation if definition else None
    written = place.text[span.start : span.end] if span else ""
    written = _FENCED.sub("", written)  # example programs name parameters, too
    names = [one.name for one in definition.parameters] if definition else []
    return Counter(
        {
            name: len(re.findall(_ENTRY.format(re.escape(name)), written, re.MULTILINE))
            for name in names
        }
    )


def faults(before: Place, after: Place) -> list[str]:
    """Return the faults of an update."""
    found = []
    if words(before.text) - words(after.text):
        found.append("words lost")
    if tokens(before.text, before.language) != tokens(after.text, after.language):
        found.append("tokens changed")
    old, new = entries(before), entries(after)
    if any(new[name] > max(1, old[name]) for name in new):
        found.append("described twice")
    return found


def measure(place: Place, draw: random.Random) -> tuple[str, list[str]]:
    """Document, change, update; return the outcome and the faults."""
    documented, refusal = update(place)
    found = faults(place, documented)
    if refusal is not None and "already" not in refusal:
        return "refused", found
    changed = change_signature(documented, draw)
    if changed is None:
        return "documented only", found
    updated, refusal = update(changed)
    found += faults(changed, updated)
    if refusal is None:
        is_new = NEW_NAME in entries(updated) and not entries(changed)[NEW_NAME]
        if is_new and not entries(updated)[NEW_NAME]:
            found.append("not described")
        return "updated", found
    return "left" if "already" in refusal else "update refused", found


def survey(candidates: list[Place], wanted: int, draw: random.Random) -> Counter[str]:
    """Measure functions of one language until `wanted` were changed and updated.

    Where documentation has no entries, there is nothing to update, so unchanged ones count.
    """
    counts: Counter[str] = Counter()
    if not candidates:
        return counts
    counted = "left" if candidates[0].language in WITHOUT_ENTRIES else "updated"
    for place in candidates:
        if counts[counted] >= wanted:
            break
        outcome, found = measure(place, draw)
        counts.update([outcome, *found])
        for fault in found:
            print(f"{fault}: {place.path}:{place.text.count(chr(10), 0, place.offset) + 1}")
    return counts


def main() -> None:
    """Print the figures of every language."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--updated", type=int, default=48, help="functions of each language")
    parser.add_argument(
        "--described", action="store_true", help="only functions with described parameters"
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    draw = random.Random(arguments.seed)  # noqa: S311 - repeatable, not secret
    found = places(arguments.folder, arguments.seed)
    if arguments.described:
        found = {
            language: [one for one in candidates if any(entries(one).values())]
            for language, candidates in found.items()
        }
    figures = {
        language: survey(candidates, arguments.updated, draw)
        for language, candidates in sorted(found.items())
    }
    for language, counts in figures.items():
        print(language, dict(counts))
    print("all", dict(sum(figures.values(), Counter())))
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
