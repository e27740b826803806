"""Time of a forward pass by operators, for the prefill of a prompt and a step after it.

python benchmarks/passes.py [--model M] [--dtype D] [--tokens N]
"""

import argparse
import random
import statistics
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from rich.console import Console
from rich.table import Table

from assist_server.engine.loading.open_backend import limit_thread_spinning

REPEATS = 9
SHOWN_OPERATORS = 8


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--model", default="embedded")
    parser.add_argument("--dtype", default="auto")
    parser.add_argument("--tokens", type=int, default=950)
    options = parser.parse_args()
    limit_thread_spinning()
    # On one thread other than the main one, as in the server.
    with ThreadPoolExecutor(1) as executor:
        executor.submit(measure, options.model, options.dtype, options.tokens).result()
    return 0


def measure(model: str, dtype: str, tokens: int) -> None:
    """Print a table for a prompt and one for a step."""
    from assist_server.engine.decoding.decoder import PREFILL_PIECE_TOKENS  # noqa: PLC0415 - imports torch
    from assist_server.engine.device import DeviceFacts, plan_device  # noqa: PLC0415
    from assist_server.engine.loading.checkpoint import read_model  # noqa: PLC0415
    from assist_server.engine.loading.locate import locate_model  # noqa: PLC0415
    from assist_server.engine.models.selection import plan_execution  # noqa: PLC0415

    plan = plan_device(DeviceFacts(), "cpu", dtype)
    _, loaded = read_model(locate_model(model), plan, lambda *_: None)
    language_model, _ = plan_execution(loaded.eval(), plan, dtype)
    draw = random.Random(0)  # noqa: S311 - repeatable, not secret
    ids = [draw.randrange(100, loaded.config.vocab_size) for _ in range(tokens)]

    def prompt() -> object:
        cache = language_model.new_cache()
        for start in range(0, tokens, PREFILL_PIECE_TOKENS):
            cache.extend(ids[start : start + PREFILL_PIECE_TOKENS], 1)
        return cache

    prefilled = language_model.new_cache()
    prefilled.extend(ids, 1)

    def step() -> None:
        prefilled.extend(ids[:1], 1)
        prefilled.truncate(tokens)

    report(f"a prompt of {tokens} tokens", prompt)
    report(f"a step after {tokens} tokens", step)


def report(name: str, run: Callable[[], object]) -> None:
    """Print the median time and the operators that take most of it."""
    from torch.profiler import ProfilerActivity, profile  # noqa: PLC0415 - imports torch

    run()
    samples = []
    for _ in range(REPEATS):
        started = time.perf_counter()
        run()
        samples.append((time.perf_counter() - started) * 1000)
    with profile(activities=[ProfilerActivity.CPU]) as profiled:
        for _ in range(REPEATS):
            run()
    table = Table(title=f"{name}: {statistics.median(samples):.2f} ms")
    table.add_column("operator")
    table.add_column("ms", justify="right")
    operators = sorted(profiled.key_averages(), key=lambda one: -one.self_cpu_time_total)
    for one in operators[:SHOWN_OPERATORS]:
        table.add_row(one.key, f"{one.self_cpu_time_total / 1000 / REPEATS:.2f}")
    Console(highlight=False).print(table)


if __name__ == "__main__":
    sys.exit(main())
