"""What number formats cost and gain: agreement with float32, perplexity, and time on a CPU.

    python benchmarks/number_formats.py --model FOLDER [--dtypes float16 int8 int4]

The texts are from Python's standard library and its language reference, half each. Agreement is the
share of their positions at which the likeliest next token is that of the same weights in float32.
The formats are timed in turns, so that other load on the machine affects all of them.
"""

import argparse
import itertools
import math
import random
import statistics
import sys
import sysconfig
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from pydoc_data.topics import topics
from typing import Any

from rich.console import Console
from rich.table import Table

from assist_server.engine.loading.open_backend import limit_thread_spinning

REFERENCE = "float32"
TEXT_TOKENS = 200
MIN_CHARS = 2000
ROUNDS = 7
SEED = 0


@dataclass(frozen=True)
class Prediction:
    """The likeliest token at each position of the texts, and the mean log-probability (nats)."""

    likeliest: Sequence[int]
    mean_log_prob: float


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--model", default="embedded")
    parser.add_argument("--dtypes", nargs="+", default=["float16", "int8", "int4"])
    parser.add_argument("--texts", type=int, default=6)
    options = parser.parse_args()
    limit_thread_spinning()
    # On one thread other than the main one, as in the server.
    with ThreadPoolExecutor(1) as executor:
        executor.submit(measure, options.model, options.dtypes, options.texts).result()
    return 0


def measure(name: str, dtypes: Sequence[str], count: int) -> None:
    """Print a row for each format."""
    models, texts = {}, []
    for dtype in dict.fromkeys([REFERENCE, *dtypes]):
        tokenizer, models[dtype] = loaded(name, dtype)
        texts = [tokenizer.encode(text)[:TEXT_TOKENS] for text in some_texts(count)]
    predictions = {dtype: predict(model, texts) for dtype, model in models.items()}
    prompt_ms, step_ms = timed(models, texts[0])
    table = Table(title=f"{sum(map(len, texts))} positions in {len(texts)} texts")
    for heading in ("format", "agreement", "perplexity", "prompt, ms", "step, ms"):
        table.add_column(heading)
    expected = predictions[REFERENCE].likeliest
    for dtype, found in predictions.items():
        same = sum(map(int.__eq__, expected, found.likeliest)) / len(expected)
        perplexity = math.exp(-found.mean_log_prob)
        times = (f"{prompt_ms[dtype]:.0f}", f"{step_ms[dtype]:.1f}")
        table.add_row(dtype, f"{same:.1%}", f"{perplexity:.2f}", *times)
    Console(highlight=False).print(table)


def loaded(name: str, dtype: str) -> tuple[Any, Any]:
    """Return the tokenizer, and the model as the engine runs it."""
    from assist_server.engine.device import DeviceFacts, plan_device  # noqa: PLC0415 - imports torch
    from assist_server.engine.loading.checkpoint import read_model  # noqa: PLC0415
    from assist_server.engine.loading.locate import locate_model  # noqa: PLC0415
    from assist_server.engine.models.selection import plan_execution  # noqa: PLC0415

    plan = plan_device(DeviceFacts(), "cpu", dtype)
    tokenizer, model = read_model(locate_model(name), plan, lambda *_: None, dtype)
    return tokenizer, plan_execution(model.eval(), plan, dtype)[0]


def some_texts(count: int) -> list[str]:
    """Return beginnings of modules and of chapters, in turns."""
    folder = Path(sysconfig.get_paths()["stdlib"])
    modules = (file.read_text("utf-8") for file in sorted(folder.glob("*.py")))
    draw = random.Random(SEED)  # noqa: S311 - repeatable, not secret
    kinds = []
    for texts in (modules, (topics[name] for name in sorted(topics))):
        long = [text for text in texts if len(text) >= MIN_CHARS]
        kinds.append(draw.sample(long, (count + 1) // 2))
    return list(itertools.chain(*zip(*kinds, strict=True)))[:count]


def predict(model: Any, texts: Sequence[Sequence[int]]) -> Prediction:
    """Read the texts and return what follows each of their tokens."""
    likeliest, log_probs = [], []
    for ids in texts:
        logits = model.new_cache().extend(ids, len(ids)).float()
        likeliest += logits.argmax(-1).tolist()
        rows = logits.log_softmax(-1)[:-1]
        log_probs += rows.gather(-1, rows.new_tensor(ids[1:]).long()[:, None])[:, 0].tolist()
    return Prediction(likeliest, statistics.fmean(log_probs))


def timed(
    models: Mapping[str, Any], ids: Sequence[int]
) -> tuple[dict[str, float], dict[str, float]]:
    """Return the median times in milliseconds of a prompt and of a step after it."""
    prompts: dict[str, list[float]] = {dtype: [] for dtype in models}
    steps: dict[str, list[float]] = {dtype: [] for dtype in models}
    for _ in range(ROUNDS):
        for dtype, model in models.items():
            cache = model.new_cache()
            started = time.perf_counter()
            cache.extend(ids, 1)
            prompts[dtype].append((time.perf_counter() - started) * 1000)
            for token in ids[:8]:
                started = time.perf_counter()
                cache.extend([token], 1)
                steps[dtype].append((time.perf_counter() - started) * 1000)
    medians = (
        {dtype: statistics.median(ms) for dtype, ms in each.items()} for each in (prompts, steps)
    )
    first, second = medians
    return first, second


if __name__ == "__main__":
    sys.exit(main())
