"""CPU time of the filter that keeps code well-formed, in files of 10,000 lines.

    python benchmarks/filter_cost.py FILE... [--places 60] [--seed 1]

Each file's lines are repeated until there are 10,000. Text is removed inside random lines; `right`
puts it back, `wrong` adds brackets, quotes and words to a part of it. Output is one JSON line per
file and case, with the median and the 90th percentile in milliseconds.
"""

import argparse
import json
import random
import re
import statistics
import time
from pathlib import Path

from assist_server.context.cursor import CursorContext
from assist_server.context.snapshot import Snapshot
from assist_server.postprocess.candidate import Candidate
from assist_server.postprocess.well_formed import keep_well_formed

LINES = 10_000
_WRONG = ("(a, b", ") + (", "]", " of all)", '"open', "} else {", " = = 1", "one two")


def of_length(text: str) -> str:
    """Repeat whole files until there are enough lines."""
    return text * (LINES // max(text.count("\n"), 1) + 1)


def cost_ms(text: str, path: str, offset: int, written: str) -> float:
    """Measure one run, without the line index, which other filters need as well."""
    context = CursorContext(Snapshot("file:///a", path, text), offset)
    context.snapshot.lines.line_at(offset)
    started_s = time.process_time()
    keep_well_formed(Candidate(written), context)
    return (time.process_time() - started_s) * 1000


def measure(path: Path, count: int, seed: int) -> dict[str, list[float]]:
    """Return the times of both cases, in milliseconds."""
    draw = random.Random(seed)  # noqa: S311 - repeatable, not secret
    text = of_length(path.read_text("utf-8"))
    lines = list(re.finditer(r"(?m)^[ \t]*\w.{8,}$", text))
    times: dict[str, list[float]] = {"right": [], "wrong": []}
    for line in draw.sample(lines, count):
        start = draw.randrange(line.start() + len(line[0]) - len(line[0].lstrip()), line.end())
        end = draw.choice([line.end(), draw.randrange(start, line.end() + 1)])
        gapped = text[:start] + text[end:]
        truth = text[start:end]
        wrong = truth[: draw.randrange(len(truth) + 1)] + draw.choice(_WRONG)
        times["right"].append(cost_ms(gapped, str(path), start, truth))
        times["wrong"].append(cost_ms(gapped, str(path), start, wrong))
    return times


def main() -> None:
    """Print a JSON line for each file and case."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", type=Path, nargs="+")
    parser.add_argument("--places", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    for path in arguments.files:
        for case, found in measure(path, arguments.places, arguments.seed).items():
            figures = {
                "file": path.name,
                "case": case,
                "median_ms": round(statistics.median(found), 2),
                "p90_ms": round(statistics.quantiles(found, n=10)[-1], 2),
            }
            print(json.dumps(figures))


if __name__ == "__main__":
    main()
