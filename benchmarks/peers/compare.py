"""The same keystrokes on the same weights: transformers' `generate`, llama.cpp, and this project.

    python benchmarks/peers/compare.py

Every engine has a process of its own and the same number of threads. They take turns at each place,
in a different order each time, so that other load on the machine affects all of them.
"""

import argparse
import itertools
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from comparison import print_rows, ratios, rows_from
from engine_process import HERE, Ask, Engine
from participants import Asked, Participant, Samples, Served
from prompts import Choice, Requests, add_choice, chosen, requests_from
from rich.console import Console

from assist_server.cli.benchmark.machine import BUSY, describe_machine
from assist_server.cli.benchmark.session import Session
from assist_server.engine.loading.locate import locate_model
from assist_server.engine.loading.packed_weights import PACKED_FILE
from assist_server.lsp.client import SERVER_COMMAND, LspClient

GENERATE, F16, Q8_0, SAME_FILE, ELSEWHERE, SERVER = (
    "generate", "llama.cpp f16", "llama.cpp q8_0", "llama.cpp, same file", "llama.cpp elsewhere",
    "ours over LSP",
)  # fmt: skip
UNHEALED = "unhealed"
PAUSE_S = 0.2
"""Pause between two turns, in which spinning threads go to sleep."""

COMPARED_PROMPTS = 40
LEAST_AGREEMENT = 0.95
RESULTS = HERE.parent / "results" / "peers.json"


def main(arguments: Sequence[str] | None = None) -> int:
    """Compare; return 1 if the converted weights give other completions."""
    options = read_options(arguments)
    choice, machine = chosen(options), describe_machine()
    if machine.is_busy:
        log(f"{BUSY}: the figures are not reliable")
    log(f"making the prompts of {choice.places} places")
    requests = requests_from(choice, options.model)
    with ExitStack() as stack:
        engines, about = start_engines(options, stack)
        other = F16 if F16 in engines else SAME_FILE
        agreement = agreement_of(engines[GENERATE], engines[other], requests, choice.seed)
        share = f"{agreement.share:.1%} of {agreement.prompts} prompts"
        log(f"{other} continues {share} like {GENERATE}")
        # Of a quantized file, llama.cpp rounds the inputs of matrices as well.
        if other == F16 and agreement.share < LEAST_AGREEMENT:
            log(f"that is less than {LEAST_AGREEMENT:.0%}: the weights are not the same")
            return 1
        participants: dict[str, Participant] = {
            name: Asked(engine, requests) for name, engine in engines.items()
        }
        participants[SERVER] = stack.enter_context(served(options, choice))
        samples = measured(participants, choice)
    ours = our_name(options.dtypes[0])
    rows = rows_from(samples, reference=GENERATE)
    print_rows(rows, ours)
    report = {
        "choice": asdict(choice),
        "model": options.model,
        "threads": options.threads,
        "machine": asdict(machine),
        "agreement": asdict(agreement),
        "engines": about,
        "rows": [asdict(row) for row in rows],
        "ratios": {"to": ours, "engines": ratios(rows, ours)},
    }
    save(options.save, report, samples)
    print(json.dumps(report))
    return 0


def read_options(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Return the options of the command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    add_choice(parser)
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    parser.add_argument("--model", default="embedded", help="embedded, a folder, or a GGUF file")
    parser.add_argument("--threads", type=int, default=usable)
    parser.add_argument(
        "--dtypes",
        nargs="+",
        default=["auto"],
        help="our number formats; ratios are to the first",
    )
    parser.add_argument("--llama-server", help="address of a llama-server of your own build")
    parser.add_argument("--save", type=Path, default=RESULTS)
    return parser.parse_args(arguments)


def our_name(dtype: str) -> str:
    """Return the name of our engine in a number format."""
    return f"ours {dtype}"


def start_engines(
    options: argparse.Namespace, stack: ExitStack
) -> tuple[dict[str, Engine], dict[str, object]]:
    """Start all engines; return them with their descriptions.

    Each is ready before the next one starts, because ours tries out its settings at the start.
    """
    engines, about = {}, {}
    for name, command in commands_of(options, stack).items():
        log(f"starting {name}")
        engines[name] = stack.enter_context(Engine(name, command, options.threads))
        about[name] = engines[name].about()
    return engines, about


def commands_of(options: argparse.Namespace, stack: ExitStack) -> dict[str, list[str]]:
    """Return the command of each engine, with its weights."""
    converted = Path(stack.enter_context(tempfile.TemporaryDirectory()))
    source = locate_model(options.model)
    folder = whole(source, converted / "whole")
    commands = {GENERATE: ["fresh_generate.py", folder]}
    if Path(source).is_file():
        commands[SAME_FILE] = ["llama_server.py", source]
    else:
        for name, quantization in ((F16, "f16"), (Q8_0, "q8_0")):
            commands[name] = ["llama_server.py", convert(folder, converted, quantization)]
    if options.llama_server:
        commands[ELSEWHERE] = ["llama_server.py", options.llama_server]
    for dtype in options.dtypes:
        choice = chosen(options).options()
        ours = our_name(dtype)
        commands[ours] = ["in_process.py", options.model, "--dtype", dtype, *choice]
        commands[f"{ours} {UNHEALED}"] = [*commands[ours], "--unhealed"]
    return commands


def whole(folder: str, out: Path) -> str:
    """Return the folder of a model, or of its weights unpacked, which others can read.

    A GGUF file becomes a folder with its weights in bfloat16.
    """
    if Path(folder).is_dir() and not (Path(folder) / PACKED_FILE).is_file():
        return folder
    command = [sys.executable, "-m", "assist_server", "models", "export", str(out)]
    subprocess.run([*command, "--model", folder], check=True, capture_output=True)
    return str(out)


def convert(folder: str, out: Path, quantization: str) -> str:
    """Convert the weights to a GGUF file; return its path."""
    file = str(out / f"{quantization}.gguf")
    program = [sys.executable, str(HERE / "convert_to_gguf.py")]
    log(f"converting the weights to {quantization}")
    subprocess.run([*program, folder, file, quantization], check=True, capture_output=True)
    return file


@contextmanager
def served(options: argparse.Namespace, choice: Choice) -> Iterator[Served]:
    """Start our server with the settings that the prompts were made with."""
    command = (*SERVER_COMMAND, "--model", options.model, "--device", "cpu")
    with LspClient(command, env={"OMP_NUM_THREADS": str(options.threads)}) as client:
        yield Served(Session(client, {"completion": choice.completion()}), choice)


@dataclass(frozen=True)
class Agreement:
    """The share of prompts that two engines continue with the same tokens."""

    prompts: int
    share: float


def agreement_of(one: Engine, other: Engine, requests: Requests, seed: int) -> Agreement:
    """Give two engines the same prompts and compare their tokens."""
    asks: list[Ask] = list(itertools.chain(*requests.keystrokes))
    some = random.Random(seed).sample(asks, min(COMPARED_PROMPTS, len(asks)))  # noqa: S311
    alike = [one.ask(ask).token_ids == other.ask(ask).token_ids for ask in some]
    return Agreement(len(alike), round(sum(alike) / len(alike), 4))


def measured(participants: Mapping[str, Participant], choice: Choice) -> dict[str, Samples]:
    """Measure all participants in turns."""
    samples = {name: Samples() for name in participants}
    order = list(participants)
    for place in range(choice.places):
        log(f"place {place + 1} of {choice.places}")
        for name in order:
            time.sleep(PAUSE_S)
            participants[name].type(place, samples[name])
            participants[name].visit(place, samples[name])
        order.append(order.pop(0))
    return samples


def save(file: Path, report: Mapping[str, object], samples: Mapping[str, Samples]) -> None:
    """Save the report and every single time."""
    times = {name: seen.milliseconds for name, seen in samples.items()}
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps({**report, "milliseconds": times}) + "\n", encoding="utf-8")
    log(f"saved to {file}")


def log(message: str) -> None:
    """Print progress to standard error."""
    Console(stderr=True, highlight=False).print(message, markup=False)


if __name__ == "__main__":
    sys.exit(main())
