"""Effect of token healing: the same places completed with it and without it.

    python benchmarks/healing.py [--places N] [--infilling FILE] [MODULE ...]

Places inside identifiers come from the sources of importable modules that the model was not trained
on (for the embedded model: rich and click, which are installed as dependencies). FILE is a
benchmark of single lines in SantaCoder's format: gzipped JSON lines with `prompt`, `suffix` and
`canonical_solution`; the cursor is after the indentation of an empty line.
"""

import argparse
import gzip
import importlib.util
import io
import json
import keyword
import random
import re
import sys
import tokenize
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from rich.console import Console
from rich.progress import track

from assist_server.context.cursor import CursorContext
from assist_server.context.snapshot import Snapshot
from assist_server.engine.backend import Backend, ModelChoice
from assist_server.engine.loading.open_backend import open_backend
from assist_server.engine.request import CancelToken, GenerationRequest, collect
from assist_server.features.inline_completion import build_request
from assist_server.settings import Settings

SHORTEST_IDENTIFIER = 5
WORD = re.compile(r"\w*")


@dataclass(frozen=True)
class Place:
    """A cursor in a text, and the removed rest of its line."""

    path: str
    prefix: str
    missing: str
    suffix: str


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("modules", nargs="*", default=["rich", "click"])
    parser.add_argument("--places", type=int, default=300)
    parser.add_argument("--model", default="embedded")
    parser.add_argument("--infilling", type=Path)
    options = parser.parse_args()
    backend = open_backend(ModelChoice(options.model))
    console = Console(highlight=False)
    files = [file for name in options.modules for file in sources(name)]
    places = choose(files, options.places)
    report(console, "inside identifiers", compare(backend, places))
    if options.infilling:
        report(console, options.infilling.name, compare(backend, list(lines_of(options.infilling))))
    backend.close()
    return 0


def sources(name: str) -> list[Path]:
    """Return the Python files of an importable package."""
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        sys.exit(f"no module {name!r} is installed; install it or name another")
    return sorted(Path(spec.origin).parent.rglob("*.py"))


def choose(files: Sequence[Path], count: int) -> list[Place]:
    """Choose places inside identifiers, the same in every run."""
    draw = random.Random(0)  # noqa: S311 - repeatable, not secret
    found = [place for file in files for place in inside_identifiers(file, draw)]
    return draw.sample(found, min(count, len(found)))


def inside_identifiers(file: Path, draw: random.Random) -> Iterator[Place]:
    """Yield a place in each long identifier, at least one character from either end."""
    text = file.read_text(encoding="utf-8")
    starts = [0, *(match.end() for match in re.finditer("\n", text))]
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        is_name = token.type == tokenize.NAME and not keyword.iskeyword(token.string)
        if is_name and len(token.string) >= SHORTEST_IDENTIFIER:
            cut = starts[token.start[0] - 1] + token.start[1] + draw.randrange(1, len(token.string))
            end = text.find("\n", cut)
            yield Place(f"{file.parent.name}/{file.name}", text[:cut], text[cut:end], text[end:])


def lines_of(file: Path) -> Iterator[Place]:
    """Yield the places of a benchmark of single lines."""
    with gzip.open(file, "rt", encoding="utf-8") as items:
        for item in map(json.loads, items):
            line = item["canonical_solution"].strip("\n")
            indent = line[: len(line) - len(line.lstrip())]
            prefix = f"{item['prompt']}\n{indent}"
            yield Place("sample.py", prefix, line.strip(), item["suffix"])


def compare(backend: Backend, places: Sequence[Place]) -> dict[str, tuple[float, float]]:
    """Return the shares of exact first words and lines, with healing and without it."""
    right = {"healed": [0, 0], "plain": [0, 0]}
    for place in track(places, "completing", console=Console(stderr=True)):
        request = request_at(backend, place)
        for way, asked in (("healed", request), ("plain", replace(request, healed_text=""))):
            line = collect(backend.generate(asked)).text.partition("\n")[0].rstrip()
            right[way][0] += first_word(line) == first_word(place.missing)
            right[way][1] += line == place.missing.rstrip()
    return {
        way: (words / len(places), lines / len(places)) for way, (words, lines) in right.items()
    }


def request_at(
    backend: Backend, place: Place, settings: Settings | None = None
) -> GenerationRequest:
    """Build the server's request for one line at a place."""
    snapshot = Snapshot(f"file:///{place.path}", place.path, place.prefix + place.suffix)
    context = CursorContext(snapshot, len(place.prefix), "never", "", "")
    return build_request(context, backend, settings or Settings(), CancelToken())


def first_word(text: str) -> str:
    """Return the rest of the current word."""
    match = WORD.match(text)
    return match.group() if match else ""


def report(console: Console, name: str, shares: dict[str, tuple[float, float]]) -> None:
    """Print the shares of one kind of places."""
    for way, (words, lines) in shares.items():
        console.print(f"{name}, {way}: first word {words:.1%}, rest of the line {lines:.1%}")


if __name__ == "__main__":
    sys.exit(main())
