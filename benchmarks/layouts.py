"""Quality of prompt layouts: the same lines completed in each of them.

    python benchmarks/layouts.py FILE [--model M] [--items N]

FILE is a benchmark of single lines in SantaCoder's format (see healing.py). The model must know the
control tokens of both orders, as the embedded one does, which shares them with Qwen's.
"""

import argparse
import random
import sys
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from unittest.mock import patch

from healing import Place, lines_of, request_at
from rich.console import Console
from rich.progress import track

from assist_server.engine.backend import Backend, ModelChoice
from assist_server.engine.loading.open_backend import open_backend
from assist_server.engine.request import collect
from assist_server.features import infilling
from assist_server.settings import Settings

LAYOUTS = {
    "suffix first, completion after the prefix": ("assist", True),
    "prefix first, as documented": ("qwen2.5-coder", False),
    "prefix first, frozen above the cursor": ("qwen2.5-coder", True),
}
"""The template of each layout, and whether the prefix is frozen if the template allows it."""


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("file", type=Path)
    parser.add_argument("--model", default="embedded")
    parser.add_argument("--items", type=int, default=400)
    options = parser.parse_args()
    places = list(lines_of(options.file))
    places = random.Random(0).sample(places, min(options.items, len(places)))  # noqa: S311
    backend = open_backend(ModelChoice(options.model))
    console = Console(highlight=False)
    for name, (template, freezes) in LAYOUTS.items():
        with nullcontext() if freezes else unfrozen():
            right = sum(is_right(backend, place, template) for place in track(places, name))
        console.print(f"{name}: {right / len(places):.1%} of {len(places)} lines")
    backend.close()
    return 0


def unfrozen() -> AbstractContextManager[object]:
    """Let the prefix end at the cursor."""
    return patch.object(infilling, "freeze_point", lambda _text, _start, end, _tokens: end)


def is_right(backend: Backend, place: Place, template: str) -> bool:
    """Return whether the model writes the line exactly."""
    request = request_at(backend, place, Settings(fim_template=template))
    line = collect(backend.generate(request)).text.partition("\n")[0].rstrip()
    return line == place.missing.rstrip()


if __name__ == "__main__":
    sys.exit(main())
